"""WebSocket-over-HTTP, event by event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.fanout import (
    InvalidWebSocketEvents,
    WebSocketEvent,
    decode_events,
    encode_events,
)

EVENTS = st.one_of(
    st.sampled_from(["OPEN", "DISCONNECT"]).map(WebSocketEvent),
    st.builds(
        WebSocketEvent, st.sampled_from(["TEXT", "BINARY", "PING", "PONG", "CLOSE"]), st.binary()
    ),
)


@given(st.lists(EVENTS))
def test_decoding_reverses_encoding(events) -> None:
    assert decode_events(encode_events(events)) == events


def is_decoded_or_refused(body) -> None:
    try:
        events = decode_events(body)
    except InvalidWebSocketEvents:
        return
    assert decode_events(encode_events(events)) == events


@given(st.binary())
def test_arbitrary_bytes_are_decoded_or_refused(body) -> None:
    is_decoded_or_refused(body)


HEADS = st.sampled_from(["OPEN", "TEXT", "CLOSE", "TEXT 3", "text 3", "BINARY ff", "PING -1", "X"])


@given(st.lists(st.one_of(HEADS, st.text("OPENTXab 0123\r\n")), max_size=8))
def test_nearly_valid_events_are_decoded_or_refused(parts) -> None:
    is_decoded_or_refused("\r\n".join(parts).encode())


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"", []),
        (b"OPEN\r\n", [WebSocketEvent("OPEN")]),
        (b"OPEN 0\r\n\r\n", [WebSocketEvent("OPEN")]),
        (b"OPEN 3\r\nabc\r\nPING\r\n", [WebSocketEvent("OPEN"), WebSocketEvent("PING")]),
        (b"TEXT b\r\nhello world\r\n", [WebSocketEvent("TEXT", b"hello world")]),
        (b"TEXT 0B\r\nhello world\r\n", [WebSocketEvent("TEXT", b"hello world")]),
        (b"BINARY 4\r\n\r\n\r\n\r\n", [WebSocketEvent("BINARY", b"\r\n\r\n")]),
        (b"CLOSE 2\r\n\x03\xe8\r\n", [WebSocketEvent.close()]),
    ],
)
def test_events_are_read_as_the_protocol_says(body, events) -> None:
    assert decode_events(body) == events


@pytest.mark.parametrize(
    "body",
    [
        b"OPEN",
        b"OPEN\n",
        b"\r\n",
        b"OPEN\r\n\r\n",
        b"HELLO\r\n",
        b"TEXT 5\r\nhell",
        b"TEXT 5\r\nhello",
        b"TEXT 5\r\nhello!\r\n",
        b"TEXT 5\r\nhello\n\n",
        b"TEXT \r\n\r\n",
        b"TEXT  5\r\nhello\r\n",
        b"TEXT 5 \r\nhello\r\n",
        b"TEXT -1\r\n\r\n",
        b"TEXT 0x5\r\nhello\r\n",
        b"TEXT 1_0\r\n0123456789abcdef\r\n",
        b"TEXT FFFFFFFFFFFFFFFF\r\n\r\n",
        b"TEXT 11111111111111111\r\n\r\n",
        "TEXT ٣\r\nabc\r\n".encode(),
    ],
)
def test_malformed_events_are_refused(body) -> None:
    with pytest.raises(InvalidWebSocketEvents):
        decode_events(body)


@pytest.mark.parametrize("code", [1000, 1001, 4999])
def test_a_close_has_a_code_and_a_reason(code) -> None:
    event = WebSocketEvent.close(code, "größe")

    assert (event.code, event.content[2:].decode()) == (code, "größe")


@pytest.mark.parametrize(("code", "reason"), [(999, ""), (5000, ""), (-1, ""), (1000, "ü" * 62)])
def test_a_close_out_of_range_is_refused(code, reason) -> None:
    with pytest.raises(InvalidWebSocketEvents):
        WebSocketEvent.close(code, reason)


def test_only_a_close_with_a_code_has_one() -> None:
    assert WebSocketEvent("CLOSE").code is None
    assert WebSocketEvent("CLOSE", b"\x03").code is None
    assert WebSocketEvent("TEXT", b"\x03\xe8").code is None


def test_text_is_utf_8_or_an_error() -> None:
    assert WebSocketEvent("TEXT", "größe".encode()).text == "größe"
    with pytest.raises(InvalidWebSocketEvents, match="not UTF-8"):
        _ = WebSocketEvent("TEXT", b"\xff").text


def test_an_event_of_unknown_kind_or_with_unexpected_content_is_refused() -> None:
    with pytest.raises(InvalidWebSocketEvents, match="'text'"):
        WebSocketEvent("text")
    with pytest.raises(InvalidWebSocketEvents, match="must not have content"):
        WebSocketEvent("OPEN", b"x")
    with pytest.raises(TypeError, match="must be bytes, not str"):
        WebSocketEvent("TEXT", "x")
