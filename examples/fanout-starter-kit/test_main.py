import base64
import hashlib
import hmac
import json
import time

import main
import pytest

KEY = b"a key for this machine only"
EVENTS = "application/websocket-events"


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture(autouse=True)
def backends(compute_host):
    compute_host.secrets["fanout"]["pushpin"] = KEY
    compute_host.backend("self")
    compute_host.backend("origin")


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed(key=KEY, lifetime=60) -> dict[str, str]:
    """What Fanout adds to a request."""
    header = {"typ": "JWT", "alg": "HS256"}
    claims = {"iss": "pushpin", "exp": int(time.time()) + lifetime}
    message = b".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = encoded(hmac.digest(key, message, hashlib.sha256))
    return {"Grip-Sig": (message + b"." + signature).decode()}


def at(path: str) -> str:
    return f"http://127.0.0.1:7676{path}"


def test_everything_is_handed_off_once(compute_host, compute_client):
    compute_client.get(at("/test/stream"))
    compute_client.get(at("/orders"))
    compute_client.get("https://shop.example/test/stream")

    assert [handoff.backend for handoff in compute_host.handoffs] == ["self", "origin", "origin"]


def test_streams_are_held(compute_client):
    stream = compute_client.get(at("/test/stream"), headers=signed())
    events = compute_client.get(at("/test/sse"), headers=signed())

    assert (stream.text, events.text) == ("[stream open]\n", "data: [stream open]\n\n")
    for answer in (stream, events):
        assert answer.headers["Grip-Hold"] == "stream"
        assert answer.headers["Grip-Channel"] == main.CHANNEL


def test_a_long_poll_is_held_for_a_while(compute_client):
    answer = compute_client.get(at("/test/long-poll"), headers=signed())

    assert (answer.headers["Grip-Hold"], answer.headers["Grip-Timeout"]) == ("response", "30")


def test_a_websocket_is_opened_subscribed_and_echoed(compute_client):
    answer = compute_client.post(
        at("/test/websocket"),
        headers={**signed(), "Content-Type": EVENTS},
        body=b"OPEN\r\nTEXT 5\r\nhello\r\n",
    )

    assert answer.headers["Sec-WebSocket-Extensions"] == "grip"
    assert answer.body.startswith(b"OPEN\r\n")
    assert b'c:{"type":"subscribe","channel":"test"}\r\n' in answer.body
    assert answer.body.endswith(b"TEXT 7\r\nm:hello\r\n")


@pytest.mark.parametrize(
    "headers", [signed(key=b"another"), signed(lifetime=-3600), {"Grip-Sig": "no token"}]
)
@pytest.mark.parametrize("path", main.TESTS)
def test_what_says_so_and_did_not_come_through_fanout_is_refused(compute_client, path, headers):
    assert compute_client.get(at(path), headers=headers).status == 403


def test_what_is_no_websocket_is_told_so(compute_client):
    answer = compute_client.get(at("/test/websocket"), headers=signed())

    assert answer.status == 400
