"""Writes a response as the bytes of HTTP/1.1 that `http.client` reads (RFC 9112)."""

from collections.abc import Iterator
from http.client import responses

from fastly_compute.http import BodyIncomplete, Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_NO_BODY = frozenset({204, 304})


def as_bytes(response: Response, method: str) -> Iterator[bytes]:
    """Write a response, whose body is read as the bytes are asked for.

    A body that ends too early ends early here, too, if its framing shows that.

    Args:
        response: The response, as it was received.
        method: The request's method.

    Yields:
        The head, and then the parts of the body as they arrive.

    Raises:
        HttpError: Reading it failed.
    """
    status = response.status
    version = "HTTP/1.0" if response.http_version == "HTTP/1.0" else "HTTP/1.1"
    lines = [f"{version} {status} {responses.get(status, '')}"]
    is_chunked = has_length = False
    for name, value in response.headers.items():
        lower = name.lower()
        if lower == "transfer-encoding":
            is_chunked = True
            continue
        has_length = has_length or lower == "content-length"
        lines.append(f"{name}: {value}")
    if is_chunked and not has_length:
        lines.append("Transfer-Encoding: chunked")
    is_chunked = is_chunked and not has_length
    yield "\r\n".join([*lines, "\r\n"]).encode("latin-1")
    if method == "HEAD" or status in _NO_BODY:
        return
    try:
        for piece in response.body.iter_bytes():
            yield b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece
    except BodyIncomplete:
        if is_chunked or has_length:
            return
        raise
    if is_chunked:
        yield b"0\r\n\r\n"
