"""One connection to an origin, with a timeout for each part of an exchange."""

import contextlib
import selectors
import socket
import ssl
import time
from collections.abc import Iterable

import httpcore

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport.errors import network_failure
from fastly_compute.local.transport.tls import start_tls, tls_context

# The largest value that Linux accepts.
_MOST_SECONDS = 32_767
_MOST_PROBES = 127

_own_addresses: set[tuple[str, int]] = set()


class Stream(httpcore.NetworkStream):
    """A connected socket, with or without TLS, as `httpcore` expects it.

    The timeouts are those of the current phase of the exchange. httpcore's are not used: they
    apply to one wait at a time and cannot limit a whole head.

    Attributes:
        remote_addr: The peer's IP address and port.
        ended: Whether the peer has closed its side.
    """

    def __init__(self, sock: socket.socket, remote_addr: tuple[str, int]) -> None:
        self._sock = sock
        self._patience: float | None = None
        self._deadline: float | None = None
        self._in_head = False
        self.ended = False
        # Not queried from the socket: it has no peer name any more once the peer has hung up.
        self.remote_addr = remote_addr
        self._local_addr: tuple[str, int] = sock.getsockname()[:2]
        _own_addresses.add(self._local_addr)

    def await_head(self, first_byte: float | None) -> None:
        """Start an exchange; the timeout starts at the first read, once the request is sent."""
        self._in_head, self._patience, self._deadline = True, first_byte, None

    def await_body(self, between_bytes: float | None) -> None:
        """Continue with the response's body."""
        self._in_head, self._patience = False, between_bytes

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read the available bytes, or wait for some."""
        try:
            self._sock.settimeout(self._time_to_read())
            data = self._sock.recv(max_bytes)
        except TimeoutError as err:
            raise httpcore.ReadTimeout(err) from err
        except OSError as err:
            raise httpcore.ReadError(err) from err
        self.ended = not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write everything; a peer that stops reading gets as long as for the first byte."""
        view = memoryview(buffer)
        try:
            self._sock.settimeout(self._patience)
            while view:
                view = view[self._sock.send(view) :]
        except TimeoutError as err:
            raise httpcore.WriteTimeout(err) from err
        except OSError as err:
            raise httpcore.WriteError(err) from err

    def fileno(self) -> int:
        """Return the descriptor for selectors."""
        return self._sock.fileno()

    @property
    def has_more(self) -> bool:
        """Whether there is data to read that a selector cannot see."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def close(self) -> None:
        """Close the connection; a read that waits in another thread ends."""
        with contextlib.suppress(OSError):  # The peer may have been faster.
            self._sock.shutdown(socket.SHUT_RDWR)
        _own_addresses.discard(self._local_addr)
        self._sock.close()

    def get_extra_info(self, info: str) -> bool | None:
        """Tell httpcore whether an idle connection is readable, which means that it is closing."""
        if info != "is_readable":
            return None
        if self._sock.fileno() < 0:
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            return bool(selector.select(0))

    def _time_to_read(self) -> float | None:
        if not self._in_head or self._patience is None:
            return self._patience
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._patience
        if now >= self._deadline:
            raise TimeoutError
        return self._deadline - now


def is_own_connection(address: tuple[str, int]) -> bool:
    """Return whether a client's address is that of a connection opened by this process."""
    return address in _own_addresses


def connect(backend: BackendConfig, context: ssl.SSLContext | None) -> Stream:
    """Open a connection to a backend's target.

    The connect timeout applies to TCP and TLS together, over all addresses of the host. Resolving
    the name is up to the system and not included.

    Raises:
        SendFailure: The name, the connection or TLS fails.
    """
    tried = f"connecting to {backend.host}:{backend.port}"
    try:
        addresses = _addresses(backend)
    except OSError as err:
        raise network_failure(err, f"resolving {backend.host}") from err
    limit = (backend.connect_timeout_ms or 0) / 1000
    deadline = time.monotonic() + limit if limit else None
    try:
        sock, remote_addr = _first_to_answer(addresses, deadline)
        if backend.tcp_keepalive_enable:
            _keep_alive(sock, backend)
        if context is not None:
            tried = f"the TLS handshake with {backend.host}:{backend.port}"
            try:
                sock.settimeout(_left(deadline))
                sock = start_tls(sock, context, backend)
            except BaseException:
                sock.close()
                raise
    except OSError as err:
        raise network_failure(err, tried) from err
    return Stream(sock, remote_addr)


def open_stream(backend: BackendConfig) -> Stream:
    """Open a separate connection, including TLS, outside of any pool.

    Raises:
        SendFailure: The name, the connection or TLS fails.
    """
    return connect(backend, tls_context(backend) if backend.use_tls else None)


_Address = tuple[
    socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]


def _addresses(backend: BackendConfig) -> list[_Address]:
    found = socket.getaddrinfo(backend.host, backend.port, type=socket.SOCK_STREAM)
    addresses: list[_Address] = [(entry[0], entry[4]) for entry in found]
    first = socket.AF_INET6 if backend.prefer_ipv6 else socket.AF_INET
    return sorted(addresses, key=lambda address: address[0] != first)


def _first_to_answer(
    addresses: Iterable[_Address], deadline: float | None
) -> tuple[socket.socket, tuple[str, int]]:
    failures: list[OSError] = []
    for family, address in addresses:
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as err:  # The system does not support this IP version.
            failures.append(err)
            continue
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as err:
            sock.close()
            failures.append(err)
        except BaseException:
            sock.close()
            raise
        else:
            return sock, (str(address[0]), int(address[1]))
    raise failures[-1]


def _keep_alive(sock: socket.socket, backend: BackendConfig) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for names, value, most in (
        # The second name is the one on macOS.
        (("TCP_KEEPIDLE", "TCP_KEEPALIVE"), backend.tcp_keepalive_time_secs, _MOST_SECONDS),
        (("TCP_KEEPINTVL",), backend.tcp_keepalive_interval_secs, _MOST_SECONDS),
        (("TCP_KEEPCNT",), backend.tcp_keepalive_probes, _MOST_PROBES),
    ):
        option = next((name for name in names if hasattr(socket, name)), None)
        if value and option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), min(value, most))


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
