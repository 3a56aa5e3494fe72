"""Origins to send requests to."""

import contextlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from fastly_compute.local import BackendConfig
from fastly_compute.local.transport import HTTPTransport, OriginRequest, OriginResponse, SendFailure

LONG = 30


class Server:
    """A raw TCP or TLS server: runs a script for each connection and records its errors."""

    def __init__(
        self, script: Callable[["Peer"], None], tls: ssl.SSLContext | None, listener: socket.socket
    ) -> None:
        self._script = script
        self._tls = tls
        self._listener = listener
        self._threads = [threading.Thread(target=self._accept)]
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.peers: list[Peer] = []
        self.stopping = threading.Event()
        self._arrived = threading.Event()
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            peer = Peer(sock, len(self.peers), self)
            self.peers.append(peer)
            self._arrived.set()
            thread = threading.Thread(target=self._run, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _run(self, peer: "Peer") -> None:
        try:
            if self._tls is None or peer.shake_hands(self._tls):
                self._script(peer)
        except OSError:
            pass
        finally:
            peer.close()
            peer.done.set()

    @property
    def first(self) -> "Peer":
        assert self._arrived.wait(LONG)
        return self.peers[0]

    def close(self) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(LONG)
        self._listener.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket, number: int, server: Server) -> None:
        self.sock = sock
        self.number = number
        self.server = server
        self.seen = bytearray()
        self.done = threading.Event()
        self._ahead = b""

    def shake_hands(self, context: ssl.SSLContext) -> bool:
        """Start TLS; return False if the handshake fails."""
        self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        try:
            self.sock.do_handshake()
        except OSError:
            # Closing with unread data would reset the connection and lose the alert.
            plain = socket.socket(fileno=os.dup(self.sock.fileno()))
            with plain, contextlib.suppress(OSError):
                while plain.recv(4096):
                    pass
            return False
        return True

    def head(self) -> bytes:
        """Read to the end of a request's head; b"" when the client has gone."""
        while b"\r\n\r\n" not in self._ahead:
            data = self.sock.recv(4096)
            if not data:
                return b""
            self.seen += data
            self._ahead += data
        head, _, self._ahead = self._ahead.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def until(self, ending: bytes) -> bytes:
        while ending not in self.seen:
            data = self.sock.recv(4096)
            if not data:
                break
            self.seen += data
        return bytes(self.seen)

    def drain(self) -> None:
        while data := self.sock.recv(65536):
            self.seen += data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, *answers: bytes) -> None:
        """Answer each request with the next answer, repeating the last one."""
        position = 0
        while self.head():
            self.send(answers[min(position, len(answers) - 1)])
            position += 1

    def answer_once(self, answer: bytes) -> None:
        """Answer one request and close the sending side."""
        self.head()
        self.send(answer)
        self.sock.shutdown(socket.SHUT_WR)
        self.drain()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()


class Serve:
    """Starts servers."""

    def __init__(self) -> None:
        self.servers: list[Server] = []

    def __call__(
        self,
        script: Callable[[Peer], None],
        tls: ssl.SSLContext | None = None,
        listener: socket.socket | None = None,
    ) -> Server:
        listener = listener or socket.create_server(("127.0.0.1", 0))
        self.servers.append(Server(script, tls, listener))
        return self.servers[-1]

    def answering(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> Server:
        return self(lambda peer: peer.answer(*answers), tls)

    def answering_once(self, answer: bytes) -> Server:
        return self(lambda peer: peer.answer_once(answer))


@pytest.fixture
def serve() -> Iterator[Serve]:
    serve = Serve()
    yield serve
    for server in serve.servers:
        server.close()


@pytest.fixture
def origins() -> Iterator[HTTPTransport]:
    with HTTPTransport() as origins:
        yield origins


@pytest.fixture
def rest() -> Callable[[OriginResponse], bytes]:
    """Read the body of a response to its end."""
    return lambda response: b"".join(iter(response.body.read_chunk, b""))


@pytest.fixture
def failure(origins: HTTPTransport) -> Callable[..., SendFailure]:
    """Send a request, and return the failure that it raises."""

    def failure(backend: BackendConfig, **request: object) -> SendFailure:
        with pytest.raises(SendFailure) as caught:
            origins.send(backend, OriginRequest(**request))
        return caught.value

    return failure
