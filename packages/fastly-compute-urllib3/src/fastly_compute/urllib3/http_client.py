"""Makes the standard library's `http.client` send requests to backends."""

from http.client import HTTPSConnection
from typing import Any

from fastly_compute.backend import Backend, BackendOptions
from fastly_compute.urllib3.backend_socket import BackendSocket, origin
from fastly_compute.urllib3.errors import for_http_client
from fastly_compute.urllib3.timeouts import timeout_options
from fastly_compute.urllib3.tls import check_context


def connect(self: Any) -> None:
    """Replace ``HTTPConnection.connect``: connect to the backend of the connection's host."""
    _check(self)
    is_tls = isinstance(self, HTTPSConnection)

    def backend_for(url: str) -> Backend:
        options: BackendOptions = timeout_options(opened.gettimeout())
        return Backend.for_url(url, **options)

    opened = self.sock = BackendSocket(
        origin("https" if is_tls else "http", self.host, self.port),
        backend_for,
        cache=None,
        translate=for_http_client,
        timeout=self.timeout if isinstance(self.timeout, int | float) else None,
    )


def connect_tls(self: Any) -> None:
    """Replace ``HTTPSConnection.connect``: the host makes and verifies the TLS connection."""
    check_context(self._context)
    connect(self)


def _check(connection: Any) -> None:
    if connection._tunnel_host:
        raise NotImplementedError("proxies are not supported: the host makes the connections")
    if connection.source_address is not None:
        raise NotImplementedError("source_address is not supported: the host makes the connections")
