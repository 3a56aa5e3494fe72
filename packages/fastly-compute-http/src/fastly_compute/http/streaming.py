"""Bodies that are written while they are sent."""

from types import TracebackType
from typing import TYPE_CHECKING

from fastly_compute.core import Handle
from fastly_compute.http import _wit_body
from fastly_compute.http.body import Body
from fastly_compute.http.headers import checked_field

if TYPE_CHECKING:
    from wit_world.imports import async_io  # noqa: F401 - named in the base class


class StreamingBody(Handle["async_io.Pollable"]):
    """A body that is sent while it is written. Closing it before it is finished aborts it.

    As a context manager, it is finished at the end of the `with`, and aborted by an exception, so
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
        """Send a part, waiting while the host's buffer is full (``http-body.write``).

        Raises:
            BodyError: The peer accepts no more data.
            HandleClosed: The body was finished or closed before.
            TypeError: The part is not bytes.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"a part of a body must be bytes, not {type(data).__name__}")
        _wit_body.write(self._resource, bytes(data))

    def append(self, body: Body) -> None:
        """Send the rest of another body, without reading a host-owned one (``http-body.append``).

        A file or iterable is sent as it is read.

        Raises:
            BodyError: One of the two bodies failed.
            HandleClosed: One of the two bodies was used up before.
            TypeError: The argument is not a `Body`.
        """
        if not isinstance(body, Body):
            raise TypeError(f"append takes a Body, not {type(body).__name__}; write takes bytes")
        into = self._resource
        if body._is_produced:
            for piece in body._as_produced():
                _wit_body.write(into, piece)
        else:
            _wit_body.append(into, body._to_host())

    def add_trailer(self, name: str, value: str) -> None:
        """Add a trailer field (``http-body.append-trailer``; RFC 9110, section 6.5).

        The platform sends trailers over HTTP/2; HTTP/1.1 may lose them.

        Raises:
            InvalidHeader: The field cannot be sent.
            HandleClosed: The body was finished or closed before.
        """
        _wit_body.append_trailer(self._resource, *checked_field(name, value))

    def finish(self) -> None:
        """Finish the body (``http-body.close``).

        Raises:
            BodyError: The peer accepts no more data.
            HandleClosed: The body was finished or closed before.
        """
        _wit_body.finish(self._detach("was already finished"))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the body, or abort it after an exception."""
        if exc_type is None and not self.closed:
            self.finish()
        else:
            self.close()
