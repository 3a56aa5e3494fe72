"""The service: a function that answers requests, as the platform calls it."""

import sys
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import TYPE_CHECKING, Self, TypeAlias, overload

from fastly_compute.backend.registration import begin_sandbox
from fastly_compute.http import _wit, scope
from fastly_compute.http.downstream import ResponseSent
from fastly_compute.http.errors import HttpError
from fastly_compute.http.incoming import IncomingRequest
from fastly_compute.http.pending import PendingResponse
from fastly_compute.http.response import Response
from fastly_compute.http.reuse import Reuse, Rounds

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req

Answer: TypeAlias = Response | PendingResponse | ResponseSent | Iterator[bytes]
"""What a handler returns."""

Handler: TypeAlias = Callable[[IncomingRequest], Answer]
"""What `service` makes a service of."""

ErrorHandler: TypeAlias = Callable[[IncomingRequest, Exception], Answer]
"""What makes the answer where the handler failed: ``service(on_error=...)``."""


def _report() -> None:
    sys.excepthook(*sys.exc_info())


class Service:
    """A handler as the platform calls it: see `service`.

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
        """Return itself: the platform makes an instance per request, and one is enough."""
        return self

    def handle(self, request: "http_req.Request", body: "async_io.Pollable") -> None:
        """Answer a request, and those that follow it (``http-incoming.handle``).

        Args:
            request: The bindings' request.
            body: The bindings' body of it.

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
            # What a request sets in its context must not reach the next one's.
            served = copy_context().run(self._serve, *following)
            following = rounds.next(failed=not served)

    def _serve(self, request: "http_req.Request", body: "async_io.Pollable") -> bool:
        """Answer one request, and tell whether that went well."""
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
                raise HttpError(f"{self._name} answered a request that has its answer")
            return
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
    """Make a service of a function that answers requests.

    The result has to be called ``HttpIncoming`` in the app's module. The function gets each
    request and returns the `Response`:

    - one with bytes or text is sent at once;
    - one whose body is an iterable is streamed: the head is sent with the first piece, even an
      empty one, and each piece as it is produced. Should the iterable raise, the transfer is
      aborted, so that the client sees it is not complete;
    - one from a backend passes through, its body unread;
    - an iterator of bytes, such as a generator, is a 200 with that as its body;
    - a `PendingResponse` goes to the client when it arrives; where there is none, the host answers;
    - what `IncomingRequest.respond` or a handoff returns means that there is nothing left to send.

    The body is left out where HTTP has none: in the answer to HEAD, and with 204, 205 and 304.

    If the function raises, returns anything else, or returns what cannot be sent, the client gets
    a bare 500 and the standard error the traceback (by `sys.excepthook`).

    Args:
        function: The handler. It may be any callable.
        reuse: Whether and how far a sandbox serves one request after the other; by default, each
            serves one.
        on_error: Makes the answer in the place of the bare 500, of the request and the exception:
            anything that a handler returns. It is not asked where the answer was begun, nor after
            `SystemExit`. If it raises, the 500 is sent.

    Returns:
        The service; without a function, a decorator that makes it.

    Raises:
        TypeError: It cannot be called, or *reuse* is no `Reuse`.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response, service
        >>> @service
        ... def HttpIncoming(request: IncomingRequest) -> Response:
        ...     return Response.text(f"You asked for {request.path}")
    """
    if function is None:
        return lambda handler: Service(handler, reuse=reuse, on_error=on_error)
    return Service(function, reuse=reuse, on_error=on_error)
