import enum
import json
import logging
import math
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.log import JSONFormatter, request_id
from fastly_compute.secret_store import Secret

OWN = ("time", "level", "logger", "message", "request_id", "exception", "stack")


def fields(**values) -> dict[str, object]:
    """Format a record with these attributes, and read it as any other tool would."""
    given = {"name": "shop", "levelname": "INFO", "msg": "a visit", **values}
    line = JSONFormatter().format(logging.makeLogRecord(given))
    assert "\n" not in line
    assert "\r" not in line

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(
        line.encode(errors="backslashreplace"),
        parse_constant=refuse,
        object_pairs_hook=without_doubles,
    )


def fail(error: Exception) -> None:
    raise error


def without_doubles(pairs):
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)


def test_the_keys_are_stable() -> None:
    created = datetime(2026, 5, 1, 9, 30, 0, 123_999, tzinfo=UTC).timestamp()
    found = fields(created=created, msg="%s bought %d", args=("anna", 2), cents=250)

    assert list(found.items()) == [
        ("time", "2026-05-01T09:30:00.123Z"),
        ("level", "INFO"),
        ("logger", "shop"),
        ("message", "anna bought 2"),
        ("cents", 250),
    ]


def test_an_exception_and_a_stack_are_fields() -> None:
    try:
        fail(LookupError("gone\n:("))
    except LookupError:
        found = fields(exc_info=sys.exc_info(), stack_info="Stack (most recent call last):\n  here")

    assert list(found) == ["time", "level", "logger", "message", "exception", "stack"]
    assert found["stack"] == "Stack (most recent call last):\n  here"
    exception = found["exception"]
    assert (exception["type"], exception["message"]) == ("LookupError", "gone\n:(")
    assert exception["traceback"].startswith("Traceback (most recent call last):\n")
    assert exception["traceback"].endswith("LookupError: gone\n:(")


def test_an_exception_has_its_full_name() -> None:
    try:
        json.loads("{")
    except ValueError:
        found = fields(exc_info=sys.exc_info())
    assert found["exception"]["type"] == "json.decoder.JSONDecodeError"


def test_an_exception_that_is_known_as_text_only_is_kept() -> None:
    assert fields(exc_text="Traceback: …")["exception"] == {"traceback": "Traceback: …"}
    assert "exception" not in fields(exc_info=(None, None, None))


def test_an_exception_whose_str_fails_is_kept() -> None:
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    try:
        fail(Broken())
    except Broken:
        found = fields(exc_info=sys.exc_info())
    assert found["exception"]["message"] == "<Broken whose str() failed>"


def test_the_request_id_is_the_one_of_the_block_or_of_the_record() -> None:
    with request_id("outer"):
        with request_id("inner"):
            assert fields()["request_id"] == "inner"
            assert fields(request_id="own")["request_id"] == "own"
        assert fields()["request_id"] == "outer"
        with request_id(None):
            assert "request_id" not in fields()
    assert "request_id" not in fields()
    assert list(fields(request_id="own", cents=1))[4:] == ["request_id", "cents"]


def test_the_request_id_is_reset_by_an_error() -> None:
    with pytest.raises(LookupError), request_id("failing"):
        raise LookupError
    assert "request_id" not in fields()


def test_a_field_never_replaces_a_key() -> None:
    found = fields(time="now", level=9, stack="cards", stack_="more", time_="then")

    assert found["level"] == "INFO"
    assert found["stack_"] == "more"
    assert found["time_"] == "then"
    assert {"level_": 9, "time__": "now", "stack__": "cards"}.items() <= found.items()


class Color(enum.StrEnum):
    RED = "red"


class Size(enum.IntEnum):
    LARGE = 3


class Broken:
    def __str__(self):
        raise RuntimeError


cycle: list[object] = [1]
cycle += [cycle, cycle, cycle]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (Color.RED, "red"),
        (Size.LARGE, 3),
        (2**1000, 2**1000),
        (1 << 20_000, hex(1 << 20_000)),
        (0.5, 0.5),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (b"\xffok", "\\xffok"),
        ((1, [2.5, {3}]), [1, [2.5, [3]]]),
        ({1: {"a": math.inf}, (2, 3): None}, {"1": {"a": "inf"}, "(2, 3)": None}),
        (Decimal("1.10"), "1.10"),
        (datetime(2026, 5, 1, tzinfo=UTC), "2026-05-01 00:00:00+00:00"),
        (Broken(), "<Broken whose str() failed>"),
        (cycle, [1, *["[1, [...], [...], [...]]"] * 3]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_value_of_an_extra_field_becomes_json(value, expected) -> None:
    assert fields(extra_field=value)["extra_field"] == expected


def test_deep_values_end() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert "whose str() failed" in json.dumps(fields(deep=deep))
    while deep:  # piece by piece: the collector would recurse
        deep = deep[0]  # type: ignore[assignment]


def test_a_secret_is_not_shown(compute_host) -> None:
    secret = Secret.from_bytes(b"correct horse")
    secret.plaintext()

    assert fields(key=secret)["key"] == "<Secret from bytes>"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(
    message=st.text(),
    extra=st.dictionaries(st.text(min_size=1) | st.sampled_from((*OWN, "time_", "time__")), ANY),
)
def test_every_record_is_one_line_of_json_with_all_its_fields(message, extra) -> None:
    reserved = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
    extra = {key: value for key, value in extra.items() if key not in reserved}
    record = logging.makeLogRecord({"name": "shop", "levelname": "INFO", "msg": message})
    vars(record).update(extra)
    line = JSONFormatter().format(record)
    found = json.loads(line, object_pairs_hook=lambda pairs: pairs)

    assert not re.search(r"[\r\n]", line)
    assert dict(found)["message"] == message
    known = 4 + (extra.get("request_id") is not None)
    assert len(found) == known + len(extra) - ("request_id" in extra)
