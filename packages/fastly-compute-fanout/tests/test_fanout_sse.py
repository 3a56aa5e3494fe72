"""Server-sent events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.fanout import InvalidGrip, sse


def read(stream: str) -> list[dict[str, str]]:
    """Read events as a browser does (WHATWG HTML, section 9.2.6)."""
    events, fields = [], {}
    for line in stream.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line and fields:
            events.append(fields)
            fields = {}
        elif line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return events


@given(st.text())
def test_data_is_read_as_it_was_written(data) -> None:
    normal = data.replace("\r\n", "\n").replace("\r", "\n")

    assert read(sse(data) + sse("next")) == [{"data": normal}, {"data": "next"}]


def test_all_fields_are_written() -> None:
    event = sse("a\n\nb", event="news", id="42", retry_ms=1000)

    assert event == "event: news\nid: 42\nretry: 1000\ndata: a\ndata: \ndata: b\n\n"


@pytest.mark.parametrize(
    "fields", [{"event": "a\nb"}, {"id": "a\rb"}, {"id": "a\0b"}, {"retry_ms": -1}], ids=str
)
def test_an_invalid_field_is_refused(fields) -> None:
    with pytest.raises(InvalidGrip):
        sse("data", **fields)
