import pickle
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import core, erl
from fastly_compute.erl import EdgeRateLimiter, ErlError, InvalidErlOption, PenaltyBox, RateCounter
from fastly_compute.erl.errors import CLASSES

PACKAGE = Path(__file__).parents[1]
WIT = PACKAGE.parent / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
LIMITER = EdgeRateLimiter(
    counter="requests",
    penalty_box="offenders",
    window=10,
    limit=100,
    ttl=timedelta(minutes=5),
)
# No host is called: each of these would fail otherwise, since none has been opened.
COUNTER = RateCounter.__new__(RateCounter)
BOX = PenaltyBox.__new__(PenaltyBox)
MINUTES = st.integers(1, 60).map(lambda minutes: timedelta(minutes=minutes))


def refused(call, option, rule):
    with pytest.raises(InvalidErlOption) as caught:
        call()
    assert (caught.value.option, caught.value.rule) == (option, rule)
    assert str(caught.value) == f"invalid {option}: {caught.value.value} (must be {rule})"
    assert len(str(caught.value)) < 300
    assert isinstance(caught.value, ValueError)


@given(st.integers().filter(lambda window: window not in (1, 10, 60)))
def test_any_other_window_is_refused(window):
    refused(lambda: replace(LIMITER, window=window), "window", "1, 10 or 60 s")
    refused(lambda: COUNTER.lookup_rate("client", window=window), "window", "1, 10 or 60 s")


@given(st.integers().filter(lambda duration: duration not in range(10, 61, 10)))
def test_any_other_duration_is_refused(duration):
    rule = "10, 20, 30, 40, 50 or 60 s"
    refused(lambda: COUNTER.lookup_count("client", duration=duration), "duration", rule)


@given(
    st.timedeltas(max_value=timedelta(minutes=1) - timedelta.resolution)
    | st.timedeltas(min_value=timedelta(hours=1) + timedelta.resolution)
    | st.timedeltas(timedelta(minutes=1), timedelta(hours=1)).filter(
        lambda ttl: ttl % timedelta(minutes=1)
    )
)
def test_any_other_ttl_is_refused(ttl):
    rule = "whole minutes, from 1 minute to 1 hour"
    refused(lambda: replace(LIMITER, ttl=ttl), "ttl", rule)
    refused(lambda: BOX.add("client", ttl), "ttl", rule)


@given(st.integers(max_value=9) | st.integers(min_value=70_000_001))
def test_any_other_limit_is_refused(limit):
    refused(lambda: replace(LIMITER, limit=limit), "limit", "10 to 70000000")


@given(st.integers(max_value=-1) | st.integers(min_value=100_001))
def test_any_other_delta_is_refused(delta):
    refused(lambda: LIMITER.check_rate("client", delta), "delta", "0 to 100000")
    refused(lambda: COUNTER.increment("client", delta), "delta", "0 to 1000")


def test_an_increment_is_smaller_than_a_check():
    refused(lambda: COUNTER.increment("client", 1001), "delta", "0 to 1000")


@given(st.just("") | st.text(min_size=257) | st.text(alphabet="ü", min_size=129))
def test_any_other_entry_is_refused_and_not_shown(entry):
    for call in (
        lambda: LIMITER.check_rate(entry),
        lambda: COUNTER.increment(entry),
        lambda: COUNTER.lookup_rate(entry, window=1),
        lambda: COUNTER.lookup_count(entry, duration=10),
        lambda: BOX.add(entry, timedelta(minutes=1)),
        lambda: BOX.has(entry),
    ):
        refused(call, "entry", "1 to 256")


@given(st.just("") | st.text(min_size=1025))
def test_any_other_name_is_refused(name):
    refused(lambda: RateCounter.open(name), "name", "1 to 1024")
    refused(lambda: PenaltyBox.open(name), "name", "1 to 1024")
    refused(lambda: replace(LIMITER, counter=name), "counter", "1 to 1024")
    refused(lambda: replace(LIMITER, penalty_box=name), "penalty_box", "1 to 1024")


