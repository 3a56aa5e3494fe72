"""A response, as ``requests`` has it."""

import json as _json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from fastly_compute import http
from fastly_compute.requests.chunks import decoded, lines_of, slices
from fastly_compute.requests.cookies import RequestsCookieJar, extract_cookies_to_jar
from fastly_compute.requests.exceptions import (
    ContentConsumed,
    HTTPError,
    JSONDecodeError,
    RequestException,
    StreamConsumedError,
)
from fastly_compute.requests.held_headers import HeldHeaders
from fastly_compute.requests.raw import Raw, values_of, whole
from fastly_compute.requests.status_codes import PHRASES
from fastly_compute.requests.structures import CaseInsensitiveDict, ReceivedHeaders
from fastly_compute.requests.utils import (
    get_encoding_from_headers,
    json_text,
    parse_header_links,
)

if TYPE_CHECKING:
    from fastly_compute.requests.adapters import BaseAdapter
    from fastly_compute.requests.models import PreparedRequest

REDIRECT_STATI = (301, 302, 303, 307, 308)
_READ_AT_ONCE = 10 * 1024


class Response:
    """The answer to a request.

    Unless the request was made with ``stream=True``, its body has been read already. It is true
    if its status is below 400. Your own adapters create one directly, and set its attributes.

    Attributes:
        status_code: The status.
        reason: The usual phrase for the status, as HTTP/2 has none; ``Unknown`` for an unknown one.
        url: The URL that was requested.
        request: The request.
        history: The redirects that led here, and the challenge that was met, oldest first.
        elapsed: The time from sending the request until the response's headers were there.
        connection: The adapter that sent it.

    Example:
        >>> from fastly_compute import requests
        >>> def temperature(city: str) -> float:
        ...     response = requests.get(
        ...         "https://weather.example/now", params={"city": city}, timeout=2
        ...     )
        ...     response.raise_for_status()
        ...     return response.json()["celsius"]
    """

    __attrs__ = (
        *("_content", "status_code", "url", "headers", "history", "encoding", "reason"),
        *("cookies", "elapsed", "request"),
    )

    def __init__(self) -> None:
        self.status_code: int = None  # type: ignore[assignment]
        self.reason: str = None  # type: ignore[assignment]
        self.url: str = None  # type: ignore[assignment]
        self.request: PreparedRequest = None  # type: ignore[assignment]
        self.connection: BaseAdapter | None = None
        self.history: list[Response] = []
        self.elapsed = timedelta(0)
        self._received: http.Response | None = None
        self._content: Any = False
        self._content_consumed = False
        self._next: PreparedRequest | None = None
        self._raw: Any = None
        self._headers: CaseInsensitiveDict[str] | None = None
        self._cookies: RequestsCookieJar | None = None
        self._encoding: Any = ...

    @classmethod
    def _of(
        cls, received: http.Response, request: "PreparedRequest", connection: "BaseAdapter"
    ) -> Self:
        response = cls()
        response._received = received
        response.status_code = received.status
        response.reason = PHRASES.get(response.status_code, "Unknown")
        response.url = request.url or ""
        response.request = request
        response.connection = connection
        return response

    def __getstate__(self) -> dict[str, Any]:
        """Read the body, and return what a copy or a pickle has: all but the connection."""
        _ = None if self._content_consumed else self.content
        return {name: getattr(self, name) for name in self.__attrs__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what was copied or pickled."""
        Response.__init__(self)
        self.__dict__.update(_content_consumed=True)
        for name, value in state.items():
            setattr(self, name, value)

    @property
    def raw(self) -> Any:
        """The body as a file; can be set, to anything that has ``read``."""
        if self._raw is None and self._received is not None:
            self._raw = Raw(self._received)
        return self._raw

    @raw.setter
    def raw(self, raw: object) -> None:
        self._raw = raw

    @property
    def headers(self) -> CaseInsensitiveDict[str]:
        """The headers; several values of one name are joined with ``", "``; can be set.

        Those of a response from a backend have ``getlist(name)`` as well, for Set-Cookie.
        """
        if self._headers is None:
            received = self._received
            self._headers = HeldHeaders(received, self) if received else CaseInsensitiveDict()
        return self._headers

    @headers.setter
    def headers(self, headers: CaseInsensitiveDict[str]) -> None:
        self._headers = headers

    def _values(self, name: str) -> list[str]:
        """Every value of one header; the others are left where they are."""
        if self._headers is None and self._received is not None:
            return self._named(values_of, self._received, name)  # type: ignore[no-any-return]
        headers = self.headers
        return headers.getlist(name) if isinstance(headers, ReceivedHeaders) else []

    @property
    def cookies(self) -> RequestsCookieJar:
        """The cookies that it sets; can be set."""
        if self._cookies is None:
            self._cookies = RequestsCookieJar()
            if self._received is not None:
                extract_cookies_to_jar(self._cookies, self.request, self)
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: RequestsCookieJar) -> None:
        self._cookies = cookies

    @property
    def encoding(self) -> str | None:
        """The encoding of `text`; can be set.

        It is the charset of the Content-Type; without one, ISO-8859-1 for text and UTF-8 for JSON,
        else None.
        """
        if self._encoding is ...:
            self._encoding = get_encoding_from_headers(self.headers) if self._received else None
        return self._encoding  # type: ignore[no-any-return]

    @encoding.setter
    def encoding(self, encoding: str | None) -> None:
        self._encoding = encoding

    @property
    def ok(self) -> bool:
        """Whether `raise_for_status` would not raise."""
        return not 400 <= self.status_code < 600

    def __bool__(self) -> bool:
        return self.ok

    @property
    def is_redirect(self) -> bool:
        """Whether it sends the client elsewhere: 301, 302, 303, 307 or 308, with a Location."""
        return self.status_code in REDIRECT_STATI and "location" in self.headers

    @property
    def is_permanent_redirect(self) -> bool:
        """Whether it does so for good: 301 or 308, with a Location."""
        return self.status_code in (301, 308) and "location" in self.headers

    @property
    def next(self) -> "PreparedRequest | None":
        """The request that follows a redirect which was not followed.

        None if it is not one, or where its Location leads cannot be requested.
        """
        return self._next

    @property
    def links(self) -> dict[str, dict[str, str]]:
        """The links of its Link header, by their ``rel`` or else their URL."""
        links = parse_header_links(self.headers.get("link") or "")
        return {link.get("rel") or link["url"]: link for link in links}

    def raise_for_status(self) -> None:
        """Raise if the status says that the request failed.

        Raises:
            HTTPError: The status is 400 to 599.
        """
        if self.ok:
            return
        whose = "Client" if self.status_code < 500 else "Server"
        text = f"{self.status_code} {whose} Error: {self.reason} for url: {self.url}"
        raise HTTPError(text, response=self)

    @property
    def content(self) -> bytes:
        """The body; what is left of it, if part of a stream was read.

        What Content-Encoding says is taken off: gzip and deflate. Other codings are left alone.

        Raises:
            ChunkedEncodingError: The connection was closed before its end.
            ConnectionError: Reading failed, or the time between bytes ran out.
            ContentDecodingError: It is not what Content-Encoding says.
            StreamConsumedError: The stream was read to its end, or closed.
        """
        if self._content is False:
            if self._is_gone:
                raise ContentConsumed(
                    "The content for this response was already consumed", response=self
                )
            raw = self._raw
            if raw is None:
                received = self._received
                self._content = None if received is None else self._named(whole, received)
            elif isinstance(raw, Raw):
                self._content = self._named(raw.read, None, True)
            else:
                self._content = b"".join(self._chunks(_READ_AT_ONCE))
        self._content_consumed = True
        return self._content  # type: ignore[no-any-return]

    @property
    def _is_gone(self) -> bool:
        """Whether the body was read as a stream, or closed."""
        if self._content is not False:
            return False
        if self._content_consumed:
            return True
        if self._raw is None:
            return self._received is not None and self._received.body.closed
        return isinstance(self._raw, Raw) and self._raw._is_gone

    def _named(self, read: Any, *arguments: object) -> Any:
        """Read, and say in an error which response it was."""
        try:
            return read(*arguments)
        except RequestException as error:
            error.response = self
            error.request = self.request
            raise

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
        content = self.content or b""
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
            JSONDecodeError: It is not JSON, or nested too deeply, or has a number that is too long.
            RequestException: Reading failed, as for `content`.
        """
        text = None if self.encoding else json_text(self.content or b"")
        try:
            return _json.loads(self.text if text is None else text, **kwargs)
        except _json.JSONDecodeError as error:
            raise JSONDecodeError(error.msg, error.doc, error.pos, response=self) from error
        except (RecursionError, ValueError) as error:  # nested too deeply, or a number too long
            raise JSONDecodeError(str(error), self.text, 0, response=self) from error

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
            UnknownCharset: The `encoding` is to be used, and is unknown.
            StreamConsumedError: The stream was read to its end, or closed.
            TypeError: The size is not an ``int``.
            ValueError: The size is less than 1.
            RequestException: While iterating: reading failed, as for `content`.
        """
        if self._is_gone:
            raise StreamConsumedError(response=self)
        if chunk_size is not None and not isinstance(chunk_size, int):
            raise TypeError(f"chunk_size must be an int, it is instead a {type(chunk_size)}.")
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(f"chunk_size must be at least 1, not {chunk_size}")
        if self._content_consumed:
            chunks = slices(self._content or b"", chunk_size)
        else:
            chunks = self._chunks(chunk_size)
        if decode_unicode and self.encoding is not None:
            return self._named(decoded, chunks, self.encoding)  # type: ignore[no-any-return]
        return chunks

    def _chunks(self, size: int | None) -> Iterator[bytes]:
        raw = self.raw
        if hasattr(raw, "stream"):
            chunks = raw.stream(size, decode_content=True)
        else:
            chunks = iter(lambda: raw.read(size), b"")
        while chunk := self._named(next, chunks, b""):
            yield chunk
        self._content_consumed = True

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_content(128)

    @overload
    def iter_lines(
        self,
        chunk_size: int | None = 512,
        decode_unicode: Literal[False] = False,
        delimiter: bytes | None = None,
    ) -> Iterator[bytes]: ...
    @overload
    def iter_lines(
        self,
        chunk_size: int | None = 512,
        *,
        decode_unicode: Literal[True],
        delimiter: str | bytes | None = None,
    ) -> Iterator[str] | Iterator[bytes]: ...
    def iter_lines(
        self,
        chunk_size: int | None = 512,
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
        chunks = self.iter_content(chunk_size, decode_unicode)  # type: ignore[call-overload]
        return lines_of(chunks, delimiter)

    def close(self) -> None:
        """Release the body. What was not read of it cannot be read any more."""
        if not self._content_consumed and self.raw is not None:
            self.raw.close()
        release = getattr(self._raw, "release_conn", None)
        if release is not None:
            release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"
