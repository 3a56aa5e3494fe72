"""The environ of a request, as defined by PEP 3333 and CGI (RFC 3875)."""

import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from fastly_compute.http import IncomingRequest
from fastly_compute.wsgi.file_wrapper import FileWrapper
from fastly_compute.wsgi.input import Input

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_BARE = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE"})
# HTTP_PROXY would be taken for the proxy of outgoing requests (CVE-2016-5385); and the host has
# already decoded the chunked framing.
_LEFT_OUT = frozenset({"PROXY", "TRANSFER_ENCODING"})


def make_environ(request: IncomingRequest, *, run_once: bool) -> "WSGIEnvironment":
    """Make the environ of a request.

    Args:
        request: The request.
        run_once: Whether the sandbox serves only this request.
    """
    scheme, authority, path = request.scheme, request.host, request.path or "/"
    if "%" in path or not path.isascii():
        path = unquote_to_bytes(path).decode("latin-1")
    name, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        name, port = authority, ""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": request.query_string,
        "SERVER_NAME": name or "localhost",
        "SERVER_PORT": port or ("443" if scheme == "https" else "80"),
        "SERVER_PROTOCOL": request.http_version,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": Input(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": run_once,
        "wsgi.file_wrapper": FileWrapper,
        "fastly.request": request,
    }
    address = request.client_address
    if address is not None:
        environ["REMOTE_ADDR"] = address
    repeated: dict[str, list[str]] = {}
    for field, value in request.headers.items():
        key = field.upper()
        # A name with "_" could pass for the field with "-" instead.
        if "_" in key:
            continue
        key = key.replace("-", "_")
        if key in _LEFT_OUT:
            continue
        if key not in _BARE:
            key = f"HTTP_{key}"
        if key in environ:
            repeated.setdefault(key, [environ[key]]).append(value)
        else:
            environ[key] = value
    for key, values in repeated.items():
        environ[key] = ("; " if key == "HTTP_COOKIE" else ",").join(values)
    if authority:
        environ.setdefault("HTTP_HOST", authority)  # in HTTP/2, only the URL has it
    return environ
