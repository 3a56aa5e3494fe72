import copy
import pickle
import re
from datetime import timedelta
from pathlib import Path

import pytest

from fastly_compute.core import HandleClosed, HostUnavailable, Unsupported
from fastly_compute.erl import (
    EdgeRateLimiter,
    ErlCallFailed,
    ErlNameRefused,
    PenaltyBox,
    RateCounter,
)
from fastly_compute.local import Host, NativeApp
from fastly_compute.testing import ComputeClient

LIMITER = EdgeRateLimiter(
    counter="requests", penalty_box="offenders", window=10, limit=10, ttl=timedelta(minutes=2)
)


@pytest.fixture
def counter(compute_host):
    with RateCounter.open("requests") as counter:
        yield counter


@pytest.fixture
def box(compute_host):
    with PenaltyBox.open("offenders") as box:
        yield box


def test_events_are_counted_by_entry(counter):
    counter.increment("one")
    counter.increment("one", 1000)
    counter.increment("two", 0)

    assert counter.lookup_count("one", duration=60) == 1001
    assert counter.lookup_rate("one", window=1) == 1001
    assert counter.lookup_rate("one", window=10) == 100
    assert counter.lookup_count("two", duration=10) == 0
    assert counter.lookup_rate("three", window=60) == 0


def test_counts_end(counter, compute_host):
    counter.increment("client", 500)
    compute_host.clock.advance(30)

    assert counter.lookup_count("client", duration=20) == 0
    assert counter.lookup_count("client", duration=50) == 500


def test_an_entry_is_penalized_for_its_time(box, compute_host):
    box.add("client", timedelta(minutes=1))

    assert (box.has("client"), box.has("other")) == (True, False)
    compute_host.clock.advance(59)
    assert box.has("client")
    box.add("client", timedelta(hours=1))
    compute_host.clock.advance(3599)
    assert box.has("client")
    compute_host.clock.advance(2)
    assert not box.has("client")


def test_who_exceeds_the_limit_is_penalized_and_then_no_longer(counter, box, compute_host):
    assert [LIMITER.check_rate("client", 50) for _ in range(3)] == [False, False, True]
    assert not LIMITER.check_rate("other")
    assert counter.lookup_count("client", duration=10) == 150
    assert box.has("client")

    compute_host.clock.advance(119)
    assert LIMITER.check_rate("client", 0)
    compute_host.clock.advance(2)
    assert not LIMITER.check_rate("client")


def test_an_entry_can_be_as_long_as_the_platform_allows(counter):
    counter.increment("ü" * 128)

    assert counter.lookup_count("ü" * 128, duration=10) == 1


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("rate-counter.increment", lambda counter, box: counter.increment("s3cret")),
        ("rate-counter.lookup-rate", lambda counter, box: counter.lookup_rate("s3cret", window=1)),
        (
            "rate-counter.lookup-count",
            lambda counter, box: counter.lookup_count("s3cret", duration=10),
        ),
        ("penalty-box.add", lambda counter, box: box.add("s3cret", timedelta(minutes=1))),
        ("penalty-box.has", lambda counter, box: box.has("s3cret")),
        ("rate-counter.check-rate", lambda counter, box: LIMITER.check_rate("s3cret")),
    ],
)
def test_a_host_that_refuses_is_an_error_that_does_not_show_the_entry(
    compute_host, counter, box, function, call
):
    compute_host.fail("erl", function, "generic-error", on_call=1)
    compute_host.fail("erl", function, "unsupported", on_call=2)

    with pytest.raises(ErlCallFailed) as caught:
        call(counter, box)
    assert (caught.value.operation, caught.value.case) == (f"erl.{function}", "generic-error")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(Unsupported):
        call(counter, box)
    call(counter, box)


@pytest.mark.parametrize("resource", ["rate-counter", "penalty-box"])
def test_a_name_that_the_host_refuses(compute_host, resource):
    compute_host.fail("erl", f"{resource}.open", "reserved")

    with pytest.raises(ErlNameRefused, match=rf"^erl\.{resource}\.open on '\w+' failed"):
        LIMITER.check_rate("client")


def test_a_closed_handle_cannot_be_used(counter, box):
    counter.close()
    box.close()

    assert (counter.name, box.name) == ("requests", "offenders")
    with pytest.raises(HandleClosed, match=r"^this RateCounter is closed$"):
        counter.increment("client")
    with pytest.raises(HandleClosed, match=r"^this PenaltyBox is closed$"):
        box.has("client")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_handles_are_neither_copied_nor_pickled(counter, box, duplicate):
    for handle in (counter, box):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            duplicate(handle)


def test_handles_show_their_names(counter, box):
    assert (repr(counter), repr(box)) == ("<RateCounter 'requests'>", "<PenaltyBox 'offenders'>")


def test_nothing_is_checked_while_no_request_is_being_handled():
    with Host(), pytest.raises(HostUnavailable):
        LIMITER.check_rate("client")


@pytest.fixture
def readme(capsys):
    """What the examples of the README define, one after the other."""
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    names = {"__name__": "readme"}
    for example in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        exec(compile(example, "README.md", "exec"), names)
    assert capsys.readouterr().out == "False\nTrue\n"
    return names


def test_the_handler_of_the_readme_answers_429(readme, compute_host, capsys):
    client = ComputeClient(compute_host.host, NativeApp(readme["HttpIncoming"]))
    first = client.get("/")
    readme["limiter"].check_rate("127.0.0.1", 1001)
    second = client.get("/")
    compute_host.fail("erl", "rate-counter.check-rate", "generic-error")
    third = client.get("/")

    assert [first.status, second.status, third.status] == [200, 429, 200]
    assert second.headers["retry-after"] == "300"
    assert capsys.readouterr().out.startswith("not rate limited: erl.rate-counter.check-rate on")


def test_the_flask_app_of_the_readme_answers_429(readme, compute_host):
    client = readme["app"].test_client()
    first = client.get("/")
    readme["limiter"].check_rate("127.0.0.1", 1001)
    second = client.get("/")

    assert (first.status_code, second.status_code) == (404, 429)
    assert second.headers["Retry-After"] == "300"
