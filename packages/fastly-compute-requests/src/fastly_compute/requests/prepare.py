"""A request, ready to be sent: what ``requests`` makes of the arguments."""

import json as _json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fastly_compute import http
from fastly_compute.requests.exceptions import InvalidHeader, InvalidJSONError
from fastly_compute.requests.structures import CaseInsensitiveDict
from fastly_compute.requests.urls import Pairs, encode_form, prepare_url

Data: TypeAlias = (
    Pairs | str | bytes | bytearray | memoryview | http.Readable | Iterable[bytes | str] | None
)
"""What `request` takes as its ``data``."""

HeaderArgument: TypeAlias = Mapping[str, str | bytes | None] | None
"""What `request` takes as its ``headers``."""

_DEFAULTS = {"User-Agent": "fastly-compute-requests", "Accept": "*/*"}
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class PreparedRequest:
    """A request as it is sent.

    Attributes:
        method: The method.
        url: The URL, escaped, with the params.
        headers: The headers, save those that the host adds.
        body: The body: bytes, an iterator over the pieces of a stream, or None.
    """

    method: str
    url: str
    headers: CaseInsensitiveDict[str]
    body: bytes | Iterator[bytes] | None

    def __repr__(self) -> str:
        return f"<PreparedRequest [{self.method}]>"


def _prepare_headers(headers: HeaderArgument) -> CaseInsensitiveDict[str]:
    prepared = CaseInsensitiveDict(_DEFAULTS)
    for key, value in (headers or {}).items():
        name = key.decode("ascii") if isinstance(key, bytes) else key
        if value is None:
            prepared.pop(name, None)
            continue
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if not isinstance(value, str):
            kind = type(value).__name__
            raise InvalidHeader(f"header {name!r} must have a value of str or bytes, not {kind}")
        prepared[name] = value.rstrip(" \t")
    try:
        http.Headers(prepared)
    except http.InvalidHeader as error:
        raise InvalidHeader(str(error)) from error
    return prepared


def _pieces(data: object) -> Iterator[bytes]:
    """Read a stream, of bytes or of text, which is sent as UTF-8."""
    read = getattr(data, "read", None)
    pieces = iter(lambda: read(_PIECE), None) if callable(read) else iter(data)  # type: ignore[call-overload]
    for piece in pieces:
        if not piece and callable(read):
            return
        yield piece.encode() if isinstance(piece, str) else piece


def _prepare_body(data: Data, json: object) -> tuple[bytes | Iterator[bytes] | None, str | None]:
    """Return the body and its content type."""
    if isinstance(data, bytes | bytearray | memoryview | str):
        if data:
            return (data.encode() if isinstance(data, str) else bytes(data)), None
    elif isinstance(data, Mapping | list | tuple):
        if data:
            return encode_form(data).encode(), "application/x-www-form-urlencoded"
    elif callable(getattr(data, "read", None)) or isinstance(data, Iterable):
        return _pieces(data), None
    elif data is not None:
        raise TypeError(
            f"data is a form, bytes, str, a file or an iterable of bytes, not {type(data).__name__}"
        )
    if json is None:
        return None, None
    try:
        return _json.dumps(json, allow_nan=False).encode(), "application/json"
    except ValueError as error:
        raise InvalidJSONError(str(error)) from error


def prepare(
    method: str,
    url: str | bytes,
    *,
    params: "Pairs | str | bytes | None" = None,
    data: Data = None,
    json: object = None,
    headers: HeaderArgument = None,
) -> PreparedRequest:
    """Make the request that ``requests`` would send.

    Args:
        method: The method, in any case.
        url: An absolute URL.
        params: Added to the URL's query.
        data: The body.
        json: The body as JSON, if there is no other.
        headers: Set over the defaults; None takes a default away.

    Returns:
        The request. The arguments are not changed.

    Raises:
        InvalidHeader: A header cannot be sent.
        InvalidJSONError: The JSON holds numbers that JSON lacks, or itself.
        InvalidSchema: The URL's scheme is neither ``http`` nor ``https``.
        InvalidURL: The URL is malformed.
        MissingSchema: The URL has no scheme.
        NotImplementedError: The URL holds credentials.
        TypeError: An argument has a type that it cannot have.
    """
    final_url = prepare_url(url, params)
    prepared = _prepare_headers(headers)
    body, content_type = _prepare_body(data, json)
    if content_type is not None:
        prepared.setdefault("Content-Type", content_type)
    return PreparedRequest(method=method.upper(), url=final_url, headers=prepared, body=body)
