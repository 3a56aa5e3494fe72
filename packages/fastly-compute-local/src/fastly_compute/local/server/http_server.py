"""The development server: HTTP/1.1 in front of a guest."""

import contextlib
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import h11

from fastly_compute.local.host import App, Host
from fastly_compute.local.runtime.dispatch import Busy, Dispatcher
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.limits import Limits
from fastly_compute.local.server.downstream import ClientGone, RawHeaders
from fastly_compute.local.server.handoff import Handoff
from fastly_compute.local.server.relay import link_to, relay
from fastly_compute.local.server.request_head import RequestRefused, read_head
from fastly_compute.local.transport import SendFailure, is_own_connection

_READ_SIZE = 64 * 1024
_LARGEST_HEAD = 128 * 1024
_IDLE_SECONDS = 60.0
_FAREWELL_SECONDS = 2.0
_RETRY_SECONDS = b"1"
_REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}


def _encoded(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    # Whitespace around a value does not belong to it (RFC 9110, section 5.5); h11 refuses it.
    return [(name.encode("latin-1"), value.strip(b" \t")) for name, value in headers]


class _Client:
    """One request and its response on a connection: a sandbox's body source and downstream."""

    def __init__(self, http: h11.Connection, peer: socket.socket) -> None:
        self._http = http
        self._peer = peer
        self._held = b""
        # A guest may send its response while another thread is reading its request.
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._reclaimed = False
        self.is_last = False
        self.is_to_head = False
        self.status = 0
        self.aborted = False
        self.refused = False

    def answer_to(self, method: bytes) -> None:
        """Note the method of the request: the response to a HEAD has no body."""
        self.is_to_head = method == b"HEAD"

    def close_after(self, *, last: bool) -> None:
        """Note whether the connection ends with this request."""
        self.is_last = last

    def read_chunk(self) -> bytes:
        """Return the next bytes of the request's body."""
        with self._reading:
            if self._reclaimed:
                raise ClientGone("the request is over")
            if self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                event = self.next_event()
            except h11.RemoteProtocolError as error:
                why = f"the request body is malformed: {error}"
                self.refuse(400, why)
                raise ClientGone(why) from error
            return bytes(event.data) if isinstance(event, h11.Data) else b""

    def close(self) -> None:
        """Leave the rest of the request's body unread."""

    def reclaim(self) -> None:
        """Detach the request's body from a guest that may still hold it; later data is not its."""
        if self.aborted and not self.refused:
            with contextlib.suppress(OSError):
                self._peer.shutdown(socket.SHUT_RDWR)
        with self._reading:
            self._reclaimed = True

    def inform(self, status: int, headers: RawHeaders) -> None:
        """Send an informational response, unless the client uses HTTP/1.0, which has none."""
        if self._http.their_http_version == b"1.0":
            return
        head = h11.InformationalResponse(
            status_code=status, headers=_encoded(headers), reason=_REASONS.get(status, b"")
        )
        self._send(head)

    def start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        """Send the head of the response."""
        if self.refused:
            raise ClientGone("the request was refused")
        self._start(status, headers, length)

    def _start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        self.status = status
        if self.is_last:
            headers = [*headers, ("connection", b"close")]
        try:
            # If the length is known the body follows at once, in the same packet.
            head = h11.Response(
                status_code=status, headers=_encoded(headers), reason=_REASONS.get(status, b"")
            )
        except h11.LocalProtocolError as error:
            raise self._invalid(error) from error
        with self._lock:
            self._held = self._encode(head)
        if length is None:
            self._flush(b"")

    def write(self, data: bytes) -> None:
        """Send a part of the response's body."""
        if self._http.our_state is h11.SEND_BODY and data:
            self._send(h11.Data(data=data))

    def finish(self, trailers: RawHeaders) -> None:
        """End the response."""
        if self._http.our_state is not h11.SEND_BODY:
            return
        with contextlib.suppress(ClientGone):
            self._send(h11.EndOfMessage(headers=_encoded(trailers)))

    def abort(self) -> None:
        """Close the connection before the end of the response."""
        self.aborted = True

    @property
    def ahead(self) -> bytes:
        """Return what the client has sent after its request."""
        return bytes(self._http.trailing_data[0])

    def refuse(self, status: int, why: str, *more: tuple[str, bytes]) -> None:
        """Send an error response of the server, unless a response was started.

        Args:
            status: The status.
            why: The text.
            more: Further headers.
        """
        with self._lock:
            if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
                return
            self.refused = self.is_last = True
        text = f"{why}\n".encode()
        headers = [
            ("content-type", b"text/plain; charset=utf-8"),
            ("content-length", b"%d" % len(text)),
            *more,
        ]
        with contextlib.suppress(ClientGone):
            self._start(status, headers, len(text))
            self.write(b"" if self.is_to_head else text)
            self.finish(())

    def part(self) -> None:
        """Give the client time to read why it was refused."""
        with contextlib.suppress(OSError):
            # Closing with unread bytes would reset the connection, and the response might be lost.
            self._peer.shutdown(socket.SHUT_WR)
            self._peer.settimeout(_FAREWELL_SECONDS)
            end = time.monotonic() + _FAREWELL_SECONDS
            while time.monotonic() < end and self._peer.recv(_READ_SIZE):
                pass

    def next_event(self) -> Any:
        """Wait for the client's next event."""
        while True:
            try:
                with self._lock:
                    event = self._http.next_event()
                if event is not h11.NEED_DATA:
                    return event
                data = self._peer.recv(_READ_SIZE)
                with self._lock:
                    self._http.receive_data(data)
            except OSError as error:
                raise ClientGone(str(error)) from error

    def _send(self, event: Any) -> None:
        with self._lock:
            data = self._encode(event)
        self._flush(data)

    def _encode(self, event: Any) -> bytes:
        try:
            return self._http.send(event) or b""
        except h11.LocalProtocolError as error:
            raise self._invalid(error) from error

    def _invalid(self, error: h11.LocalProtocolError) -> ClientGone:
        self.aborted = True
        return ClientGone(f"the response is not valid HTTP: {error}")

    def _flush(self, data: bytes) -> None:
        data, self._held = self._held + data, b""
        try:
            # The timeout applies to each part: it is for clients that stop reading, not slow ones.
            for start in range(0, len(data), _READ_SIZE):
                self._peer.sendall(data[start : start + _READ_SIZE])
        except OSError as error:
            self.aborted = True
            raise ClientGone(str(error)) from error


class _Connection(socketserver.BaseRequestHandler):
    """One client's connection, on a separate thread."""

    server: "_Listener"

    def handle(self) -> None:
        peer: socket.socket = self.request
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.settimeout(_IDLE_SECONDS)
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)
        with self.server.opened(peer), contextlib.suppress(ClientGone):
            while self._serve_one(http, peer):
                http.start_next_cycle()

    def _serve_one(self, http: h11.Connection, peer: socket.socket) -> bool:
        client = _Client(http, peer)
        try:
            event = client.next_event()
            if not isinstance(event, h11.Request):
                return False
            client.answer_to(event.method)
            head = read_head(event)
        except h11.RemoteProtocolError as error:
            client.refuse(error.error_status_hint, str(error))
        except RequestRefused as refusal:
            client.refuse(refusal.status, str(refusal))
        if client.refused:
            client.part()
            return False
        client.close_after(last=head.is_last)
        started = time.perf_counter()
        addresses = self.client_address[:2], peer.getsockname()[:2]
        serving = Exchange(head.incoming(client, *addresses), client)
        front = self.server.front
        try:
            front.serve(serving, nested=is_own_connection(addresses[0]))
        except Busy as busy:
            front.host.log(f"request refused: {busy}")
            client.refuse(503, f"{busy}; try again later", ("retry-after", _RETRY_SECONDS))
        if serving.handed_off is not None:
            self._handoff(serving.handed_off, client, peer)
        client.reclaim()
        elapsed = (time.perf_counter() - started) * 1000
        path = event.target.decode("latin-1")
        method = event.method.decode("latin-1")
        outcome = client.status or "handed off"
        front.host.log(f"{method} {path} {outcome} in {elapsed:.1f} ms")
        if client.refused:
            client.part()
        if client.refused or client.aborted or client.is_last:
            return False
        return self._drained(http, client)

    def _handoff(self, handoff: Handoff, client: _Client, peer: socket.socket) -> None:
        host = self.server.front.host
        try:
            other = link_to(handoff, host.pushpin_port)
        except SendFailure as failure:
            host.log(f"cannot hand off to {handoff.backend!r}: {failure}")
            client.refuse(502, f"the request cannot be handed off: {failure.message}")
            return
        if other is not None:
            relay(handoff, other, peer, client.ahead)
            client.abort()
            return
        answer = host.answer_handoff(handoff)
        with contextlib.suppress(ClientGone):
            client.start(answer.status, answer.headers, len(answer.body))
            client.write(bytes(answer.body))
            client.finish(answer.trailers)

    def _drained(self, http: h11.Connection, client: _Client) -> bool:
        """Read what the guest left of the request, to find the start of the next one."""
        while http.their_state is h11.SEND_BODY:
            if http.they_are_waiting_for_100_continue:
                return False
            try:
                client.next_event()
            except h11.RemoteProtocolError:
                return False
        return bool(http.our_state is h11.DONE and http.their_state is h11.DONE)


