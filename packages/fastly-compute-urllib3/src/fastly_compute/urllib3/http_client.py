"""Makes the standard library's `http.client` send requests to backends."""

import sys
from typing import Any

from fastly_compute.backend import Backend, BackendOptions
from fastly_compute.urllib3.backend_socket import BackendSocket, origin
from fastly_compute.urllib3.connections import check_connection
from fastly_compute.urllib3.errors import for_http_client
from fastly_compute.urllib3.targets import BY_URL
from fastly_compute.urllib3.timeouts import timeouts_of
from fastly_compute.urllib3.tls import context_options


def connect(self: Any) -> None:
    """Replace ``HTTPConnection.connect``: connect to the backend of the connection's host."""
    _connect(self, "http", BackendOptions())


def connect_tls(self: Any) -> None:
    """Replace ``HTTPSConnection.connect``: the host makes and verifies the TLS connection."""
    _connect(self, "https", context_options(self._context))


def _connect(self: Any, scheme: str, tls: BackendOptions) -> None:
    check_connection(self)
    sys.audit("http.client.connect", self, self.host, self.port)  # as http.client does

    def backend_for(url: str) -> Backend | str:
        return BY_URL.of(url, timeouts_of(opened.gettimeout()), tls)

    opened = self.sock = BackendSocket(
        origin(scheme, self.host, self.port),
        backend_for,
        cache=BY_URL.cache_options,
        translate=for_http_client,
        timeout=self.timeout if isinstance(self.timeout, int | float) else None,
    )
