"""The service: a handler function in the form that the platform calls."""

import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextvars import copy_context
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, overload

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

Answer: TypeAlias = (
    Response | PendingResponse | ResponseSent | Iterator[bytes] | AsyncIterator[bytes]
)
"""The return type of a handler."""

Handler: TypeAlias = Callable[[IncomingRequest], Answer | Coroutine[object, object, Answer]]
"""A function, or coroutine function, that `service` turns into a service."""

ErrorHandler: TypeAlias = Callable[
    [IncomingRequest, Exception], Answer | Coroutine[object, object, Answer]
]
"""A function that makes the response if the handler failed: ``service(on_error=...)``."""

_ASYNC = 0x80 | 0x200  # inspect.CO_COROUTINE and CO_ASYNC_GENERATOR; the import would cost more


def _report() -> None:
    sys.excepthook(*sys.exc_info())


def _failures() -> tuple[type[BaseException], ...]:
    """Return what a handler may raise that ends its request, but not the sandbox."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return (Exception, SystemExit)
    return (Exception, SystemExit, asyncio.CancelledError)


def _is_async(function: Any) -> bool:
    """Return whether calling a function makes a coroutine or an async generator."""
    while (inner := getattr(function, "__wrapped__", getattr(function, "func", None))) is not None:
        function = inner
    code = getattr(function, "__code__", None)
    if code is None and function is not None:
        code = getattr(function.__call__, "__code__", None)
    return code is not None and bool(code.co_flags & _ASYNC)


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
        if _is_async(function) or _is_async(on_error):
            # While the app is built: a component has the event loop only if it may need it.
            from fastly_compute.http import event_loop  # noqa: F401

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
            except _failures() as error:
                _report()
                if not incoming.answered:
                    self._apologize(incoming, error, to_head=to_head)
                return False
            return True

    def _answer(
        self,
        incoming: IncomingRequest,
        answer: Answer | Coroutine[object, object, Answer],
        *,
        to_head: bool,
    ) -> None:
        if isinstance(answer, Response):
            waits = answer._body._async_pieces is not None
        else:
            waits = isinstance(answer, CoroutineType | AsyncIterator)
        if waits:
            from fastly_compute.http import event_loop

            event_loop.run(self._answer_async(incoming, answer, to_head=to_head))
            return
        response = self._response(incoming, answer)
        if response is not None:
            try:
                incoming._downstream.send(response, to_head=to_head)
            except BaseException:
                response._discard()
                raise

    async def _answer_async(
        self,
        incoming: IncomingRequest,
        answer: Answer | Coroutine[object, object, Answer],
        *,
        to_head: bool,
    ) -> None:
        if isinstance(answer, CoroutineType):
            answer = await answer
        if isinstance(answer, CachedPending):
            answer = await answer  # the host cannot call the hooks
        response = self._response(incoming, answer)
        if response is not None:
            try:
                await incoming._downstream.send_async(response, to_head=to_head)
            except BaseException:
                response._discard()
                raise

    def _response(self, incoming: IncomingRequest, answer: object) -> Response | None:
        """Return the response that is to be sent; None if nothing is left to send."""
        if incoming.answered:
            if answer is not None and not isinstance(answer, ResponseSent):
                raise HttpError(f"{self._name} returned a response, but one was already sent")
            return None
        if isinstance(answer, CachedPending):
            answer = answer.wait()  # the host cannot call the hooks
        if isinstance(answer, Response):
            return answer
        if isinstance(answer, PendingResponse):
            incoming._downstream.send_pending(answer)
            return None
        if isinstance(answer, Iterator | AsyncIterator):
            return Response(body=answer)
        kind = "None" if answer is None else f"a {type(answer).__name__}"
        raise TypeError(f"{self._name} returned {kind}, not a fastly_compute.http.Response")

    def _apologize(self, incoming: IncomingRequest, error: BaseException, *, to_head: bool) -> None:
        if self._on_error is not None and isinstance(error, Exception):
            try:
                self._answer(incoming, self._on_error(incoming, error), to_head=to_head)
            except _failures():
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
    - a `Response` whose body is an iterable or async iterable, which is streamed: the head is sent
      with the first piece, even an empty one, and each piece as it is produced. If the iterable
      raises, the transfer is aborted, so that the client sees that it is incomplete;
    - a `Response` from a backend, which is passed on without reading its body;
    - an iterator or async iterator of bytes, such as a generator: a 200 with these bytes as its
      body;
    - a `PendingResponse`, which goes to the client when it arrives; if it fails, the host responds;
    - the `ResponseSent` of `IncomingRequest.respond` or a handoff: nothing is left to send.

    The function may be a coroutine function (``async def``). Each request then runs in an event
    loop that waits for the host: ``await`` a `Pending`, and iterate over a `Body` with
    ``async for``. A task that still runs when the response was sent is cancelled, and logged as a
    warning.

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

        A coroutine function, whose two requests are sent at the same time:

        >>> import asyncio
        >>> from fastly_compute.http import Request
        >>> async def page(request: IncomingRequest) -> Response:
        ...     urls = "https://news.example/", "https://stocks.example/"
        ...     async with asyncio.timeout(2):
        ...         found = await asyncio.gather(
        ...             *(Request("GET", url).send_async() for url in urls)
        ...         )
        ...     return Response.json([response.status for response in found])
        >>> HttpIncoming = service(page)
    """
    if function is None:
        return lambda handler: Service(handler, reuse=reuse, on_error=on_error)
    return Service(function, reuse=reuse, on_error=on_error)
