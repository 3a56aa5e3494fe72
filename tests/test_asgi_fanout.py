"""WebSockets and streams that a Starlette app leaves to a real Pushpin."""

import json
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("starlette", reason="hatch test installs it")
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

pytestmark = pytest.mark.xdist_group("asgi-fanout")

APP = Path(__file__).parent / "asgi_fanout_app"
PATIENCE = 60
TRIES = 60


@pytest.fixture(scope="module")
def app(servers, pushpins):
    """The app on the native host, with a Pushpin that asks it what to do."""
    ports = pushpins.ports("asgi")
    command = [sys.executable, "-m", "fastly_compute.cli", "serve", "--runtime", "native"]
    command += ["--addr", "127.0.0.1:0", "--local-pushpin-proxy-port", str(ports.proxy)]
    served = servers.run(("native", str(APP)), "native", command, servers.copy("native", APP))
    pushpins.start("asgi", {"self": urlsplit(served.url).netloc})
    return urlsplit(served.url).netloc, ports


def publish(ports, room, **formats) -> None:
    item = {"channel": room, "formats": formats}
    with closing(HTTPConnection("127.0.0.1", ports.publish, timeout=PATIENCE)) as connection:
        connection.request("POST", "/publish/", json.dumps({"items": [item]}))
        assert connection.getresponse().status == 200


def published(ports, client, room) -> str:
    """Publish until the client gets it: before Pushpin knows of a subscription, nobody does."""
    for _ in range(TRIES):
        publish(ports, room, **{"ws-message": {"content": f"news for {room}"}})
        try:
            return client.recv(0.5)
        except TimeoutError:
            pass
    raise AssertionError("nothing that was published has arrived")


def test_each_connection_has_its_own_state_from_one_request_to_the_next(app) -> None:
    address, _ = app
    with connect(f"ws://{address}/chat/a") as one, connect(f"ws://{address}/chat/a") as other:
        answers = []
        for client in (one, one, other, one):
            client.send("hello")
            answers.append(client.recv(PATIENCE))

    assert answers == ["1: 'hello'", "2: 'hello'", "1: 'hello'", "3: 'hello'"]


def test_a_room_gets_what_is_published_to_it(app) -> None:
    address, ports = app
    with connect(f"ws://{address}/chat/b") as one, connect(f"ws://{address}/chat/c") as other:
        assert published(ports, one, "b") == "news for b"
        assert published(ports, other, "c") == "news for c"


def test_a_stream_of_events_is_held(app) -> None:
    address, _ = app
    with closing(HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.request("GET", "/events/a")
        answer = connection.getresponse()
        first = answer.readline()
        answer.close()

    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    assert first == b"data: welcome\n"


def test_a_request_that_did_not_come_through_pushpin_is_the_apps_to_refuse(app) -> None:
    address, _ = app
    with closing(HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.request("POST", "/chat/a", headers={"Grip-Sig": "e30.e30.AAAA"})
        answer = connection.getresponse()

        assert (answer.status, answer.read()) == (403, b"this did not come through Fanout")


def test_the_handshake_of_a_websocket_is_an_http_request_for_the_app(app) -> None:
    address, _ = app
    with pytest.raises(InvalidStatus) as caught:
        connect(f"ws://{address}/socket")

    assert caught.value.response.status_code == 404
