"""Streamed bodies, over real sockets."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.local import Host, NativeApp, Server

START = {"type": "http.response.start", "status": 200}
GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
LONG = 30


@contextmanager
def connected(app, output=lambda line: None) -> Iterator[socket.socket]:
    service = AsgiHttpIncoming(app, lifespan="off")
    with (
        Host(output=output) as host,
        Server(host, NativeApp(service), ("127.0.0.1", 0)) as server,
        socket.create_connection(server.address, timeout=LONG) as client,
    ):
        yield client


def received_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        part = client.recv(65536)
        assert part, f"{received!r} ended before {end!r}"
        received += part
    return received


def test_the_client_gets_each_part_before_the_next_is_made() -> None:
    arrived = threading.Event()

    async def app(scope, receive, send):
        await send(START)
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        assert arrived.wait(LONG)
        await send({"type": "http.response.body", "body": b"second"})

    with connected(app) as client:
        client.sendall(GET)
        received_until(client, b"first")
        arrived.set()
        assert b"second" in received_until(client, b"0\r\n\r\n")


def test_an_empty_part_sends_the_head() -> None:
    arrived = threading.Event()

    async def app(scope, receive, send):
        await send(START)
        await send({"type": "http.response.body", "more_body": True})
        assert arrived.wait(LONG)
        await send({"type": "http.response.body", "body": b"second"})

    with connected(app) as client:
        client.sendall(GET)
        received_until(client, b"\r\n\r\n")
        arrived.set()
        assert b"second" in received_until(client, b"0\r\n\r\n")


def test_the_client_gets_the_end_before_the_app_returns() -> None:
    arrived = threading.Event()

    async def app(scope, receive, send):
        await send(START)
        await send({"type": "http.response.body", "body": b"whole"})
        assert arrived.wait(LONG)

    with connected(app) as client:
        client.sendall(GET)
        received_until(client, b"whole")
        arrived.set()


def test_the_app_gets_each_part_before_the_next_is_sent() -> None:
    first, found = threading.Event(), []

    async def app(scope, receive, send):
        while (event := await receive())["more_body"]:
            found.append(event["body"])
            first.set()
        await send(START)
        await send({"type": "http.response.body", "body": b"thanks"})

    with connected(app) as client:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
        client.sendall(head + b"one ")
        assert first.wait(LONG)
        client.sendall(b"again")
        received_until(client, b"thanks")

    assert found == [b"one ", b"again"]


def test_other_tasks_run_while_the_body_has_not_arrived() -> None:
    ticked = threading.Event()

    async def app(scope, receive, send):
        async def tick():
            for _ in range(3):
                await asyncio.sleep(0.001)
            ticked.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(tick())
            event = await receive()
        await send(START)
        await send({"type": "http.response.body", "body": event["body"]})

    with connected(app) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        assert ticked.wait(LONG)
        client.sendall(b"late")
        received_until(client, b"late")


def test_a_client_that_leaves_while_it_sends_is_a_disconnect() -> None:
    found, over = [], threading.Event()

    async def app(scope, receive, send):
        try:
            while (event := await receive())["type"] == "http.request":
                found.append(event["body"])
                arrived.set()
            found.append(event["type"])
            found.append((await receive())["type"])
            await send(START)
            await send({"type": "http.response.body"})
        finally:
            over.set()

    arrived = threading.Event()
    with connected(app) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\npart")
        assert arrived.wait(LONG)
        client.close()
        assert over.wait(LONG)

    assert found == [b"part", "http.disconnect", "http.disconnect"]


def test_a_client_that_leaves_while_it_receives_makes_send_fail() -> None:
    found, over, gone = [], threading.Event(), threading.Event()

    async def app(scope, receive, send):
        await send(START)
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        assert gone.wait(LONG)
        try:
            while True:
                await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        except OSError as error:
            found.append(error)
        try:
            await send({"type": "http.response.body"})
        except OSError as error:
            found.append(error)
        await receive()
        found.append((await receive())["type"])
        over.set()

    with connected(app) as client:
        client.sendall(GET)
        received_until(client, b"first")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        gone.set()
        assert over.wait(LONG)

    assert found[0] is found[1]
    assert found[2] == "http.disconnect"
