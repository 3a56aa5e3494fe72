"""examples/fanout-starter-kit by its own command, with a real Pushpin, on every host."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from websockets.asyncio.client import connect as connect_later
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from fastly_compute.fanout import Item, Publisher, PublishFailed
from fastly_compute.http import Response
from fastly_compute.local import Host

pytestmark = pytest.mark.xdist_group("fanout-kit")

APP = Path(__file__).parent.parent / "examples/fanout-starter-kit"
OTHER_APP = Path(__file__).parent / "fanout_app"
KEY = b"a key for this machine only"
PLACEHOLDER = "http://127.0.0.1:9090"
PATIENCE = 60
EACH = 100


class Kit:
    """The starter kit as it is served, and the Pushpin that run.py started beside it."""

    def __init__(self, served, publish_url) -> None:
        self.served = served
        self.netloc = urlsplit(served.url).netloc
        self.publisher = Publisher(url=publish_url)
        self.tag = ""
        self._published = 0

    def publish(self, *items) -> int:
        """Publish, and tell how many got the last item, as Pushpin says."""
        with Host(output=lambda line: None) as host, host.guest_context():
            self.publisher.publish(*items)
        return self.notes(sum(len(item.export()) for item in items))

    def notes(self, number) -> int:
        """Wait until Pushpin says that so many items more were published."""
        self._published += number
        said = self.served.says("publish channel=test receivers=", times=self._published)
        return int(said.rpartition("=")[2])

    def subscribed(self, number=1) -> None:
        """Wait until Pushpin says that so many clients of this test are subscribed."""
        self.served.says("] subscribe ", self.tag, times=number)

    def forgets_all(self) -> None:
        """Publish nothing in particular until nobody gets it."""
        end = time.monotonic() + PATIENCE
        while left := self.publish(Item(channel="test", http_stream="\n", ws_message="")):
            assert time.monotonic() < end, f"{left} are still subscribed"

    def url(self, path) -> str:
        return f"http://{self.netloc}{self.path(path)}"

    def path(self, path) -> str:
        return f"{path}{'&' if '?' in path else '?'}{self.tag}"

    def ask(self, path, headers=()):
        connection = HTTPConnection(self.netloc, timeout=PATIENCE)
        connection.request("GET", self.path(path), headers=dict(headers))
        return connection, connection.getresponse()

    def asked(self, path, headers=()):
        connection, answer = self.ask(path, headers)
        with closing(connection):
            return answer.status, answer.read()

    def websocket(self, path="/test/websocket", **options):
        url = f"ws://{self.netloc}{self.path(path)}"
        return connect(url, open_timeout=PATIENCE, **options)


KITS = {}


def started(servers, host, key, folder):
    """The kit in a folder, started with its own command when it is first wanted."""
    if key not in KITS:
        free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        app, pushpin, publish = [server.getsockname()[1] for server in free]
        for server in free:
            server.close()
        command = [sys.executable, "run.py", "--runtime", host, "--addr", f"127.0.0.1:{app}"]
        command += ["--pushpin-port", str(pushpin), "--publish-port", str(publish)]
        served = servers.run(key, host, command, folder())
        for part in ("handler", "proxy", "condure"):
            served.says(f"[{part}] started")
        KITS[key] = Kit(served, f"http://127.0.0.1:{publish}")
    kit = KITS[key]
    kit.tag = uuid4().hex
    kit.forgets_all()  # of earlier tests
    return kit


@pytest.fixture
def kit(servers, host, origin, pushpin):
    def folder():
        copy = servers.copy(host, APP)
        config = copy / "fastly.toml"
        config.write_text(config.read_text().replace(PLACEHOLDER, origin))
        return copy

    return started(servers, host, (host, str(APP), "run.py"), folder)


@pytest.fixture
def other(servers, pushpin):
    """Another app in the place of the kit's, and a Pushpin that signs with ES256."""

    def folder():
        copy = servers.copy("native", APP)
        shutil.copy(OTHER_APP / "main.py", copy / "main.py")
        script = copy / "run.py"
        script.write_text(script.read_text().replace("sig_key={key}", f"sig_key=file:{copy}/key"))
        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (copy / "key").write_bytes(secret)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (copy / "public_key.py").write_text(f"PUBLIC_KEY = {public.decode()!r}\n")
        return copy

    return started(servers, "native", ("native", str(OTHER_APP), "run.py"), folder)


