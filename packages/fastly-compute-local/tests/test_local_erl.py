"""`erl` as seen by guest code in this process, with a clock that stands still until set."""

import threading
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import erl

from fastly_compute.local import Host
from fastly_compute.local.clock import Clock
from fastly_compute.local.state import PenaltyBoxes, RateCounters


def still(host: Host) -> Clock:
    """Make the host count with a clock that stands still until it is advanced."""
    clock = Clock(lambda: 1000.25)
    host.rates = RateCounters(clock=clock)
    host.penalties = PenaltyBoxes(clock=clock)
    return clock


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    with Host(output=lines.append) as host:
        yield host


@pytest.fixture
def clock(host: Host) -> Iterator[Clock]:
    clock = still(host)
    with host.guest_context():
        yield clock


def test_names_are_kept(clock: Clock) -> None:
    assert erl.RateCounter.open("requests").get_name() == "requests"
    assert erl.PenaltyBox.open("box").get_name() == "box"


def test_counts_cover_the_last_seconds(clock: Clock) -> None:
    counter = erl.RateCounter.open("requests")
    for _ in range(6):
        counter.increment("client", 10)
        clock.advance(10)

    assert [counter.lookup_count("client", seconds) for seconds in (10, 20, 30, 60)] == [
        0,
        10,
        20,
        50,
    ]


def test_rates_are_per_second_and_rounded_down(clock: Clock) -> None:
    counter = erl.RateCounter.open("requests")
    counter.increment("client", 100)
    clock.advance(1)
    counter.increment("client", 9)

    assert [counter.lookup_rate("client", window) for window in (1, 10, 60)] == [9, 10, 1]


def test_counts_expire_after_a_minute(clock: Clock) -> None:
    counter = erl.RateCounter.open("requests")
    counter.increment("client", 7)
    clock.advance(59)
    before = counter.lookup_count("client", 60)
    clock.advance(1)

    assert (before, counter.lookup_count("client", 60)) == (7, 0)


def test_entries_and_counters_are_separate(clock: Clock) -> None:
    counter = erl.RateCounter.open("requests")
    counter.increment("client", 5)

    assert counter.lookup_count("other", 10) == 0
    assert erl.RateCounter.open("logins").lookup_count("client", 10) == 0
    assert erl.RateCounter.open("requests").lookup_count("client", 10) == 5


def test_a_count_never_exceeds_its_32_bits(clock: Clock) -> None:
    counter = erl.RateCounter.open("requests")
    for _ in range(2):
        counter.increment("client", (1 << 32) - 1)

    assert counter.lookup_count("client", 10) == counter.lookup_rate("client", 1) == (1 << 32) - 1


def test_an_entry_beyond_the_limit_is_penalized_for_its_ttl(clock: Clock) -> None:
    counter, box = erl.RateCounter.open("requests"), erl.PenaltyBox.open("box")
    answers = [counter.check_rate("client", 1, 1, 2, box, 60) for _ in range(3)]
    clock.advance(30)
    still = counter.check_rate("client", 1, 1, 2, box, 60)
    clock.advance(30)

    assert answers == [False, False, True]
    assert still is True
    assert box.has("client") is False
    assert counter.check_rate("client", 1, 1, 2, box, 60) is False


def test_a_window_averages(clock: Clock) -> None:
    counter, box = erl.RateCounter.open("requests"), erl.PenaltyBox.open("box")

    assert counter.check_rate("client", 100, 10, 10, box, 60) is False
    assert counter.check_rate("client", 1, 10, 10, box, 60) is True


def test_a_box_works_alone_and_counts_whole_minutes(clock: Clock) -> None:
    box = erl.PenaltyBox.open("box")
    box.add("client", 119)
    inside = box.has("client"), box.has("other"), erl.PenaltyBox.open("another").has("client")
    clock.advance(60)

    assert inside == (True, False, False)
    assert box.has("client") is False


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda counter, _box: counter.lookup_rate("e", 2),
            "rate-counter.lookup-rate: invalid period: 2 s (must be one of 1, 10, 60)",
        ),
        (
            lambda counter, _box: counter.lookup_count("e", 1),
            (
                "rate-counter.lookup-count: invalid period: 1 s "
                "(must be one of 10, 20, 30, 40, 50, 60)"
            ),
        ),
        (
            lambda counter, box: counter.check_rate("e", 1, 30, 10, box, 60),
            "rate-counter.check-rate: invalid period: 30 s (must be one of 1, 10, 60)",
        ),
        (
            lambda counter, box: counter.check_rate("e", 1, 10, 10, box, 3601),
            "rate-counter.check-rate: invalid TTL: 3601 s (must be 60 to 3600)",
        ),
        (
            lambda _counter, box: box.add("e", 59),
            "penalty-box.add: invalid TTL: 59 s (must be 60 to 3600)",
        ),
    ],
)
def test_undocumented_arguments_are_refused(clock, lines, call, message) -> None:
    counter, box = erl.RateCounter.open("requests"), erl.PenaltyBox.open("box")
    with pytest.raises(Err) as caught:
        call(counter, box)

    assert repr(caught.value.value) == "Error_InvalidArgument()"
    assert lines == [message]
    assert counter.lookup_count("e", 60) == 0


def test_sandboxes_on_many_threads_count_together(host: Host) -> None:
    still(host)

    def work() -> None:
        with host.guest_context():
            counter = erl.RateCounter.open("requests")
            for _ in range(200):
                counter.increment("client", 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with host.guest_context():
        counted = erl.RateCounter.open("requests").lookup_count("client", 10)

    assert counted == 800