class _Listener(socketserver.ThreadingTCPServer):
    """The listening socket and the connections it accepted."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], front: "Server") -> None:
        self.front = front
        self._peers: set[socket.socket] = set()
        self._changed = threading.Condition()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Connection)

    @contextlib.contextmanager
    def opened(self, peer: socket.socket) -> Iterator[None]:
        """Register a connection while it is served, so that it can be ended with the server."""
        with self._changed:
            self._peers.add(peer)
        try:
            yield
        finally:
            with self._changed:
                self._peers.discard(peer)
                self._changed.notify_all()

    def hang_up(self) -> None:
        """Close all connections, and give the requests on them a moment to end."""
        with self._changed:
            for peer in self._peers:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._peers, _FAREWELL_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with a connection; the others continue."""
        self.front.host.log(f"connection from {client_address}: {sys.exc_info()[1]!r}")


class Server:
    """Serves an app over HTTP on this machine.

    Example:
        >>> from fastly_compute.local import Host, NativeApp, Server
        >>> import http.client
        >>> class HttpIncoming:
        ...     def handle(self, request, body):
        ...         pass
        >>> with Host(output=lambda line: None) as host:
        ...     with Server(host, NativeApp(HttpIncoming), ("127.0.0.1", 0)) as server:
        ...         client = http.client.HTTPConnection(*server.address)
        ...         client.request("GET", "/")
        ...         status = client.getresponse().status
        ...         client.close()
        >>> status
        200

    Args:
        host: The host that the app runs in.
        app: The app, native or wasm.
        address: Host and port to listen on; port 0 takes any free one.
        limits: Limits for sandboxes at once and for waiting requests. Requests beyond them get a
            503 with ``Retry-After``.

    Raises:
        OSError: The address cannot be used.
    """

    def __init__(
        self,
        host: Host,
        app: App,
        address: tuple[str, int] = ("127.0.0.1", 7676),
        *,
        limits: Limits | None = None,
    ) -> None:
        self.host = host
        self._dispatcher = Dispatcher(host, app, limits)
        self._listener = _Listener(address, self)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.1,), name="fastly-compute-server"
        )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""
        host, port = self._listener.server_address[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """The URL of the server."""
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def serve(self, exchange: Exchange, *, nested: bool) -> None:
        """Have the current app serve a request; a later request may be served by another app.

        Args:
            exchange: The request.
            nested: Whether a sandbox of this process sent it.

        The dispatcher raises `Busy` if no sandbox can take the request.
        """
        self._dispatcher.serve(exchange, nested=nested)

    def replace(self, host: Host, app: App) -> None:
        """Serve further requests with another app, on that app's host."""
        self.host = host
        self._dispatcher.replace(host, app)

    def start(self) -> None:
        """Start accepting connections, on a separate thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and close the connections that are open."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join()
        self._listener.hang_up()
        self._dispatcher.close(_FAREWELL_SECONDS)
        self._listener.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
