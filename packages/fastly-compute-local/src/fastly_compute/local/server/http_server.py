"""The development server: HTTP/1.1 in front of a guest."""

import contextlib
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

import h11

from fastly_compute.local.host import App, Host
from fastly_compute.local.runtime.dispatch import Busy, Dispatcher
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.limits import Limits
from fastly_compute.local.runtime.request_record import RequestRecord
from fastly_compute.local.server.client import FAREWELL_SECONDS, Client
from fastly_compute.local.server.downstream import ClientGone
from fastly_compute.local.server.handoff import Handoff
from fastly_compute.local.server.relay import link_to, relay
from fastly_compute.local.server.request_head import RequestRefused, read_head
from fastly_compute.local.transport import SendFailure, is_own_connection

_LARGEST_HEAD = 128 * 1024
_IDLE_SECONDS = 60.0
_RETRY_SECONDS = b"1"


OnRequest: TypeAlias = Callable[[Host, RequestRecord], None]
"""Is called with the host and the record of a request that has been served."""


def log_request(host: Host, record: RequestRecord) -> None:
    """Write a line about a request to its host's output."""
    host.log(record.summary())


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
        client = Client(http, peer)
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
        addresses = self.client_address[:2], peer.getsockname()[:2]
        front = self.server.front
        on_request, record = front.on_request, None
        if on_request is not None:
            url = urlsplit(head.url)
            record = RequestRecord(method=head.method, path=url.path, has_query=bool(url.query))
        serving = Exchange(head.incoming(client, *addresses), client, record)
        try:
            front.serve(serving, nested=is_own_connection(addresses[0]))
        except Busy as busy:
            front.host.log(f"request refused: {busy}")
            client.refuse(503, f"{busy}; try again later", ("retry-after", _RETRY_SECONDS))
        if serving.handed_off is not None:
            self._handoff(serving.handed_off, client, peer)
        client.reclaim()
        if on_request is not None and record is not None:
            record.status = client.status or None
            record.aborted = client.aborted and serving.handed_off is None
            record.request_bytes, record.response_bytes = client.received, client.sent
            record.end()
            on_request(front.host, record)
        if client.refused:
            client.part()
        if client.refused or client.aborted or client.is_last:
            return False
        return self._drained(http, client)

    def _handoff(self, handoff: Handoff, client: Client, peer: socket.socket) -> None:
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

    def _drained(self, http: h11.Connection, client: Client) -> bool:
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
            self._changed.wait_for(lambda: not self._peers, FAREWELL_SECONDS)

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
        on_request: Called with the host and the record of each request that has been served, on
            the thread that served it; by default, it writes a line to the host's output. None
            records nothing.

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
        on_request: OnRequest | None = log_request,
    ) -> None:
        self.host = host
        self.on_request = on_request
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
        self._dispatcher.close(FAREWELL_SECONDS)
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
