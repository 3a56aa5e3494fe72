"""Connections and pools of urllib3 whose requests go to backends."""

import sys
from typing import Any

import urllib3
from fastly_compute.backend import Backend, BackendOptions
from fastly_compute.backend.adapting import BackendLike
from fastly_compute.http import CacheOptions
from fastly_compute.urllib3.backend_socket import BackendSocket, origin
from fastly_compute.urllib3.errors import for_urllib3
from fastly_compute.urllib3.socket_options import keepalive_options
from fastly_compute.urllib3.targets import BY_URL, Target
from fastly_compute.urllib3.timeouts import timeouts_of
from fastly_compute.urllib3.tls import tls_options
from urllib3.connection import HTTPConnection as _HTTPConnection
from urllib3.connection import HTTPSConnection as _HTTPSConnection
from urllib3.util import Timeout

_pool_make_request = urllib3.HTTPConnectionPool._make_request


def new_conn(self: Any) -> BackendSocket:
    """Replace ``HTTPConnection._new_conn``: connect to the backend of the connection's host."""
    check_connection(self)
    is_tls = isinstance(self, _HTTPSConnection)
    options: BackendOptions = keepalive_options(self.socket_options)
    if is_tls:
        options = {**options, **tls_options(self)}
    target: Target = getattr(self, "_target", BY_URL)

    sys.audit("http.client.connect", self, self.host, self.port)  # as urllib3 does

    def backend_for(url: str) -> Backend | str:
        timeout = getattr(self, "_request_timeout", self.timeout)
        return target.of(url, timeouts_of(timeout), options)

    return BackendSocket(
        origin("https" if is_tls else "http", self.host, self.port),
        backend_for,
        cache=target.cache_options,
        translate=lambda error: for_urllib3(error, self),
        timeout=self.timeout,
    )


def check_connection(connection: Any) -> None:
    """Refuse a connection through a proxy, or from an address.

    Args:
        connection: One of urllib3 or `http.client`.

    Raises:
        NotImplementedError: It is one of these.
    """
    if getattr(connection, "proxy", None) or connection._tunnel_host:
        raise NotImplementedError(
            "proxies are not supported: the host makes the connections; a backend says where "
            "requests go"
        )
    if connection.source_address is not None:
        raise NotImplementedError("source_address is not supported: the host makes the connections")


def connect_tls(self: Any) -> None:
    """Replace ``HTTPSConnection.connect``: the host makes and verifies the TLS connection."""
    self.sock = self._new_conn()
    self.is_verified = True


def is_connected(self: Any) -> bool:
    """Replace ``HTTPConnection.is_connected``, which would look whether the socket is readable."""
    return self.sock is not None


def make_request(self: Any, conn: Any, *args: Any, **kwargs: Any) -> Any:
    """Replace ``HTTPConnectionPool._make_request``: note the timeouts before the request is sent.

    urllib3 sets the time to read after that, and a backend has its timeouts before.
    """
    given = args[5] if len(args) > 5 else kwargs.get("timeout", Timeout.DEFAULT_TIMEOUT)
    conn._request_timeout = self._get_timeout(given)
    return _pool_make_request(self, conn, *args, **kwargs)


class _ToBackend:
    """What the two connections add to those of urllib3."""

    def __init__(
        self,
        *args: Any,
        backend: BackendLike | None = None,
        cache: CacheOptions | None = None,
        ignore_timeout: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._target = Target(backend, cache, ignore_timeout)

    _new_conn = new_conn
    is_connected = property(is_connected)


class HTTPConnection(_ToBackend, _HTTPConnection):  # type: ignore[misc]
    """urllib3's connection, to a backend.

    Args:
        *args: As for urllib3.
        backend: As for `PoolManager`.
        cache: As for `PoolManager`.
        ignore_timeout: As for `PoolManager`.
        **kwargs: As for urllib3.

    Example:
        >>> from fastly_compute.urllib3 import HTTPConnection
        >>> def weather() -> bytes:
        ...     connection = HTTPConnection("weather.example", backend="weather")
        ...     connection.request("GET", "/")
        ...     return connection.getresponse().data
    """


class HTTPSConnection(_ToBackend, _HTTPSConnection):  # type: ignore[misc]
    """urllib3's connection over TLS, to a backend. The arguments are as for `HTTPConnection`.

    Example:
        >>> from fastly_compute.urllib3 import HTTPSConnection
        >>> def weather() -> bytes:
        ...     connection = HTTPSConnection("weather.example", timeout=5)
        ...     connection.request("GET", "/")
        ...     return connection.getresponse().data
    """

    connect = connect_tls


class HTTPConnectionPool(urllib3.HTTPConnectionPool):
    """urllib3's pool, of `HTTPConnection`; it takes the arguments of both.

    Example:
        >>> from fastly_compute.urllib3 import HTTPConnectionPool
        >>> pool = HTTPConnectionPool("weather.example", backend="weather")
        >>> def weather() -> bytes:
        ...     return pool.request("GET", "/").data
    """

    ConnectionCls = HTTPConnection
    _make_request = make_request


class HTTPSConnectionPool(urllib3.HTTPSConnectionPool):
    """urllib3's pool, of `HTTPSConnection`; it takes the arguments of both.

    Example:
        >>> from fastly_compute.urllib3 import HTTPSConnectionPool
        >>> pool = HTTPSConnectionPool("weather.example", timeout=5)
        >>> def weather() -> bytes:
        ...     return pool.request("GET", "/").data
    """

    ConnectionCls = HTTPSConnection
    _make_request = make_request
