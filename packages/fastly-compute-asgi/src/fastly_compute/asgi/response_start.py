"""The head of a response, as an app gives it in ``http.response.start``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastly_compute.asgi.errors import AsgiError
from fastly_compute.asgi.types import SentEvent
from fastly_compute.http import Headers

# They concern the connection, which is the host's: ASGI demands to ignore the last.
_LEFT_OUT = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class ResponseStart:
    """The head of a response.

    Attributes:
        status: The status, 200 to 599.
        headers: The headers, except Content-Length and those that are about the connection.
        length: The Content-Length, if the app gave one.
        trailers: Whether ``http.response.trailers`` follows the body.
    """

    status: int
    headers: Headers
    length: int | None
    trailers: bool


def parse_start(event: SentEvent) -> ResponseStart:
    """Check an event ``http.response.start``.

    Raises:
        AsgiError: A value has the wrong type, or breaks a rule.
        InvalidHeader: A header is invalid in HTTP.
    """
    status = event.get("status")
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise AsgiError(f"http.response.start: status must be an int, 200 to 599, not {status!r}")
    headers = Headers()
    length = None
    for name, value in pairs(event):
        key = name.lower()
        if key in _LEFT_OUT:
            continue
        if key != b"content-length":
            headers.add(name.decode("latin-1"), value.strip(b" \t").decode("latin-1"))
        elif not value.isdigit() or length not in (None, int(value)):
            raise AsgiError(
                "http.response.start: content-length must be a single number of bytes, not "
                f"{value!r}"
            )
        else:
            length = int(value)
    return ResponseStart(status, headers, length, bool(event.get("trailers", False)))


def pairs(event: SentEvent) -> Iterator[tuple[bytes, bytes]]:
    """Iterate over the headers of an event.

    Raises:
        AsgiError: They are not pairs of bytes.
    """
    headers = event.get("headers", ())
    if not isinstance(headers, Iterable) or isinstance(headers, bytes | str):
        raise AsgiError(
            f"{event['type']}: headers must be an iterable of pairs, not {type(headers).__name__}"
        )
    for pair in headers:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise AsgiError(f"{event['type']}: each header must be a pair of name and value")
        name, value = pair
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            kinds = f"{type(name).__name__} and {type(value).__name__}"
            raise AsgiError(
                f"{event['type']}: a header's name and value must be bytes, not {kinds}"
            )
        yield name, value
