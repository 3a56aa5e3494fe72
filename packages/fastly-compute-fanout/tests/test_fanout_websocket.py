"""A connection's events, and the response to them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.fanout import (
    Channel,
    InvalidGrip,
    InvalidWebSocketEvents,
    WebSocket,
    WebSocketEvent,
    decode_events,
    encode_events,
)
from fastly_compute.http import InvalidHeader

OPEN = WebSocketEvent("OPEN")


def text(content: str) -> WebSocketEvent:
    return WebSocketEvent("TEXT", content.encode())


def order(event: WebSocketEvent) -> object:
    assert event.kind == "TEXT"
    assert event.content.startswith(b"c:")
    return json.loads(event.content[2:])


def answered(socket: WebSocket) -> list[WebSocketEvent]:
    answer = socket.answer()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/websocket-events"
    return decode_events(answer.body.read())


@pytest.fixture
def received(verified):
    """Returns the connection that a request carries."""

    def received(body=b"", headers=(), method="POST", kind=b"application/websocket-events"):
        fields = [("Content-Type", kind), *headers]
        return verified(lambda held: held.websocket(), fields, method=method, body=body)

    return received


def test_the_events_of_the_request_are_available(received) -> None:
    body = encode_events([OPEN, text("hello"), WebSocketEvent("BINARY", b"\xff")])
    headers = [("Connection-Id", b"abc"), ("Meta-User", b"alice"), ("meta-room", b"2")]
    socket = received(body, headers)

    assert socket.opening
    assert socket.messages() == ["hello", b"\xff"]
    assert socket.connection_id == "abc"
    assert socket.meta == {"user": "alice", "room": "2"}
    assert socket.closing is None


def test_a_request_without_events_keeps_the_connection(received) -> None:
    socket = received()

    assert not socket.opening
    assert socket.messages() == []
    assert answered(socket) == []


@pytest.mark.parametrize(
    "request_", [{"method": "GET"}, {"kind": b"text/plain"}, {"body": b"OPEN"}], ids=str
)
def test_a_request_without_events_is_refused(received, request_) -> None:
    with pytest.raises(InvalidWebSocketEvents):
        received(**request_)


def test_the_content_type_may_have_a_case_and_parameters(received) -> None:
    assert received(b"OPEN\r\n", kind=b"Application/WebSocket-Events; charset=utf-8").opening


ANY_EVENT = st.builds(
    WebSocketEvent, st.sampled_from(["TEXT", "BINARY", "PING", "PONG", "CLOSE"]), st.binary()
)
ANY_EVENTS = st.lists(st.sampled_from([OPEN, WebSocketEvent("DISCONNECT")]) | ANY_EVENT)


@given(ANY_EVENTS)
def test_whatever_a_client_sends_is_answered_with_events_or_refused(events) -> None:
    socket = WebSocket(decode_events(encode_events(events)))
    if socket.opening:
        socket.accept()
    try:
        for message in socket.messages():
            socket.send(message)
    except InvalidWebSocketEvents:
        assert any(event.kind == "TEXT" for event in events)
        return
    pings = [event.content for event in events if event.kind == "PING"]

    assert [event.content for event in answered(socket) if event.kind == "PONG"] == pings


@given(st.binary())
def test_an_arbitrary_body_carries_events_or_is_refused(body) -> None:
    try:
        socket = WebSocket(decode_events(body))
        if socket.opening:
            socket.accept()
        socket.messages()
    except InvalidWebSocketEvents:
        return
    assert socket.answer().status == 200


TEXTS = st.text(st.characters())  # including text that UTF-8 cannot represent


@given(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_arbitrary_text_is_sent_and_remembered_or_refused(message, meta) -> None:
    socket = WebSocket([])
    try:
        socket.send(message)
        socket.close(reason=message)
        socket.meta.update(meta)
        events = answered(socket)
    except (InvalidGrip, InvalidHeader, InvalidWebSocketEvents):
        return
    said = [order(event) for event in events if event.content.startswith(b"c:")]

    assert text(f"m:{message}") in events
    assert {item["name"]: item["value"] for item in said} == {
        name: value for name, value in meta.items() if value
    }


def test_more_events_than_fit_are_refused(received) -> None:
    with pytest.raises(InvalidWebSocketEvents, match="exceed 8388608 bytes"):
        received(encode_events([WebSocketEvent("BINARY", bytes(8 << 20))]))


def test_a_connection_is_accepted_before_all_else(received) -> None:
    socket = received(b"OPEN\r\n")
    socket.subscribe("news")
    socket.send("welcome")
    socket.accept()
    answer = socket.answer()
    events = decode_events(answer.body.read())

    assert answer.headers["Sec-WebSocket-Extensions"] == "grip"
    assert events[0] == OPEN
    assert order(events[1]) == {"type": "subscribe", "channel": "news"}
    assert events[2:] == [text("m:welcome")]


def test_a_waiting_connection_must_be_accepted_or_refused() -> None:
    with pytest.raises(InvalidWebSocketEvents, match=r"accept\(\) it"):
        WebSocket([OPEN]).answer()
    with pytest.raises(InvalidWebSocketEvents, match="being opened"):
        WebSocket([text("hello")]).accept()


def test_a_message_cannot_be_a_command() -> None:
    socket = WebSocket([])
    socket.send('c:{"type":"detach"}')
    socket.send(b'c:{"type":"detach"}')

    assert [event.content for event in answered(socket)] == [b'm:c:{"type":"detach"}'] * 2


def test_text_that_utf_8_cannot_represent_is_refused() -> None:
    for refused in (WebSocket([]).send, lambda reason: WebSocket([]).close(1000, reason)):
        with pytest.raises(InvalidWebSocketEvents, match="cannot hold"):
            refused("half of \ud83d")


@pytest.mark.parametrize("message", [None, 7, bytearray(b"x")])
def test_a_message_is_text_or_bytes(message) -> None:
    with pytest.raises(TypeError, match="must be str or bytes"):
        WebSocket([]).send(message)


def test_commands_are_encoded_as_fanout_expects() -> None:
    socket = WebSocket([])
    socket.subscribe(["a", Channel("b", filters=("skip-self",))])
    socket.unsubscribe("a")
    socket.detach()

    assert [order(event) for event in answered(socket)] == [
        {"type": "subscribe", "channel": "a"},
        {"type": "subscribe", "channel": "b", "filters": ["skip-self"]},
        {"type": "unsubscribe", "channel": "a"},
        {"type": "detach"},
    ]


@pytest.mark.parametrize("channel", ["", "two words", Channel("a", prev_id="1"), []])
def test_an_invalid_subscription_is_refused(channel) -> None:
    with pytest.raises(InvalidGrip):
        WebSocket([]).subscribe(channel)


def test_unsubscribing_from_an_invalid_channel_is_refused() -> None:
    with pytest.raises(InvalidGrip):
        WebSocket([]).unsubscribe("")


def test_only_changed_metadata_is_saved() -> None:
    socket = WebSocket([], meta={"user": "alice", "room": "2", "left": "x", "same": "y"})
    socket.meta["user"] = "bob"
    socket.meta["new"] = "größe"
    socket.meta["room"] = ""
    del socket.meta["left"]
    answer = socket.answer()
    kept = {name: value for name, value in answer.headers.items() if name.startswith("Set-Meta")}
    orders = [order(event) for event in decode_events(answer.body.read())]

    assert kept == {
        "Set-Meta-user": "bob",
        "Set-Meta-room": "",
        "Set-Meta-left": "",
        "Set-Meta-new": "größe",
    }
    assert orders == [
        {"type": "set-meta", "name": "user", "value": "bob"},
        {"type": "set-meta", "name": "room"},
        {"type": "set-meta", "name": "left"},
        {"type": "set-meta", "name": "new", "value": "größe"},
    ]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("a b", "x", InvalidHeader),
        ("a", "x\r\ny", InvalidHeader),
        ("", "x", InvalidGrip),
        ("User", "x", InvalidGrip),
    ],
)
def test_metadata_that_is_invalid_in_a_header_is_refused(name, value, error) -> None:
    socket = WebSocket([])
    socket.meta[name] = value
    with pytest.raises(error):
        socket.answer()


def test_a_ping_is_answered_with_its_content() -> None:
    socket = WebSocket([WebSocketEvent("PING", b"1"), text("a"), WebSocketEvent("PING")])
    socket.ping(b"2")

    assert answered(socket) == [
        WebSocketEvent("PONG", b"1"),
        WebSocketEvent("PONG"),
        WebSocketEvent("PING", b"2"),
    ]


def test_a_ping_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidWebSocketEvents, match="125 bytes, not 126"):
        WebSocket([]).ping(bytes(126))


def test_a_close_is_answered_with_its_code() -> None:
    closing = WebSocketEvent.close(4001, "enough")
    socket = WebSocket([closing])

    assert socket.closing == closing
    assert answered(socket) == [closing]


def test_an_explicit_close_is_the_only_one() -> None:
    socket = WebSocket([WebSocketEvent.close(4001)])
    socket.close(4002, "as you wish")

    assert answered(socket) == [WebSocketEvent.close(4002, "as you wish")]


def test_a_lost_connection_is_not_answered() -> None:
    gone = WebSocketEvent("DISCONNECT")
    socket = WebSocket([gone])

    assert socket.closing == gone
    assert answered(socket) == []


def test_keep_alive_makes_fanout_send_requests() -> None:
    socket = WebSocket([])
    socket.keep_alive(30)

    assert socket.answer().headers["Keep-Alive-Interval"] == "30"
    with pytest.raises(ValueError, match="every"):
        socket.keep_alive(0.5)


def test_text_that_is_not_utf_8_is_an_error_when_it_is_read() -> None:
    with pytest.raises(InvalidWebSocketEvents, match="not UTF-8"):
        WebSocket([WebSocketEvent("TEXT", b"\xff")]).messages()