def test_a_text_with_a_lone_surrogate_is_refused():
    refused(lambda: RateCounter.open("\ud800"), "name", "valid Unicode")
    refused(lambda: LIMITER.check_rate("\ud800"), "entry", "valid Unicode")


@given(st.sampled_from([1, 10, 60]), st.integers(10, 70_000_000), MINUTES)
def test_what_the_platform_accepts_is_accepted(window, limit, ttl):
    limiter = replace(LIMITER, window=window, limit=limit, ttl=ttl)

    assert (limiter.window, limiter.limit, limiter.ttl) == (window, limit, ttl)
    assert limiter == pickle.loads(pickle.dumps(limiter))


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("window", 10.0, "window must be an int, not float"),
        ("window", True, "window must be an int, not bool"),
        ("window", timedelta(seconds=10), "window must be an int, not timedelta"),
        ("limit", "100", "limit must be an int, not str"),
        ("limit", None, "limit must be an int, not NoneType"),
        ("ttl", 300, "ttl must be a timedelta, not int"),
        ("counter", b"requests", "counter must be a str, not bytes"),
        ("penalty_box", None, "penalty_box must be a str, not NoneType"),
    ],
)
def test_a_value_of_another_type_is_refused(option, value, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        replace(LIMITER, **{option: value})


@pytest.mark.parametrize("entry", [None, 1, b"client"])
def test_an_entry_must_be_text(entry):
    with pytest.raises(TypeError, match=rf"^entry must be a str, not {type(entry).__name__}$"):
        LIMITER.check_rate(entry)


@pytest.mark.parametrize("kind", [RateCounter, PenaltyBox])
def test_handles_cannot_be_created_directly(kind):
    name = kind.__name__
    with pytest.raises(TypeError, match=rf"^{name} cannot be created directly: use {name}\.open$"):
        kind()


def test_every_error_of_the_wit_becomes_an_error_of_this_package():
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("erl.penalty-box.open", case=case, subject="offenders")

        assert isinstance(error, ErlError)
        assert isinstance(error, core.HostError)
        assert f"({case})" in str(error)
    assert issubclass(CLASSES["unsupported"], core.Unsupported)
    for case in ("invalid-syntax", "name-too-long", "reserved"):
        assert issubclass(CLASSES[case], ValueError)


@pytest.mark.parametrize(
    "error",
    [
        InvalidErlOption("window", "5 s", "1, 10 or 60 s"),
        erl.ErlUnsupported("erl.penalty-box.open", case="unsupported", subject="offenders"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error):
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_everything_that_the_wit_offers_is_used():
    text = WIT.read_text(encoding="utf-8")
    (interface,) = re.findall(r"^interface erl \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE)
    functions = set(re.findall(r"^    ([a-z-]+): (?:static )?func", interface, re.MULTILINE))
    code = Path(erl.__file__).with_name("_wit.py").read_text(encoding="utf-8")

    # The handles remember the name that they were opened with.
    assert "get-name" in functions
    for function in functions - {"get-name"}:
        assert f".{function.replace('-', '_')}(" in code, function


def run(code):
    """Run code in a new interpreter, and return its output."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules():
    printed = run(
        "import sys; before = set(sys.modules); import fastly_compute.erl\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert printed == "[]\n"


def test_a_limiter_is_created_without_a_host_and_used_with_one():
    printed = run(
        "from datetime import timedelta\n"
        "from fastly_compute import core, erl\n"
        "limiter = erl.EdgeRateLimiter(counter='c', penalty_box='b', window=1, limit=10,"
        " ttl=timedelta(minutes=1))\n"
        "for use in (limiter.check_rate, erl.RateCounter.open, erl.PenaltyBox.open):\n"
        "    try:\n"
        "        use('client')\n"
        "    except core.HostUnavailable as error:\n"
        "        print(error)\n"
    )

    assert [line.split(" needs a ")[0] for line in printed.splitlines()] == [
        "wit_world.imports.erl.RateCounter",
        "wit_world.imports.erl.RateCounter",
        "wit_world.imports.erl.PenaltyBox",
    ]
