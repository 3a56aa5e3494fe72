"""The head of a client's request: which ones are refused, and what the guest sees."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

import h11

from fastly_compute.local.server.downstream import BodySource, Incoming, RawHeaders

_VERSIONS = frozenset({b"1.0", b"1.1"})
_HOST = re.compile(
    rb"(?:(?P<name>[\w.~%!$&'()*+,;=-]+)|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?"
)
_ABSOLUTE = re.compile(rb"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?]*)(?P<rest>.*)")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LARGEST_PORT = 65535


class RequestRefused(Exception):
    """The request is refused.

    Attributes:
        status: The status of the response.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a client's request as the guest gets it.

    Attributes:
        method: The method.
        url: The URL, absolute except for ``OPTIONS *``.
        headers: In order; consistent with the URL and the framing of the body.
        version: ``HTTP/1.0`` or ``HTTP/1.1``.
        content_length: The declared length, if it applies.
        has_body: Whether a body may follow.
        is_last: Whether the connection ends with this request, because a proxy between the client
            and this server may have taken it for another one.
    """

    method: str
    url: str
    headers: RawHeaders
    version: str
    content_length: int | None
    has_body: bool
    is_last: bool

    def incoming(
        self, body: BodySource, client: tuple[str, int], server: tuple[str, int]
    ) -> Incoming:
        """Make the guest's request.

        Args:
            body: The source of its body.
            client: Address and port of the client.
            server: Address and port that the client connected to.
        """
        return Incoming(
            method=self.method,
            uri=self.url,
            headers=self.headers,
            body=body if self.has_body else b"",
            content_length=self.content_length,
            version=self.version,
            client=client,
            server=server,
        )


def read_head(request: h11.Request) -> Head:
    """Check what h11 does not check (RFC 9112, sections 3.2 and 6.3).

    Args:
        request: The request.

    Raises:
        RequestRefused: It must not be served.
    """
    if request.http_version not in _VERSIONS:
        version = request.http_version.decode()
        raise RequestRefused(505, f"HTTP/{version} is not supported; use HTTP/1.1")
    if request.method == b"CONNECT":
        raise RequestRefused(501, "CONNECT is not supported")
    for name, value in request.headers:
        if _CONTROL.search(value):
            raise RequestRefused(400, f"the header {name.decode()} has a control character")
    named = dict(request.headers)
    host = _checked_host(named.get(b"host", b"localhost"), "the Host header")
    url, host = _located(request, host)
    chunked = b"transfer-encoding" in named
    if chunked and request.http_version == b"1.0":
        raise RequestRefused(400, "Transfer-Encoding is not allowed in HTTP/1.0")
    length = None if chunked else named.get(b"content-length")
    return Head(
        method=request.method.decode("ascii"),
        url=url,
        headers=list(_shown(request, host, chunked=chunked)),
        version=f"HTTP/{request.http_version.decode()}",
        content_length=None if length is None else int(length),
        has_body=chunked or length not in {None, b"0"},
        is_last=chunked and b"content-length" in named,
    )


def _checked_host(text: bytes, what: str) -> bytes:
    match = _HOST.fullmatch(text)
    if match is None:
        raise RequestRefused(400, f"{what} is not a host with or without a port")
    try:
        if match["v6"]:
            IPv6Address(match["v6"].decode())
    except AddressValueError:
        raise RequestRefused(400, f"{what} is not an IPv6 address") from None
    if int(match["port"] or 0) > _LARGEST_PORT:
        raise RequestRefused(400, f"{what} has a port above {_LARGEST_PORT}")
    return text


def _located(request: h11.Request, host: bytes) -> tuple[str, bytes]:
    """Return the requested URL and its host."""
    target = request.target
    if b"#" in target:
        raise RequestRefused(400, "the request target must not have a fragment")
    if target.startswith(b"/"):
        return (b"http://" + host + target).decode("latin-1"), host
    if target == b"*" and request.method == b"OPTIONS":
        return "*", host
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise RequestRefused(400, "the request target must be a path that begins with /, or a URL")
    if match["scheme"].lower() not in {b"http", b"https"}:
        raise RequestRefused(400, "a URL as the request target must begin with http:// or https://")
    return target.decode("latin-1"), _checked_host(match["host"], "the host of the request target")


def _shown(request: h11.Request, host: bytes, *, chunked: bool) -> Iterator[tuple[str, bytes]]:
    for name, value in request.headers.raw_items():
        lower = name.lower()
        if lower == b"content-length" and chunked:
            continue
        # RFC 9112, section 3.2.2: the host of an absolute target takes precedence.
        yield name.decode("ascii"), host if lower == b"host" else value
