"""The ``start_response`` of a request, and the response that is sent through it."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from fastly_compute.http import Body, Headers, IncomingRequest, Response, StreamingBody
from fastly_compute.http.downstream import NO_CONTENT
from fastly_compute.wsgi.errors import WsgiError
from fastly_compute.wsgi.file_wrapper import FileWrapper

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

_STATUS = re.compile(r"([2-5][0-9][0-9])(?: [^\x00-\x1f\x7f]*)?")
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    }
)


def _checked(status: str, headers: list[tuple[str, str]]) -> tuple[int, Headers, int | None]:
    """Return the status, the fields except Content-Length, and the length that it gives."""
    found = _STATUS.fullmatch(status) if isinstance(status, str) else None
    if found is None:
        raise WsgiError(f"the app's status must be a str such as '200 OK', not {status!r}")
    if not isinstance(headers, list):
        raise WsgiError(f"the app's headers must be a list, not a {type(headers).__name__}")
    fields = Headers()
    length = None
    for field in headers:
        if not isinstance(field, tuple) or list(map(type, field)) != [str, str]:
            raise WsgiError(f"each of the app's headers must be a tuple of two str, not {field!r}")
        name, value = field
        key = name.lower()
        if key in _HOP_BY_HOP:
            raise WsgiError(f"the app must not set the hop-by-hop header {name!r}: the host does")
        if key != "content-length":
            fields.add(name, value.strip(" \t"))
        elif length is not None or not (value.isascii() and value.isdigit()):
            raise WsgiError(
                f"the app's Content-Length must be a single number of bytes, not {value!r}"
            )
        else:
            length = int(value)
    return int(found[1]), fields, length


class StartResponse:
    """The ``start_response`` that an app gets for one request.

    Args:
        request: The request.
    """

    __slots__ = (
        "_bodiless",
        "_fields",
        "_length",
        "_out",
        "_request",
        "_sent",
        "_started",
        "_status",
    )

    def __init__(self, request: IncomingRequest) -> None:
        self._request = request
        self._status = 0  # until the first call
        self._fields = Headers()
        self._bodiless = False
        self._length: int | None = None  # the app's Content-Length
        self._started = False  # whether the head was sent
        self._out: StreamingBody | None = None
        self._sent = 0

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: "OptExcInfo | None" = None,
        /,
    ) -> Callable[[bytes], object]:
        """Set the status and headers, which are sent with the first bytes of the body.

        Args:
            status: The status and reason, such as ``200 OK``. Over HTTP/1.1, the host sends its own
                reason.
            headers: The fields, in order.
            exc_info: The exception that the app is handling, if this call replaces an earlier
                status and headers.

        Returns:
            ``write``.

        Raises:
            WsgiError: The status or headers break a rule, or this is a second call without
                *exc_info*.
            InvalidHeader: A header is invalid in HTTP.
            BaseException: The exception of *exc_info*, if the head was already sent.
        """
        if exc_info is not None:
            try:
                if self._started and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # its traceback refers to this frame
        elif self._status:
            raise WsgiError("the app called start_response a second time without exc_info")
        self._status, self._fields, self._length = _checked(status, headers)
        self._bodiless = self._request.method == "HEAD" or self._status in NO_CONTENT
        return self.write

    def write(self, data: bytes, /) -> None:
        """Send a part of the body, preceded by the head if it is the first part.

        Raises:
            WsgiError: The data is not bytes or exceeds Content-Length, or the call comes before
                ``start_response`` or after the end of the body.
            BodyError: The client accepts no more data.
        """
        if not isinstance(data, bytes):
            raise WsgiError(f"each part of the app's body must be bytes, not {type(data).__name__}")
        if not data:
            return
        if self._bodiless:
            if not self._started:
                self._whole(b"")
            return
        self._sent += len(data)
        if self._length is not None and self._sent > self._length:
            raise WsgiError(f"the app's body is longer than its Content-Length of {self._length}")
        if self._out is not None:
            self._out.write(data)
        elif self._started:
            raise WsgiError("the app called write after the end of its body")
        elif self._sent == self._length:
            self._whole(data)
        else:
            # The host does not know the length of a streamed body, but the app does.
            self._out, _ = self._request.respond_streaming(self._response(b"", self._length))
            self._started = True
            self._out.write(data)

    def send(self, result: Iterable[bytes]) -> None:
        """Send the app's return value, to its end.

        Raises:
            WsgiError: The body breaks a rule.
            Exception: Any exception of the app during iteration, or of the host while sending.
        """
        if not self._started and self._request.answered:
            return  # the app has handed the request off
        if result is None:
            raise WsgiError("the app returned None, not an iterable of bytes")
        file: object = result.file if isinstance(result, FileWrapper) else result
        if isinstance(file, Body):
            self._pass_on(file)
            return
        if isinstance(result, list | tuple) and len(result) == 1 and not self._started:
            (only,) = result
            if self._length is None and isinstance(only, bytes):
                self._length = len(only)  # so that it is sent as a whole
        for part in result:
            self.write(part)
            if self._bodiless and self._started:
                return
        self._end()

    def abort(self) -> None:
        """Abort the response if it is incomplete, so that the client does not take it for whole."""
        if self._out is not None:
            self._out.close()

    def _pass_on(self, body: Body) -> None:
        if self._out is not None:
            self._out.append(body)
            self._out.finish()
        elif self._bodiless:
            self._whole(b"")
        else:
            self._whole(body)

    def _end(self) -> None:
        if self._started and self._out is None:
            return
        if self._length is not None and self._sent < self._length and not self._bodiless:
            raise WsgiError(
                f"the app's body ended after {self._sent} bytes, but its Content-Length is "
                f"{self._length}"
            )
        if self._out is None:
            self._whole(b"")
        else:
            self._out.finish()

    def _response(self, body: bytes | Body, length: int | None) -> Response:
        if not self._status:
            raise WsgiError("the app must call start_response before it sends its body")
        response = Response(self._status, self._fields, body)
        if length is not None:
            response.headers.add("Content-Length", str(length))
            response.manual_framing = True
        return response

    def _whole(self, body: bytes | Body) -> None:
        left_out = self._bodiless and self._status not in NO_CONTENT
        self._request.respond(self._response(body, self._length if left_out else None))
        self._started = True
