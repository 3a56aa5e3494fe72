"""Lets the requests of urllib3 and `http.client` go to backends, for all libraries above them."""

import http.client
from collections.abc import Mapping
from typing import Any, TypeAlias

import urllib3.util.wait
from fastly_compute.urllib3 import connections, http_client
from fastly_compute.urllib3.backend_socket import BackendSocket
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

Replacements: TypeAlias = Mapping[tuple[Any, str], object]

_wait_for_socket = urllib3.util.wait.wait_for_socket


def wait_for_socket(sock: Any, *args: Any, **kwargs: Any) -> bool:
    """Replace ``wait_for_socket`` of urllib3: botocore waits for ``100 Continue`` with it."""
    if isinstance(sock, BackendSocket):
        return sock.is_readable
    return _wait_for_socket(sock, *args, **kwargs)


# Methods, and not classes: botocore and others derive their own from urllib3's.
_URLLIB3: Replacements = {
    (HTTPConnection, "_new_conn"): connections.new_conn,
    (HTTPConnection, "is_connected"): property(connections.is_connected),
    (HTTPSConnection, "connect"): connections.connect_tls,
    (HTTPConnectionPool, "_make_request"): connections.make_request,
    (urllib3.util.wait, "wait_for_socket"): wait_for_socket,
}
_HTTP_CLIENT: Replacements = {
    (http.client.HTTPConnection, "connect"): http_client.connect,
    (http.client.HTTPSConnection, "connect"): http_client.connect_tls,
}
_originals: dict[tuple[Any, str], object] = {}


def _replace(replacements: Replacements) -> None:
    for (owner, name), replacement in replacements.items():
        if (owner, name) not in _originals:
            _originals[owner, name] = vars(owner)[name]
            setattr(owner, name, replacement)


def _restore(replacements: Replacements) -> None:
    for owner, name in replacements:
        if (owner, name) in _originals:
            setattr(owner, name, _originals.pop((owner, name)))


def inject_into_urllib3() -> None:
    """Send the requests of urllib3, and so of all libraries above it, to backends.

    Call it while the app is imported, before or after these libraries are. From then on, nothing
    in the process can connect to a server with urllib3 without a host, test code included, until
    `extract_from_urllib3`. Calling it again does nothing.

    Example:
        >>> import urllib3
        >>> from fastly_compute.urllib3 import inject_into_urllib3
        >>> inject_into_urllib3()
        >>> def weather() -> bytes:
        ...     return urllib3.request("GET", "https://weather.example/").data
    """
    _replace(_URLLIB3)


def extract_from_urllib3() -> None:
    """Undo `inject_into_urllib3`, as a test of other code may have to."""
    _restore(_URLLIB3)


def inject_into_http_client() -> None:
    """Send the requests of `http.client`, and so of `urllib.request`, to backends.

    It concerns all code that uses the standard library's connections, but not urllib3, which has
    its own. Calling it again does nothing.

    Example:
        >>> from urllib.request import urlopen
        >>> from fastly_compute.urllib3 import inject_into_http_client
        >>> inject_into_http_client()
        >>> def weather() -> bytes:
        ...     with urlopen("https://weather.example/", timeout=5) as response:
        ...         return response.read()
    """
    _replace(_HTTP_CLIENT)


def extract_from_http_client() -> None:
    """Undo `inject_into_http_client`."""
    _restore(_HTTP_CLIENT)
