"""The scope of a request (the ASGI HTTP specification, "HTTP Connection Scope")."""

from collections.abc import Mapping
from urllib.parse import unquote

from fastly_compute.http import IncomingRequest

ASGI = {"version": "3.0", "spec_version": "2.4"}
"""The versions of ASGI and of its HTTP specification; since 2.4, ``send`` may raise `OSError`."""

EXTENSIONS = (
    "http.response.early_hint",
    "http.response.pathsend",
    "http.response.trailers",
)
"""The extensions that every scope announces."""


def make_scope(request: IncomingRequest, state: Mapping[str, object]) -> dict[str, object]:
    """Make the scope of a request.

    Args:
        request: The request.
        state: What the app stored during its startup; copied.
    """
    scheme, authority, path = request.scheme, request.host, request.path or "/"
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in request.headers.items()
    ]
    if authority and "host" not in request.headers:
        headers.insert(0, (b"host", authority.encode()))  # in HTTP/2, only the URL has it
    address = request.client_address
    return {
        "type": "http",
        "asgi": ASGI.copy(),
        "http_version": request.http_version.removeprefix("HTTP/"),
        "method": request.method.upper(),
        "scheme": scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": request.query_string.encode(),
        "root_path": "",
        "headers": headers,
        "client": None if address is None else (address, 0),  # no host knows the port
        "server": _server(authority, scheme),
        "state": dict(state),
        "extensions": {name: {} for name in EXTENSIONS},
        "fastly.request": request,
    }


def _server(authority: str, scheme: str) -> tuple[str, int]:
    name, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        name, port = authority, ""
    if not (port.isascii() and port.isdigit()):
        port = "443" if scheme == "https" else "80"
    return name.removeprefix("[").removesuffix("]") or "localhost", int(port)
