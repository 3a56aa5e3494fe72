"""The target of a client's request, in all its forms (RFC 9112, section 3.2)."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastly_compute.http.incoming import IncomingRequest

# It matches any text: clients can put anything into a Host header or a request target.
_TARGET = re.compile(r"(?:([^:/?#]+)://([^/?#]*))?([^?#]*)(?:\?([^#]*))?")


def split_target(request: "IncomingRequest") -> tuple[str, ...]:
    """Return the scheme, host, path and query of a request."""
    found = _TARGET.match(request.url)
    parts: tuple[str, ...] = ("",) * 4 if found is None else found.groups("")
    scheme, _, path, query = parts
    if scheme:
        return parts
    if request.method == "CONNECT":
        return "http", request.url, "", ""
    return "http", request.headers.get("host") or "", path, query
