"""Bodies that are written while they are sent."""

from types import TracebackType
from typing import TYPE_CHECKING

from fastly_compute.core import Handle
from fastly_compute.http import _wit
from fastly_compute.http.body import Body
from fastly_compute.http.headers import checked_field

if TYPE_CHECKING:
    from wit_world.imports import async_io  # noqa: F401 - named in the base class


class StreamingBody(Handle["async_io.Pollable"]):
    """A body that is on its way while it is written. Closing it early breaks it off.

    As a context manager it is finished at the end of the `with`, and broken off by an exception, so
    that the peer never takes a part for the whole.

    Example:
        >>> from fastly_compute.http import Request, Response
        >>> def upload(rows: list[bytes]) -> Response:
        ...     body, pending = Request("POST", "https://api.example/rows").send_streaming("api")
        ...     with body:
        ...         for row in rows:
        ...             body.write(row)
        ...     return pending.wait()
    """

    __slots__ = ()

    _created_by = "Request.send_streaming"

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a part, waiting while the host has no room (``http-body.write``).

        Raises:
            BodyError: The peer takes no more.
            HandleClosed: It was finished or closed before.
            TypeError: The part is not of bytes.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"a part of a body must be bytes, not {type(data).__name__}")
        _wit.write(self._resource, bytes(data))

    def append(self, body: Body) -> None:
        """Send what is left of another body, unread if it is the host's (``http-body.append``).

        A file or iterable is sent as it is read.

        Raises:
            BodyError: Either of the two failed.
            HandleClosed: Either of the two was used up before.
            TypeError: It is no `Body`.
        """
        if not isinstance(body, Body):
            raise TypeError(f"append takes a Body, not {type(body).__name__}; write takes bytes")
        into = self._resource
        if body._is_produced:
            for piece in body._as_produced():
                _wit.write(into, piece)
        else:
            _wit.append(into, body._to_host())

    def add_trailer(self, name: str, value: str) -> None:
        """Add a field behind the body (``http-body.append-trailer``; RFC 9110, section 6.5).

        The platform sends trailers over HTTP/2; HTTP/1.1 may lose them.

        Raises:
            InvalidHeader: It cannot be sent.
            HandleClosed: It was finished or closed before.
        """
        _wit.append_trailer(self._resource, *checked_field(name, value))

    def finish(self) -> None:
        """End it, as complete (``http-body.close``).

        Raises:
            BodyError: The peer takes no more.
            HandleClosed: It was finished or closed before.
        """
        _wit.finish(self._detach("was already finished"))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish it, or break it off after an exception."""
        if exc_type is None and not self.closed:
            self.finish()
        else:
            self.close()
