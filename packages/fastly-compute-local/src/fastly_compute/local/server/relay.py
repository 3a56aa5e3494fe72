"""Connects a client's connection to another one, for a handoff."""

import contextlib
import selectors
import socket
from collections.abc import Iterable, Iterator

import h11
import httpcore

from fastly_compute.local.config import BackendConfig
from fastly_compute.local.server.downstream import BodySource, ClientGone
from fastly_compute.local.server.handoff import Handoff
from fastly_compute.local.transport import Stream, open_stream

_PART = 64 * 1024
# Headers about the connection between client and server, not the request (RFC 9110, 7.6.1).
_OWN = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)


def link_to(handoff: Handoff, pushpin_port: int | None) -> Stream | None:
    """Connect to the proxy for a handoff, or return None if this host has none.

    Raises:
        SendFailure: The proxy cannot be reached.
    """
    if handoff.kind == "websocket":
        return open_stream(handoff.config)
    if pushpin_port is None:
        return None
    # A busy Pushpin takes time to accept; a missing one refuses at once.
    pushpin = BackendConfig(url=f"http://127.0.0.1:{pushpin_port}", connect_timeout_ms=None)
    return open_stream(pushpin)


def relay(handoff: Handoff, other: Stream, client: socket.socket, ahead: bytes) -> None:
    """Pass data between the client and the other side, until one of them closes.

    Args:
        handoff: The handoff.
        other: The connection to the proxy or backend.
        client: The client's connection, whose request has been read.
        ahead: What the client has sent after its request.
    """
    failures = (OSError, ClientGone, httpcore.NetworkError, h11.LocalProtocolError)
    with contextlib.closing(other), contextlib.suppress(*failures):
        client.settimeout(None)
        for data in _request(handoff):
            other.write(data)
        if ahead:
            other.write(ahead)
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ)
            selector.register(other, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(0 if other.has_more else None)}
                if other in ready or other.has_more:
                    if not (data := other.read(_PART)):
                        break
                    client.sendall(data)
                if client in ready:
                    if not (data := client.recv(_PART)):
                        break
                    other.write(data)


def _request(handoff: Handoff) -> Iterator[bytes]:
    asked = handoff.request
    upgrade = next((v for n, v in asked.headers if n.lower() == "upgrade"), None)
    headers = [(name, value) for name, value in asked.headers if name.lower() not in _OWN]
    host = handoff.config.override_host or next(
        (value.decode("latin-1") for name, value in asked.headers if name.lower() == "host"),
        asked.authority or handoff.config.authority,
    )
    target = asked.path_and_query
    if handoff.kind == "grip":
        headers.append(("pushpin-route", handoff.backend.encode("latin-1")))
    else:
        target = handoff.config.path_prefix + target
    if upgrade is None:
        headers.append(("connection", b"close"))
    else:
        headers += [("connection", b"upgrade"), ("upgrade", upgrade)]
    body = handoff.body
    if not isinstance(body, bytes):
        headers.append(("transfer-encoding", b"chunked"))
    elif body:
        headers.append(("content-length", b"%d" % len(body)))
    http = h11.Connection(h11.CLIENT)
    named = [("host", host.encode("latin-1")), *headers]
    fields = [(name.encode("latin-1"), value) for name, value in named]
    yield http.send(h11.Request(method=asked.method, target=target, headers=fields)) or b""
    for part in _parts(body):
        yield http.send(h11.Data(data=part)) or b""
    yield http.send(h11.EndOfMessage()) or b""


def _parts(body: bytes | BodySource) -> Iterable[bytes]:
    if isinstance(body, bytes):
        return [body] if body else []
    return iter(body.read_chunk, b"")
