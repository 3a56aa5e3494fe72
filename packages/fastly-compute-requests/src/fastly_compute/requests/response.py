"""A response, as ``requests`` has it."""

import codecs

# What a page may be encoded in must be in the image: nothing can be imported while serving.
import encodings.ascii
import encodings.cp1252
import encodings.iso8859_15
import encodings.latin_1
import encodings.utf_8_sig
import encodings.utf_16
import encodings.utf_16_be
import encodings.utf_16_le
import encodings.utf_32
import encodings.utf_32_be
import encodings.utf_32_le  # noqa: F401
import json as _json
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, overload

from fastly_compute import http
from fastly_compute.core import HandleClosed
from fastly_compute.requests.exceptions import (
    HTTPError,
    JSONDecodeError,
    StreamConsumedError,
    translated,
)
from fastly_compute.requests.prepare import PreparedRequest
from fastly_compute.requests.structures import CaseInsensitiveDict

S = TypeVar("S", str, bytes)
T = TypeVar("T")

_CONSUMED = "the body of this response was read or closed before"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZEROS = {
    (): "utf-8",
    (0, 2): "utf-16-be",
    (1, 3): "utf-16-le",
    (0, 1, 2): "utf-32-be",
    (1, 2, 3): "utf-32-le",
}


def _encoding_of(content_type: str | None) -> str | None:
    """Find the encoding that a Content-Type stands for, by the rules of ``requests``."""
    if not content_type:
        return None
    kind, *parameters = content_type.split(";")
    for parameter in reversed(parameters):
        name, equals, value = parameter.partition("=")
        if equals and name.strip("\"' ").lower() == "charset":
            return value.strip("\"' ")
    if "text" in kind:
        return "ISO-8859-1"
    return "utf-8" if "application/json" in kind else None