def token(claims, algorithm="HS256", key=KEY) -> str:
    parts = [{"typ": "JWT", "alg": algorithm}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    message = b".".join(encoded)
    signature = hmac.digest(key, message, hashlib.sha256) if key else b""
    return (message + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def line_of(answer) -> bytes:
    """The next line that is not empty: those are what keeps the stream alive."""
    return next(line for line in iter(answer.readline, b"") if line.strip())


def message_of(client):
    return next(message for message in client if message)


def test_a_websocket_gets_its_own_messages_back(kit) -> None:
    with kit.websocket() as client:
        client.send("hello")
        text = message_of(client)
        client.send(b"\0\xff")
        binary = message_of(client)
        client.send('c:{"type":"unsubscribe","channel":"test"}')
        order = message_of(client)
        kit.subscribed()

    assert (text, binary) == ("hello", b"\0\xff")
    assert order == 'c:{"type":"unsubscribe","channel":"test"}'


def test_a_websocket_answers_a_ping_and_a_close(kit) -> None:
    with kit.websocket() as client:
        assert client.ping(b"there?").wait(PATIENCE)

        client.close(4001, "enough")

    assert (client.close_code, client.close_reason) == (4001, "enough")


@pytest.mark.parametrize("message", ["text", b"\0binary\xff"])
def test_a_websocket_gets_what_is_published(kit, message) -> None:
    with kit.websocket() as client:
        kit.subscribed()
        kit.publish(Item(channel="test", ws_message=message))

        assert message_of(client) == message


def test_a_stream_gets_what_is_published(kit) -> None:
    connection, answer = kit.ask("/test/stream")
    with closing(connection), answer:
        opened = line_of(answer)
        kit.subscribed()
        kit.publish(Item(channel="test", http_stream="published\n"))

        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert not any(name.lower().startswith("grip-") for name in answer.headers)
        assert (opened, line_of(answer)) == (b"[stream open]\n", b"published\n")


def test_a_stream_of_events_gets_what_is_published(kit) -> None:
    connection, answer = kit.ask("/test/sse")
    with closing(connection), answer:
        opened = line_of(answer)
        kit.subscribed()
        kit.publish(Item(channel="test", http_stream="data: published\n\n"))

        assert answer.headers["Content-Type"] == "text/event-stream"
        assert (opened, line_of(answer)) == (b"data: [stream open]\n", b"data: published\n")


def test_a_long_poll_is_answered_with_what_is_published(kit) -> None:
    with closing(HTTPConnection(kit.netloc, timeout=PATIENCE)) as connection:
        connection.request("GET", kit.path("/test/long-poll"))
        kit.subscribed()
        published = Response.text("published", status=201, headers={"X-Item": "1"})
        kit.publish(Item(channel="test", http_response=published))
        answer = connection.getresponse()

        assert (answer.status, answer.headers["X-Item"]) == (201, "1")
        assert answer.read() == b"published"


def test_items_arrive_in_their_order(kit) -> None:
    first, second, third = (f"{kit.tag}-{number}" for number in (1, 2, 3))
    with kit.websocket() as client:
        kit.subscribed()
        kit.publish(
            Item(channel="test", ws_message="1", id=first),
            Item(channel="test", ws_message="3", id=third, prev_id=second),
            Item(channel="test", ws_message="2", id=second, prev_id=first),
        )
        received = [message_of(client) for _ in range(3)]

    assert received == ["1", "2", "3"]


def test_a_close_that_is_published_ends_streams_and_websockets(kit) -> None:
    connection, answer = kit.ask("/test/stream")
    with closing(connection), answer, kit.websocket() as client:
        kit.subscribed(2)
        kit.publish(Item(channel="test", http_stream="the end\n", ws_message="the end", close=True))
        streamed = answer.read().split()

        assert streamed[-2:] == [b"the", b"end"]
        assert message_of(client) == "the end"
        with pytest.raises(ConnectionClosed):
            client.recv(PATIENCE)


@pytest.mark.parametrize("path", ["/test/stream", "/test/sse"])
def test_a_stream_that_leaves_is_forgotten(kit, path) -> None:
    connection, answer = kit.ask(path)
    line_of(answer)
    kit.subscribed()
    answer.close()
    connection.close()

    kit.forgets_all()


def test_a_websocket_that_leaves_is_forgotten(kit) -> None:
    with kit.websocket() as client:
        kit.subscribed()
        client.socket.shutdown(socket.SHUT_RDWR)  # without a word

        kit.forgets_all()


def test_the_readmes_commands_subscribe_and_publish(kit) -> None:
    readme = (APP / "README.md").read_text().partition("## On Fastly")[0]
    listen, publish = (
        command.replace("http://127.0.0.1:7676/test/stream", kit.url("/test/stream")).replace(
            "http://127.0.0.1:5561", kit.publisher.url
        )
        for command in re.findall(r"^    (curl .+)$", readme, re.MULTILINE)
    )
    listening = subprocess.Popen(
        shlex.split(listen), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with listening:
        kit.subscribed()
        subprocess.run(shlex.split(publish), check=True, capture_output=True)
        kit.notes(1)
        opened, published = line_of(listening.stdout), line_of(listening.stdout)
        listening.terminate()

    assert (opened, published) == (b"[stream open]\n", b"hello\n")


async def read_until(reader, end) -> bytes:
    received = b""
    while end not in received:
        part = await reader.read(65536)
        assert part, received
        received += part
    return received


async def stream_until(kit, door, path, end) -> bytes:
    name, _, port = kit.netloc.partition(":")
    async with door:
        reader, writer = await asyncio.open_connection(name, int(port))
        writer.write(f"GET {kit.path(path)} HTTP/1.1\r\nHost: {kit.netloc}\r\n\r\n".encode())
        begun = await read_until(reader, b"[stream open]")
    try:
        return begun + await read_until(reader, end)
    finally:
        writer.close()
        await writer.wait_closed()


async def messages_until(kit, door, end) -> bytes:
    url = f"ws://{kit.netloc}{kit.path('/test/websocket')}"
    received = ""
    async with door:
        client = await connect_later(url, open_timeout=PATIENCE)
    async with client:
        while end not in received:
            received += await client.recv()
    return received.encode()


async def everybody(kit) -> list[bytes]:
    end = b"and over"
    # The system queues only so many connections that a server has not taken yet.
    door = asyncio.Semaphore(50)
    clients = [
        asyncio.create_task(client)
        for _ in range(EACH)
        for client in (
            stream_until(kit, door, "/test/stream", end),
            stream_until(kit, door, "/test/sse", end),
            messages_until(kit, door, end.decode()),
        )
    ]
    await asyncio.to_thread(kit.subscribed, len(clients))
    items = [
        Item(channel="test", http_stream=f"data: {text}\n\n", ws_message=text)
        for text in ("to all", "and over")
    ]
    await asyncio.to_thread(kit.publish, *items)
    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*clients)


def test_several_hundred_subscribers_all_get_it_once(kit) -> None:
    received = asyncio.run(everybody(kit))

    assert len(received) == 3 * EACH
    assert {content.count(b"to all") for content in received} == {1}


NOW = int(time.time())
FORGED = {
    "of another key": token({"iss": "pushpin", "exp": NOW + 3600}, key=b"another key"),
    "without a key": token({"iss": "pushpin", "exp": NOW + 3600}, "none", b""),
    "of yesterday": token({"iss": "pushpin", "exp": NOW - 86400}),
    "without an end": token({"iss": "pushpin"}),
    "no token": "pushpin",
}


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("path", ["/test/stream", "/test/long-poll", "/test/websocket"])
def test_a_forged_signature_is_refused(kit, path, signature) -> None:
    answer = kit.asked(path, {"Grip-Sig": signature})

    assert answer == (403, b"this did not come through Fanout\n")


def test_a_websocket_with_a_forged_signature_is_refused(kit) -> None:
    with pytest.raises(InvalidStatus) as refused:
        kit.websocket(additional_headers={"Grip-Sig": FORGED["of another key"]})

    assert refused.value.response.status_code == 403


def test_what_is_no_websocket_is_told_so(kit) -> None:
    status, content = kit.asked("/test/websocket")

    assert status == 400
    assert content.startswith(b"WebSocket events are sent as POST with content type application/")


def test_everything_else_goes_to_the_origin_with_a_signature(kit) -> None:
    status, content = kit.asked("/orders")
    seen = json.loads(content)
    headers = dict(seen["headers"])
    claims = headers["grip-sig"].split(".")[1]

    assert (status, seen["method"], seen["path"]) == (200, "GET", kit.path("/orders"))
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"] == "pushpin"


@pytest.mark.parametrize(
    "data", [b"\n", b":\n\n", b"\t\r\n", b"a\\b", b'"; , =', b"\0\xff", b"=="], ids=repr
)
def test_a_quiet_stream_gets_what_keeps_it_alive(other, data) -> None:
    connection, answer = other.ask(f"/stream?keep-alive={data.hex()}")
    with closing(connection), answer:
        begun = answer.read(len(b"open\n") + len(data))

    assert begun == b"open\n" + data


@pytest.mark.parametrize("path", ["/stream", "/long-poll"])
def test_a_hold_has_the_status_that_the_app_gives_it(other, path) -> None:
    connection, answer = other.ask(f"{path}?status=201")
    with closing(connection), answer:
        assert answer.status == 201


def test_a_long_poll_that_waits_in_vain_gets_the_apps_answer(other) -> None:
    assert other.asked("/long-poll") == (200, b"nothing")


def test_a_long_poll_that_has_missed_an_item_asks_again(other) -> None:
    first, second = f"{other.tag}-1", f"{other.tag}-2"
    with other.websocket("/ws"):  # so that Pushpin keeps the channel's last ID
        other.subscribed()
        for item in (
            Item(channel="test", ws_message="1", id=first),
            Item(channel="test", ws_message="2", id=second, prev_id=first),
        ):
            other.publish(item)
        with closing(HTTPConnection(other.netloc, timeout=PATIENCE)) as connection:
            connection.request("GET", other.path(f"/long-poll?prev-id={first}"))

            other.served.says(other.tag, "/long-poll", "accept", times=2)


def test_what_a_client_sent_does_not_come_back_to_it(other) -> None:
    hello = Item(channel="test", ws_message="hello", http_stream="hello\n", meta={"sender": "a"})
    over = Item(channel="test", ws_message="over", http_stream="over\n")
    streams = [other.ask(f"/stream?filter=skip-self&user={user}") for user in "ab"]
    with (
        other.websocket("/ws?filter=skip-self&user=a") as sender,
        other.websocket("/ws?filter=skip-self&user=b") as receiver,
    ):
        other.subscribed(2 + 2 * len(streams))
        other.publish(hello, over)
        messages = [next(iter(client)) for client in (sender, receiver)]
        lines = []
        for connection, answer in streams:
            with closing(connection), answer:
                line_of(answer)
                lines.append(line_of(answer))

    assert messages == ["over", "hello"]
    assert lines == [b"over\n", b"hello\n"]


def test_what_is_remembered_of_a_websocket_comes_with_its_next_message(other) -> None:
    with other.websocket("/ws") as client:
        client.send("remember user=alice")
        client.send("remember room=2; or 3")
        client.send("meta")
        remembered = message_of(client)
        client.send("forget user")
        client.send("meta")
        left = message_of(client)

    assert remembered == "True [('room', '2; or 3'), ('user', 'alice')]"
    assert left == "True [('room', '2; or 3')]"


def test_a_websocket_that_unsubscribes_gets_no_more(other) -> None:
    with other.websocket("/ws") as client:
        other.subscribed()
        client.send("unsubscribe test")
        other.forgets_all()


def test_a_websocket_that_is_detached_is_still_published_to(other) -> None:
    with other.websocket("/ws") as client:
        other.subscribed()
        client.send("detach")
        client.send("meta")
        other.publish(Item(channel="test", ws_message="published"))

        assert message_of(client) == "published"


def test_a_websocket_is_closed_by_the_app(other) -> None:
    with other.websocket("/ws") as client:
        client.send("close")
        with pytest.raises(ConnectionClosed):
            client.recv(PATIENCE)

        assert (client.close_code, client.close_reason) == (4002, "as you wish")


def test_a_websocket_is_refused_by_the_app(other) -> None:
    with pytest.raises(InvalidStatus) as refused:
        other.websocket("/ws?refuse=1")

    assert refused.value.response.status_code == 403


def test_a_subprotocol_is_chosen_by_the_answer(other) -> None:
    with other.websocket("/ws?protocol=chat.v2", subprotocols=["chat.v1", "chat.v2"]) as client:
        assert client.subprotocol == "chat.v2"


def test_what_pushpin_refuses_is_an_error_with_its_text(other) -> None:
    nowhere = Publisher(url=other.publisher.url + "/nowhere")
    with (
        Host(output=lambda line: None) as host,
        host.guest_context(),
        pytest.raises(PublishFailed) as failed,
    ):
        nowhere.publish(Item(channel="test", ws_message="lost"))

    assert failed.value.status == 404
    assert failed.value.text
    assert failed.value.text in str(failed.value)
