"""Connections and pools of urllib3 whose requests go to backends."""

from typing import Any

import urllib3
from fastly_compute.backend import Backend, BackendOptions
from fastly_compute.http import CacheOptions
from fastly_compute.urllib3.backend_socket import BackendSocket, origin
from fastly_compute.urllib3.errors import for_urllib3
from fastly_compute.urllib3.socket_options import keepalive_options
from fastly_compute.urllib3.timeouts import timeout_options
from fastly_compute.urllib3.tls import tls_options
from urllib3.connection import HTTPConnection as _HTTPConnection
from urllib3.connection import HTTPSConnection as _HTTPSConnection
from urllib3.util import Timeout

_pool_make_request = urllib3.HTTPConnectionPool._make_request


def new_conn(self: Any) -> BackendSocket:
    """Replace ``HTTPConnection._new_conn``: connect to the backend of the connection's host."""
    _check(self)
    is_tls = isinstance(self, _HTTPSConnection)
    fixed: BackendOptions = keepalive_options(self.socket_options)
    if is_tls:
        fixed = {**fixed, **tls_options(self)}

    def backend_for(url: str) -> Backend | str:
        timeout = getattr(self, "_request_timeout", self.timeout)
        options: BackendOptions = {**timeout_options(timeout), **fixed}
        backend: Backend | str | None = getattr(self, "_backend", None)
        if backend is None:
            return Backend.for_url(url, **options)
        if options:
            raise ValueError(
                f"{next(iter(options))} cannot be set for a backend that is given: it has its own "
                "options; configure them there, or leave the backend out"
            )
        return backend

    return BackendSocket(
        origin("https" if is_tls else "http", self.host, self.port),
        backend_for,
        cache=getattr(self, "_cache", None),
        translate=lambda error: for_urllib3(error, self),
        timeout=self.timeout,
    )


def _check(connection: Any) -> None:
    if connection.proxy or connection._tunnel_host:
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


class HTTPConnection(_HTTPConnection):
    """urllib3's connection, to a backend.

    Args:
        backend: A backend or its name; None for the dynamic backend of each URL.
        cache: How the cache treats requests; see `PoolManager`.
    """

    def __init__(
        self,
        *args: Any,
        backend: Backend | str | None = None,
        cache: CacheOptions | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._backend = backend
        self._cache = cache

    _new_conn = new_conn  # type: ignore[assignment]
    is_connected = property(is_connected)


class HTTPSConnection(_HTTPSConnection):
    """urllib3's connection over TLS, to a backend. The arguments are as for `HTTPConnection`."""

    def __init__(
        self,
        *args: Any,
        backend: Backend | str | None = None,
        cache: CacheOptions | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._backend = backend
        self._cache = cache

    _new_conn = new_conn  # type: ignore[assignment]
    connect = connect_tls
    is_connected = property(is_connected)


class HTTPConnectionPool(urllib3.HTTPConnectionPool):
    """urllib3's pool, of connections to a backend."""

    ConnectionCls = HTTPConnection
    _make_request = make_request


class HTTPSConnectionPool(urllib3.HTTPSConnectionPool):
    """urllib3's pool, of connections over TLS to a backend."""

    ConnectionCls = HTTPSConnection
    _make_request = make_request