def _encoding_of_json(content: bytes) -> str | None:
    """Tell which UTF a JSON text is in, from its first four bytes (RFC 4627, section 3)."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return encoding
    return _ZEROS.get(tuple(at for at, byte in enumerate(content[:4]) if byte == 0))


class Response:
    """The answer to a request.

    Unless the request was made with ``stream=True``, its body has been read already. It is true
    if its status is below 400.

    Attributes:
        status_code: The status.
        reason: The usual phrase for the status, as HTTP/2 has none; ``Unknown`` for an unknown one.
        url: The URL that was requested.
        request: The request.
        elapsed: The time from sending the request until the response's headers were there.

    Example:
        >>> from fastly_compute import requests
        >>> def temperature(city: str) -> float:
        ...     response = requests.get(
        ...         "https://weather.example/now", params={"city": city}, timeout=2
        ...     )
        ...     response.raise_for_status()
        ...     return response.json()["celsius"]
    """

    __slots__ = (
        "__weakref__",
        "_content",
        "_encoding",
        "_headers",
        "_received",
        "elapsed",
        "reason",
        "request",
        "status_code",
        "url",
    )

    def __init__(
        self, received: http.Response, *, request: PreparedRequest, elapsed: timedelta
    ) -> None:
        self._received = received
        self._content: bytes | None = None
        self.status_code = received.status
        self.reason = _PHRASES.get(self.status_code, "Unknown")
        self.url = request.url
        self.request = request
        self.elapsed = elapsed
        self._headers: CaseInsensitiveDict[str] | None = None
        self._encoding: tuple[str | None] | None = None

    @property
    def headers(self) -> CaseInsensitiveDict[str]:
        """The headers; several values of one name are joined with ``", "``."""
        if self._headers is None:
            headers = self._read(lambda: self._received.headers)
            self._headers = CaseInsensitiveDict(
                (name, ", ".join(headers.get_all(name))) for name in headers
            )
        return self._headers

    @property
    def encoding(self) -> str | None:
        """The encoding of `text`; can be set.

        It is the charset of the Content-Type; without one, ISO-8859-1 for text and UTF-8 for JSON,
        else None.
        """
        if self._encoding is None:
            self._encoding = (_encoding_of(self.headers.get("content-type")),)
        return self._encoding[0]

    @encoding.setter
    def encoding(self, encoding: str | None) -> None:
        self._encoding = (encoding,)

    @property
    def ok(self) -> bool:
        """Whether `raise_for_status` would not raise."""
        return not 400 <= self.status_code < 600

    def __bool__(self) -> bool:
        return self.ok

    @property
    def is_redirect(self) -> bool:
        """Whether it sends the client elsewhere: 301, 302, 303, 307 or 308, with a Location."""
        return "location" in self.headers and self.status_code in _REDIRECTS

    @property
    def is_permanent_redirect(self) -> bool:
        """Whether it does so for good: 301 or 308, with a Location."""
        return "location" in self.headers and self.status_code in {301, 308}

    def raise_for_status(self) -> None:
        """Raise if the status says that the request failed.

        Raises:
            HTTPError: The status is 400 to 599.
        """
        if self.ok:
            return
        whose = "Client" if self.status_code < 500 else "Server"
        raise HTTPError(
            f"{self.status_code} {whose} Error: {self.reason} for url: {self.url}", response=self
        )

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except HandleClosed as error:
            raise StreamConsumedError(_CONSUMED, response=self) from error
        except http.HttpError as error:
            raise translated(error, response=self) from error

    @property
    def content(self) -> bytes:
        """The body; what is left of it, if part of a stream was read.

        Raises:
            ChunkedEncodingError: The connection was closed before its end.
            ConnectionError: Reading failed, or the time between bytes ran out.
            StreamConsumedError: The stream was read to its end, or closed.
        """
        if self._content is None:
            self._content = self._read(self._received.body.read)
        return self._content

    @property
    def apparent_encoding(self) -> str:
        """The encoding that is taken where `encoding` is None: UTF-8. Nothing is guessed."""
        return "utf-8"

    @property
    def text(self) -> str:
        """The body as text: in its `encoding`, or UTF-8 if that is None or unknown.

        What cannot be decoded becomes U+FFFD.

        Raises:
            RequestException: Reading failed, as for `content`.
        """
        content = self.content
        try:
            return str(content, self.encoding or self.apparent_encoding, errors="replace")
        except (LookupError, ValueError):
            return str(content, errors="replace")

    def json(self, **kwargs: Any) -> Any:
        """Read the body as JSON.

        Args:
            **kwargs: Those of `json.loads`.

        Returns:
            The value.

        Raises:
            JSONDecodeError: It is not JSON.
            RequestException: Reading failed, as for `content`.
        """
        text = None
        if not self.encoding and len(self.content) > 3:
            encoding = _encoding_of_json(self.content)
            if encoding is not None:
                try:
                    text = self.content.decode(encoding)
                except UnicodeDecodeError:
                    text = None  # some other encoding, against the RFC: as `text` has it
        try:
            return _json.loads(self.text if text is None else text, **kwargs)
        except _json.JSONDecodeError as error:
            raise JSONDecodeError(error.msg, error.doc, error.pos, response=self) from error

    @overload
    def iter_content(
        self, chunk_size: int | None = 1, decode_unicode: Literal[False] = False
    ) -> Iterator[bytes]: ...
    @overload
    def iter_content(
        self, chunk_size: int | None = 1, *, decode_unicode: Literal[True]
    ) -> Iterator[str] | Iterator[bytes]: ...
    def iter_content(
        self, chunk_size: int | None = 1, decode_unicode: bool = False
    ) -> Iterator[str] | Iterator[bytes]:
        """Read the body in chunks.

        Args:
            chunk_size: The bytes of each chunk but the last; None for chunks as they come.
            decode_unicode: Whether to decode, if there is an `encoding`.

        Returns:
            An iterator over the chunks.

        Raises:
            LookupError: The `encoding` is to be used, and is unknown.
            StreamConsumedError: The stream was read to its end, or closed.
            TypeError: The size is no ``int``.
            ValueError: The size is less than 1.
            RequestException: While iterating: reading failed, as for `content`.
        """
        if chunk_size is not None and not isinstance(chunk_size, int):
            raise TypeError(f"chunk_size must be an int, it is instead a {type(chunk_size)}.")
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(f"chunk_size must be at least 1, not {chunk_size}")
        if self._content is None and self._received.body.closed:
            raise StreamConsumedError(_CONSUMED, response=self)
        chunks = self._chunks(chunk_size)
        if decode_unicode and self.encoding is not None:
            return _decoded(chunks, codecs.getincrementaldecoder(self.encoding)("replace"))
        return chunks

    def _chunks(self, size: int | None) -> Iterator[bytes]:
        body = self._received.body
        if self._content is not None:
            step = size or len(self._content) or 1
            for at in range(0, len(self._content), step):
                yield self._content[at : at + step]
        elif size is None:
            pieces = self._read(body.iter_bytes)
            while piece := self._read(lambda: next(pieces, b"")):
                yield piece
        else:
            while piece := self._read(lambda: body.read(size)):
                yield piece

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_content(128)

    @overload
    def iter_lines(
        self,
        chunk_size: int = 512,
        decode_unicode: Literal[False] = False,
        delimiter: bytes | None = None,
    ) -> Iterator[bytes]: ...
    @overload
    def iter_lines(
        self,
        chunk_size: int = 512,
        *,
        decode_unicode: Literal[True],
        delimiter: str | None = None,
    ) -> Iterator[str] | Iterator[bytes]: ...
    def iter_lines(
        self,
        chunk_size: int = 512,
        decode_unicode: bool = False,
        delimiter: str | bytes | None = None,
    ) -> Iterator[str] | Iterator[bytes]:
        r"""Read the body in lines.

        Args:
            chunk_size: How many bytes to wait for at a time.
            decode_unicode: Whether to decode, if there is an `encoding`.
            delimiter: What ends a line; by default, what does for ``splitlines``. Of the type that
                the lines have.

        Returns:
            An iterator over the lines, without what ends them.

        Raises:
            RequestException: As for `iter_content`.
        """
        chunks: Iterator[Any] = (
            self.iter_content(chunk_size, decode_unicode=True)
            if decode_unicode
            else self.iter_content(chunk_size)
        )
        return _lines(chunks, delimiter)

    def close(self) -> None:
        """Release the body. What was not read of it cannot be read any more."""
        self._received.body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


def _decoded(chunks: Iterator[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    for chunk in chunks:
        text = decoder.decode(chunk)
        if text:
            yield text
    text = decoder.decode(b"", final=True)
    if text:
        yield text


def _lines(chunks: Iterator[S], delimiter: S | None) -> Iterator[S]:
    rest: S | None = None
    for chunk in chunks:
        text = chunk if rest is None else rest + chunk
        parts = text.split(delimiter) if delimiter else _split_lines(text)
        rest = parts.pop()
        yield from parts
    if rest is not None:
        yield from [rest] if delimiter else rest.splitlines()


def _split_lines(text: S) -> list[S]:
    """Return the lines that have ended, and what comes behind them."""
    lines = text.splitlines(keepends=True)
    last = lines[-1]
    carriage_return = "\r" if isinstance(text, str) else b"\r"
    # A carriage return may be the first half of a line's end.
    goes_on = last == last.splitlines()[0] or last.endswith(carriage_return)
    rest = lines.pop() if goes_on else text[:0]
    return [line.splitlines()[0] for line in lines] + [rest]
