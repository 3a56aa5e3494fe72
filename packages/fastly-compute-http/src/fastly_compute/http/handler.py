"""The service: a function that answers requests, as the platform calls it."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from fastly_compute.http import _wit
from fastly_compute.http.body import Body, StreamingBody
from fastly_compute.http.errors import InvalidStatus
from fastly_compute.http.incoming import IncomingRequest
from fastly_compute.http.response import Response

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req

_NO_CONTENT = frozenset({204, 205, 304})


def _report() -> None:
    sys.excepthook(*sys.exc_info())


def _stream(response: Response, body: Body) -> None:
    pieces = body._as_produced()
    first = next(pieces, b"")  # what fails before the first piece can still become a 500
    out = StreamingBody._adopt(_wit.new_body())
    with out, body:
        _wit.send_downstream_streaming(response._to_host(), out._wit)
        try:
            out.write(first)
            for piece in pieces:
                out.write(piece)
            out.finish()
        except (Exception, SystemExit):
            _report()


def _send(response: Response, *, to_head: bool) -> None:
    body = response.body
    if not response._passes_through:
        if not 200 <= response.status <= 599:
            raise InvalidStatus(f"an answer's status must be 200 to 599, not {response.status}")
        if to_head or response.status in _NO_CONTENT:
            body._discard()
            body = Body()
    if body._pieces is not None:
        _stream(response, body)
        return
    pollable = body._to_host()
    try:
        resource = response._to_host()
    except BaseException:
        _wit.drop(pollable)
        raise
    _wit.send_downstream(resource, pollable)


class Service:
    """A handler as the platform calls it: see `service`."""

    __slots__ = ("_function", "_name")

    def __init__(self, function: Callable[[IncomingRequest], Response]) -> None:
        if not callable(function):
            raise TypeError(f"service() takes a function, not {type(function).__name__}")
        self._function = function
        name = getattr(function, "__qualname__", type(function).__qualname__)
        self._name = f"{getattr(function, '__module__', '?')}.{name}"

    def __call__(self) -> Self:
        """Return itself: the platform makes an instance per request, and one is enough."""
        return self

    def handle(self, request: "http_req.Request", body: "async_io.Pollable") -> None:
        """Answer a request (``http-incoming.handle``).

        Args:
            request: The bindings' request.
            body: The bindings' body of it.

        Raises:
            Exception: The bindings' ``Err``: not even a 500 could be sent.
        """
        with IncomingRequest._received(request, body) as incoming:
            to_head = False
            try:
                to_head = incoming.method == "HEAD"
                self._answer(incoming, to_head=to_head)
            except (Exception, SystemExit):
                _report()
                failure = Response.text("Internal Server Error", status=500)
                try:
                    _send(failure, to_head=to_head)
                except Exception:
                    _report()
                    raise _wit.failed() from None

    def _answer(self, incoming: IncomingRequest, *, to_head: bool) -> None:
        response = self._function(incoming)
        if not isinstance(response, Response):
            kind = "None" if response is None else f"a {type(response).__name__}"
            raise TypeError(f"{self._name} returned {kind}, not a fastly_compute.http.Response")
        try:
            _send(response, to_head=to_head)
        except BaseException:
            response._discard()
            raise

    def __repr__(self) -> str:
        return f"<Service {self._name}>"


def service(function: Callable[[IncomingRequest], Response]) -> Service:
    """Make a service of a function that answers requests.

    The result has to be called ``HttpIncoming`` in the app's module. The function gets each
    request and returns the `Response`:

    - one with bytes or text is sent at once;
    - one whose body is an iterable is streamed: the head is sent with the first piece, even an
      empty one, and each piece as it is produced. Should the iterable raise, the transfer is
      aborted, so that the client sees it is not complete;
    - one from a backend passes through, its body unread.

    The body is left out where HTTP has none: in the answer to HEAD, and with 204, 205 and 304.

    If the function raises, returns anything else, or returns what cannot be sent, the client gets
    a bare 500 and the standard error the traceback (by `sys.excepthook`).

    Args:
        function: The handler. It may be any callable.

    Returns:
        The service. Use it as a function or as a decorator.

    Raises:
        TypeError: It cannot be called.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response, service
        >>> @service
        ... def HttpIncoming(request: IncomingRequest) -> Response:
        ...     return Response.text(f"You asked for {request.path}")
    """
    return Service(function)
