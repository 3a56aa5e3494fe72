"""Responses, received from a backend or made here."""

import json
from collections.abc import AsyncIterable
from copy import copy
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fastly_compute.core import Duration, HandleClosed, drop
from fastly_compute.http import _wit
from fastly_compute.http.body import Body, BodyLike
from fastly_compute.http.cookies import SameSite, expired_cookie_header, set_cookie_header
from fastly_compute.http.errors import InvalidHeader, InvalidStatus
from fastly_compute.http.headers import Headers, HeadersLike, checked_name

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_resp

    from fastly_compute.http.send_errors import SendError

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _status(status: int) -> int:
    if isinstance(status, bool) or not isinstance(status, int):
        raise TypeError(f"a status must be an int, not {type(status).__name__}")
    if not 100 <= status <= 599:
        raise InvalidStatus(f"a status must be 100 to 599, not {status}")
    return status


class Response:
    """A response: made here, or received from a backend.

    A received response stays on the host. Its status and headers are read when they are first used,
    its body when it is read. Returned from a handler, it is passed straight on to the client, and
    only changes to its status and headers are written back.

    Args:
        status: The status, 100 to 599. The response to the client must have 200 to 599.
        headers: `Headers`, a mapping, or pairs of name and value; copied.
        body: Bytes, text (as UTF-8), a binary file, an iterable or async iterable of bytes, or a
            `Body`, such as that of another message.

    Attributes:
        close_connection: Whether to close the client's connection after the response; default
            False. Viceroy refuses it.
        manual_framing: Whether Content-Length and Transfer-Encoding are taken from the headers
            instead of being computed; default False. They must be correct.

    Raises:
        InvalidHeader: A header cannot be sent.
        InvalidStatus: The status is out of range.
        TypeError: An argument is of the wrong type.

    Example:
        >>> from fastly_compute.http import Response
        >>> response = Response.json({"ready": True}, headers={"Cache-Control": "no-store"})
        >>> response.status, response.headers["content-type"], response.body.read()
        (200, 'application/json', b'{"ready":true}')
    """

    __slots__ = (
        "__weakref__",
        "_body",
        "_gone",
        "_headers",
        "_masked_error",
        "_received_fields",
        "_received_status",
        "_resource",
        "_status",
        "close_connection",
        "manual_framing",
    )

    def __init__(
        self,
        status: int = 200,
        headers: "HeadersLike | None" = None,
        body: "BodyLike | AsyncIterable[bytes] | None" = None,
    ) -> None:
        self._resource: http_resp.Response | None = None
        self._gone = ""
        self._masked_error: SendError | None = None
        self._received_fields: dict[str, list[str]] = {}
        self._received_status: int | None = None
        self._status: int | None = _status(status)
        self._headers: Headers | None = Headers(headers or ())
        self._body = Body._of_response(body)
        self.close_connection = False
        self.manual_framing = False

    @classmethod
    def _received(cls, resource: "http_resp.Response", body: "async_io.Pollable | Body") -> Self:
        response = cls.__new__(cls)  # without the headers and the body of a new one
        response._resource = resource
        response._gone = ""
        response._masked_error = None
        response._received_fields = {}
        response._received_status = response._status = None
        response._headers = None
        response.close_connection = response.manual_framing = False
        response._body = body if isinstance(body, Body) else Body._received(body)
        return response

    @classmethod
    def _typed(
        cls, content_type: str, status: int, headers: "HeadersLike | None", body: BodyLike
    ) -> Self:
        response = cls(status, headers, body)
        fields = response._load_headers()
        if headers is None or "content-type" not in fields:
            fields._append("Content-Type", content_type)
        return response

    @classmethod
    def text(cls, text: str, *, status: int = 200, headers: "HeadersLike | None" = None) -> Self:
        """Make a response of plain text.

        Args:
            text: The body, sent as UTF-8.
            status: The status, 100 to 599.
            headers: More headers; a Content-Type among them replaces ``text/plain``.

        Returns:
            The response.

        Raises:
            InvalidHeader: A header cannot be sent.
            InvalidStatus: The status is out of range.
            TypeError: The text is not a ``str``.
        """
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, not {type(text).__name__}")
        return cls._typed("text/plain; charset=utf-8", status, headers, text)

    @classmethod
    def json(
        cls, value: object, *, status: int = 200, headers: "HeadersLike | None" = None
    ) -> Self:
        """Make a response of JSON (RFC 8259).

        Args:
            value: Anything that `json.dumps` takes, except numbers that are not finite.
            status: The status, 100 to 599.
            headers: More headers; a Content-Type among them replaces ``application/json``.

        Returns:
            The response.

        Raises:
            InvalidHeader: A header cannot be sent.
            InvalidStatus: The status is out of range.
            TypeError: The value has a type that JSON cannot represent.
            ValueError: A number is not finite, or a container contains itself.
        """
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return cls._typed("application/json", status, headers, text)

    @classmethod
    def redirect(cls, url: str, status: int = 302, *, headers: "HeadersLike | None" = None) -> Self:
        """Make a response that redirects the client (RFC 9110, section 15.4).

        Args:
            url: The target: absolute, or relative to the request's URL. ASCII, percent-encoded.
            status: 301, 302, 303, 307 or 308.
            headers: More headers.

        Returns:
            The response.

        Raises:
            InvalidHeader: The URL or another header cannot be sent.
            InvalidStatus: The status is not one of these.
        """
        if status not in _REDIRECTS:
            raise InvalidStatus(
                f"a redirect's status must be 301, 302, 303, 307 or 308, not {status}"
            )
        if not url or not url.isascii() or " " in url:
            raise InvalidHeader("Location", repr(url), "a URL must be percent-encoded ASCII")
        response = cls(status, headers)
        response.headers["Location"] = url
        return response

    def _live_resource(self) -> "http_resp.Response":
        if self._resource is None:
            raise HandleClosed(f"this Response {self._gone}")
        return self._resource

    @property
    def status(self) -> int:
        """The status, which can be set to 100 to 599."""
        if self._status is None:
            self._status = self._received_status = _wit.get_status(self._live_resource())
        return self._status

    @status.setter
    def status(self, status: int) -> None:
        self._status = _status(status)

    def _load_headers(self) -> Headers:
        if self._headers is None:
            self._headers = Headers._received(_wit.read_fields(self._live_resource()))
            self._received_fields = self._headers._by_name()
        return self._headers

    @property
    def headers(self) -> Headers:
        """The headers, which can be changed and replaced."""
        return self._load_headers()

    @headers.setter
    def headers(self, headers: HeadersLike) -> None:
        new = Headers(headers)
        self._load_headers()  # the host's headers must be known, to be replaced
        self._headers = new

    def header_values(self, name: str) -> list[str]:
        """Read one header (``http-resp.response.get-header-values``).

        Of a backend's response, that is one call of the host; `headers` reads all of them.

        Args:
            name: The header's name.

        Returns:
            Its values, in order; none if the response does not have it.

        Raises:
            InvalidHeader: The name is not a token.
            HttpCallFailed: The host refused.
            HandleClosed: The response was sent or closed before its headers were read.
        """
        checked = checked_name(name)
        if self._headers is not None:
            return self._headers.get_all(checked)
        return _wit.read_field(self._live_resource(), checked)

    def set_cookie(
        self,
        name: str,
        value: str = "",
        *,
        expires: datetime | None = None,
        max_age: Duration | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = True,
        http_only: bool = True,
        same_site: SameSite | None = "Lax",
        partitioned: bool = False,
    ) -> None:
        """Add a Set-Cookie header (RFC 6265), encoded as `http.cookies` does.

        The defaults are the strict ones: sent over TLS only (browsers make an exception for
        ``localhost``), hidden from scripts, and not sent with the requests of other sites.

        Args:
            name: A token (RFC 9110, section 5.6.2).
            value: Latin-1 text; with the name, at most 4096 bytes when encoded.
            expires: Until when the browser keeps it: a `datetime.datetime` with a time zone, in
                1601 or later; fractions of a second are dropped. ``max_age``, if it is given,
                takes precedence.
            max_age: How long the browser keeps it, in whole seconds or as a `datetime.timedelta`.
                Without it and ``expires``, until the browser closes.
            path: The path below which it is sent; None for the path of the request.
            domain: The domain that it is sent to, with its subdomains; None for this host alone.
            secure: Whether it is sent over TLS only.
            http_only: Whether scripts cannot read it.
            same_site: Whether it is sent with requests that other sites cause: ``Strict``,
                ``Lax`` or ``None`` as text; None leaves the choice to the browser.
            partitioned: Whether the browser keeps a separate cookie for each site that embeds
                this one (CHIPS); needs ``secure``, and usually ``same_site="None"``.

        Raises:
            TypeError: An argument is of the wrong type.
            InvalidCookie: An argument breaks its rule, or browsers would drop the cookie.
            HandleClosed: The response was sent or closed before its headers were read.

        Example:
            >>> from fastly_compute.http import Response
            >>> response = Response.text("welcome")
            >>> response.set_cookie("theme", "dark", max_age=3600)
            >>> response.headers["Set-Cookie"]
            'theme=dark; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax'
        """
        header = set_cookie_header(
            name,
            value,
            expires=expires,
            max_age=max_age,
            path=path,
            domain=domain,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
            partitioned=partitioned,
        )
        self.headers.add("Set-Cookie", header)

    def delete_cookie(
        self,
        name: str,
        *,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = True,
        http_only: bool = True,
        same_site: SameSite | None = "Lax",
        partitioned: bool = False,
    ) -> None:
        """Add a Set-Cookie header that makes the browser forget a cookie.

        Args:
            name: The cookie's name.
            path: The path that it was set with.
            domain: The domain that it was set with.
            secure: As for `set_cookie`.
            http_only: As for `set_cookie`.
            same_site: As for `set_cookie`.
            partitioned: As the cookie was set: a partitioned one is another cookie.

        Raises:
            TypeError: An argument is of the wrong type.
            InvalidCookie: An argument breaks its rule.
            HandleClosed: The response was sent or closed before its headers were read.
        """
        header = expired_cookie_header(
            name,
            path=path,
            domain=domain,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
            partitioned=partitioned,
        )
        self.headers.add("Set-Cookie", header)

    @property
    def http_version(self) -> str | None:
        """The HTTP version of the backend's response; None for a response made here."""
        return _wit.version_of(self._live_resource()) if self._is_received else None

    @property
    def remote_address(self) -> tuple[str, int] | None:
        """The IP address and port of the backend that responded, if the host knows them."""
        return _wit.remote_address(self._live_resource()) if self._is_received else None

    @property
    def masked_error(self) -> "SendError | None":
        """Why a stale response was served: the error of the request that was to revalidate it.

        None unless the response was served under `CacheOptions.stale_if_error`, or a directive
        ``stale-if-error`` of the response.
        """
        return self._masked_error

    @property
    def _is_received(self) -> bool:
        return self._resource is not None or bool(self._gone)

    @property
    def body(self) -> Body:
        """The body, which can be set to anything that the constructor takes."""
        return self._body

    @body.setter
    def body(self, body: "BodyLike | AsyncIterable[bytes] | None") -> None:
        new = Body._of_response(body)
        if new is not self._body:
            self._body.close()
        self._body = new

    @property
    def _passes_through(self) -> bool:
        """Whether it is a backend's response with its original status and body."""
        return (
            self._resource is not None
            and self._status == self._received_status
            and self._body._pollable is not None
        )

    def _to_host(self) -> "http_resp.Response":
        """Return a host-owned response with this status and these headers."""
        resource = self._changed()
        if self.manual_framing:
            _wit.frame_by_hand(resource)
        if self.close_connection:
            _wit.close_connection(resource)
        return resource

    def _with_length(self, length: int) -> "Response":
        """Return it with the length of the body that GET would return (RFC 9110, section 8.6)."""
        if self.manual_framing:
            return self
        # A response made here may be sent again, with its body.
        response = self if self._is_received else Response(self.status, self.headers)
        response.close_connection = self.close_connection
        response.headers["Content-Length"] = str(length)
        response.manual_framing = True
        return response

    def _changed(self) -> "http_resp.Response":
        if not self._is_received:
            return _wit.new_response(self.status, self._load_headers().items())
        resource = self._live_resource()
        self._write_changes(resource)
        self._resource = None
        self._gone = "was already sent"
        return resource

    def _write_changes(self, resource: "http_resp.Response") -> bool:
        """Write the changed status and headers to the host; return whether there were any."""
        changes = {}
        if self._headers is not None:
            changes = self._headers._changes(self._received_fields)
        for name, values in changes.items():
            _wit.set_field(resource, name, values)
        changed_status = self._status is not None and self._status != self._received_status
        if self._status is not None and changed_status:
            _wit.set_status(resource, self._status)
        return changed_status or bool(changes)

    def _sync(self) -> "tuple[http_resp.Response, bool]":
        """Write the changes to the host; return its response, and whether there were changes."""
        resource = self._live_resource()
        changed = self._write_changes(resource)
        if changed:
            self._received_status = self._status
            self._received_fields = {} if self._headers is None else self._headers._by_name()
        return resource, changed

    def _moved(self) -> Self:
        """Return a received response as another object; this one cannot be used any more."""
        moved = copy(self)
        self._resource = self._status = self._headers = None
        self._gone = "was already sent"
        self._body = Body()
        return moved

    def _discard(self) -> None:
        """Release everything that cannot be sent again."""
        self._body._discard()
        if self._resource is not None:
            drop(self._resource)
            self._resource = None
            self._gone = "is closed"

    def close(self) -> None:
        """Release the response and its body; closing again does nothing."""
        self._discard()
        self._body.close()

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
        return "<Response>" if self._status is None else f"<Response {self._status}>"
