"""The service: a handler function in the form that the platform calls."""

import sys
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import TYPE_CHECKING, Self, TypeAlias, overload

from fastly_compute.backend.registration import begin_sandbox
from fastly_compute.http import _wit, scope
from fastly_compute.http.cached_pending import CachedPending
from fastly_compute.http.downstream import ResponseSent
from fastly_compute.http.errors import HttpError
from fastly_compute.http.incoming import IncomingRequest
from fastly_compute.http.pending import PendingResponse
from fastly_compute.http.response import Response
from fastly_compute.http.reuse import Reuse, Rounds

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req

Answer: TypeAlias = Response | PendingResponse | ResponseSent | Iterator[bytes]
"""The return type of a handler."""

Handler: TypeAlias = Callable[[IncomingRequest], Answer]
"""A function that `service` turns into a service."""

ErrorHandler: TypeAlias = Callable[[IncomingRequest, Exception], Answer]
"""A function that makes the response if the handler failed: ``service(on_error=...)``."""


def _report() -> None:
    sys.excepthook(*sys.exc_info())


class Service:
    """A handler in the form that the platform calls: see `service`.

    Example:
        >>> from fastly_compute.http import Response, Service, service
        >>> HttpIncoming = service(lambda request: Response.text("Hello"))
        >>> isinstance(HttpIncoming, Service)
        True
    """

    __slots__ = ("_function", "_name", "_on_error", "_reuse")

    def __init__(
        self, function: Handler, *, reuse: Reuse | None, on_error: ErrorHandler | None
    ) -> None:
        if not callable(function):
            raise TypeError(f"service() takes a function, not {type(function).__name__}")
        if reuse is not None and not isinstance(reuse, Reuse):
            raise TypeError(f"reuse must be a Reuse, not {type(reuse).__name__}")
        self._function = function
        self._reuse = reuse
        self._on_error = on_error
        name = getattr(function, "__qualname__", type(function).__qualname__)
        self._name = f"{getattr(function, '__module__', '?')}.{name}"

    def __call__(self) -> Self:
        """Return itself: the platform creates an instance per request, but one is enough."""
        return self

    def handle(self, request: "http_req.Request", body: "async_io.Pollable") -> None:
        """Serve a request and, in a reused sandbox, later ones (``http-incoming.handle``).

        Args:
            request: The bindings' request.
            body: The bindings' body of the request.

        Raises:
            Exception: The bindings' ``Err``: not even a 500 could be sent.
        """
        if self._reuse is None:
            self._serve(request, body)
            return
        begin_sandbox()
        rounds = Rounds(self._reuse)
        following: _wit.Incoming | None = (request, body)
        while following is not None:
            # Context variables that one request sets must not leak into the next.
            served = copy_context().run(self._serve, *following)
            following = rounds.next(failed=not served)

    def _serve(self, request: "http_req.Request", body: "async_io.Pollable") -> bool:
        """Serve one request, and return whether that succeeded."""
        scope.begin(closing=self._reuse is not None)
        try:
            return self._served(request, body)
        finally:
            scope.end()

    def _served(self, request: "http_req.Request", body: "async_io.Pollable") -> bool:
        with IncomingRequest._received(request, body) as incoming:
            to_head = False
            try:
                to_head = incoming.method == "HEAD"
                self._answer(incoming, self._function(incoming), to_head=to_head)
            except (Exception, SystemExit) as error:
                _report()
                if not incoming.answered:
                    self._apologize(incoming, error, to_head=to_head)
                return False
            return True

    def _answer(self, incoming: IncomingRequest, answer: Answer, *, to_head: bool) -> None:
        if incoming.answered:
            if answer is not None and not isinstance(answer, ResponseSent):
                raise HttpError(f"{self._name} returned a response, but one was already sent")
            return
        if isinstance(answer, CachedPending):
            answer = answer.wait()  # the host cannot call the hooks
        if isinstance(answer, PendingResponse):
            incoming._downstream.send_pending(answer)
            return
        response = Response(body=answer) if isinstance(answer, Iterator) else answer
        if not isinstance(response, Response):
            kind = "None" if response is None else f"a {type(response).__name__}"
            raise TypeError(f"{self._name} returned {kind}, not a fastly_compute.http.Response")
        try:
            incoming._downstream.send(response, to_head=to_head)
        except BaseException:
            response._discard()
            raise

    def _apologize(self, incoming: IncomingRequest, error: BaseException, *, to_head: bool) -> None:
        if self._on_error is not None and isinstance(error, Exception):
            try:
                self._answer(incoming, self._on_error(incoming, error), to_head=to_head)
            except (Exception, SystemExit):
                _report()
                if incoming.answered:
                    return
            else:
                return
        try:
            sorry = Response.text("Internal Server Error", status=500)
            incoming._downstream.send(sorry, to_head=to_head)
        except Exception:
            _report()
            raise _wit.failed() from None

    def __repr__(self) -> str:
        return f"<Service {self._name}>"


@overload
def service(
    function: Handler, *, reuse: Reuse | None = None, on_error: ErrorHandler | None = None
) -> Service: ...
@overload
def service(
    *, reuse: Reuse | None = None, on_error: ErrorHandler | None = None
) -> Callable[[Handler], Service]: ...
def service(
    function: Handler | None = None,
    *,
    reuse: Reuse | None = None,
    on_error: ErrorHandler | None = None,
) -> Service | Callable[[Handler], Service]:
    """Turn a handler function into a service.

    The result must be named ``HttpIncoming`` in the app's module. The function is called with each
    request and returns one of these:

    - a `Response` whose body is bytes or text, which is sent at once;
    - a `Response` whose body is an iterable, which is streamed: the head is sent with the first
      piece, even an empty one, and each piece as it is produced. If the iterable raises, the
      transfer is aborted, so that the client sees that it is incomplete;
    - a `Response` from a backend, which is passed on without reading its body;
    - an iterator of bytes, such as a generator: a 200 with these bytes as its body;
    - a `PendingResponse`, which goes to the client when it arrives; if it fails, the host responds;
    - the `ResponseSent` of `IncomingRequest.respond` or a handoff: nothing is left to send.

    The body is left out where HTTP forbids one: in the response to HEAD, and with 204, 205 and 304.

    If the function raises, returns anything else, or returns something that cannot be sent, the
    client gets a bare 500 and the traceback is written to standard error (by `sys.excepthook`).

    Args:
        function: The handler, which may be any callable.
        reuse: Whether and how long a sandbox is reused for several requests; by default, each
            sandbox serves one.
        on_error: Makes the response that replaces the bare 500, from the request and the exception.
            It may return anything that a handler may. It is not called if a response was begun, nor
            after `SystemExit`. If it raises, the bare 500 is sent.

    Returns:
        The service; without a function, a decorator that makes it.

    Raises:
        TypeError: The function is not callable, or *reuse* is not a `Reuse`.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response, service
        >>> @service
        ... def HttpIncoming(request: IncomingRequest) -> Response:
        ...     return Response.text(f"You asked for {request.path}")
    """
    if function is None:
        return lambda handler: Service(handler, reuse=reuse, on_error=on_error)
    return Service(function, reuse=reuse, on_error=on_error)
