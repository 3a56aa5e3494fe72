"""An `asyncio` event loop that waits with the host's ``select``.

Only apps with coroutines import this module, and with it `asyncio`.
"""

import asyncio
import errno
import logging
import math
from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Never, NoReturn, TypeAlias, TypeVar, TypeVarTuple

from fastly_compute.core import HandleClosed, HostError
from fastly_compute.http import in_flight
from fastly_compute.http.body import Body
from fastly_compute.http.pending import Pending, pollable_of
from fastly_compute.http.streaming import StreamingBody

if TYPE_CHECKING:
    from wit_world.imports import async_io

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
E = TypeVar("E", bound=HostError)
Item: TypeAlias = Pending[object, HostError] | Body | StreamingBody

AT_END = "was still running at the end of the request"
"""Why a task is cancelled, for the log."""

_LONGEST_MS = 2**32 - 1

# The build refuses sockets in the same words, below asyncio.
_NO_SOCKETS = (
    "a sandbox has no sockets: the host makes all connections. Send the request through a backend, "
    "with fastly_compute.http or fastly_compute.requests; or let urllib3 and http.client do so, "
    "with fastly_compute.urllib3."
)
_REFUSED = {
    _NO_SOCKETS: (
        "create_connection",
        "create_datagram_endpoint",
        "create_server",
        "create_unix_connection",
        "create_unix_server",
        "getaddrinfo",
        "getnameinfo",
        "sendfile",
        "sock_accept",
        "sock_connect",
        "start_tls",
    ),
    "Fastly Compute has no processes and no pipes": (
        "connect_read_pipe",
        "connect_write_pipe",
        "subprocess_exec",
        "subprocess_shell",
    ),
}


class _TooLate(Exception):
    """Nothing can happen before the selector's deadline."""


class _Selector:
    """The part that `asyncio.BaseEventLoop` calls between two rounds of callbacks."""

    def __init__(self, loop: "EventLoop") -> None:
        self._loop = loop
        # Handles, not their resources: one may be closed while a task waits for it.
        self.waiting: dict[Item, asyncio.Future[None]] = {}
        self.deadline: float | None = None  # in the loop's time

    def select(self, timeout: float | None) -> Item | None:
        """Wait until an item is ready, for so many seconds at most, and return it."""
        if self.deadline is None:
            return self._select(timeout)
        left = self.deadline - self._loop.time()
        if left <= 0 or ((timeout is None or timeout > left) and not self.waiting):
            raise _TooLate
        return self._select(left if timeout is None else min(timeout, left))

    def _select(self, timeout: float | None) -> Item | None:
        items = []
        pollables = []
        # Nothing else can happen before there is something to read: reading waits as well, with a
        # host call less. Viceroy's select also takes the failure of a body for its end.
        is_alone = timeout is None and len(self.waiting) == 1 and not in_flight.is_any()
        for item in self.waiting:
            try:
                pollable = _pollable_of(item)
            except HandleClosed:
                return item  # using it now raises that
            if pollable is None or (is_alone and isinstance(item, Body)):
                return item
            items.append(item)
            pollables.append(pollable)
        if not pollables and timeout == 0:
            return None
        if not pollables and timeout is None:
            names = ", ".join(sorted(map(_described, asyncio.all_tasks(self._loop))))
            raise RuntimeError(
                f"deadlock: nothing can wake the event loop up, no timer and no pending request: "
                f"{names or 'it has no task'}"
            )
        limit = None if timeout is None else min(math.ceil(timeout * 1000), _LONGEST_MS)
        index = in_flight.select(pollables, limit)
        if index is None:
            return None
        ready = items[index]
        # Otherwise one step of several is done, and the result is still to come.
        return None if isinstance(ready, Pending) and not ready._is_done() else ready


class EventLoop(asyncio.BaseEventLoop):
    """The event loop of a guest: it waits with ``async-io.select``.

    Inside a handler, `asyncio.run` and `asyncio.Runner` use it. A guest has no threads, sockets,
    processes or signals: `run_in_executor` (and with it `asyncio.to_thread`) calls the function at
    once, connections and processes raise `OSError`, and signal handlers `NotImplementedError`. When
    nothing can wake the loop up any more, it raises `RuntimeError` instead of waiting forever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Selector(self)
        in_flight.begin()  # before there are tasks, each of which has its own context

    async def wait_for_item(self, item: Item) -> None:
        """Wait until an item is ready, or closed.

        Raises:
            HandleClosed: It was awaited or closed before.
            RuntimeError: Another task waits for it.
        """
        waiting = self._selector.waiting
        if item in waiting:
            raise RuntimeError(f"another task is already waiting for {item!r}")
        _pollable_of(item)
        waiting[item] = future = self.create_future()
        try:
            await future
        finally:
            if waiting.get(item) is future:
                del waiting[item]

    def run_tasks(self, tasks: "set[asyncio.Task[Any]]", deadline: float) -> bool:
        """Run tasks, and return whether they ended before a time of this loop.

        It returns early if nothing can wake one up before that.
        """
        left = set(tasks)
        # Not gather(), which would keep their exceptions out of the log.
        over = self.create_future()

        def ended(task: "asyncio.Task[Any]") -> None:
            left.discard(task)
            if not left:
                over.set_result(None)

        for task in tasks:
            task.add_done_callback(ended)
        self._selector.deadline = deadline
        try:
            self.run_until_complete(over)
        except _TooLate:
            return False
        else:
            return True
        finally:
            self._selector.deadline = None
            # Not those that another task has awaited.
            ended_now = {task for task in tasks if task.done()}
            log_failures(
                self, {task for task in ended_now if getattr(task, "_log_traceback", True)}
            )

    def _process_events(self, ready: Item | None) -> None:
        if ready is None:
            return
        future = self._selector.waiting.pop(ready)
        if not future.done():
            future.set_result(None)

    def _write_to_self(self) -> None:
        """Do nothing: a guest has no other thread that could wake this one up."""

    def run_in_executor(
        self, executor: object, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        """Call the function at once."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Do nothing: no executor has a thread."""


def _refusing(name: str, reason: str) -> Callable[..., NoReturn]:
    def refuse(_loop: EventLoop, *_args: object, **_options: object) -> NoReturn:
        raise OSError(errno.EOPNOTSUPP, f"{name}() is not available: {reason}")

    refuse.__name__ = name
    refuse.__doc__ = f"Raise `OSError`. {reason}."
    return refuse


for _reason, _names in _REFUSED.items():
    for _name in _names:
        setattr(EventLoop, _name, _refusing(_name, _reason))


def _pollable_of(item: Item) -> "async_io.Pollable | None":
    # A body that is sent while it is written is ready when its peer takes more.
    return item._resource if isinstance(item, StreamingBody) else pollable_of(item)


def _described(task: "asyncio.Task[object]") -> str:
    coroutine = task.get_coro()
    return f"{task.get_name()} ({getattr(coroutine, '__qualname__', coroutine)})"


def install() -> None:
    """Make this the loop of `asyncio` in this interpreter, which is a guest's."""
    for name in ("SelectorEventLoop", "EventLoop"):
        setattr(asyncio, name, EventLoop)
    events: Any = asyncio.events
    type(events._get_event_loop_policy())._loop_factory = EventLoop


async def until_ready(item: Item) -> None:
    """Wait until an item is ready, while other tasks run.

    Raises:
        HandleClosed: It was awaited or closed before.
        RuntimeError: Another task waits for it, or the event loop is not an `EventLoop`.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, EventLoop):
        raise RuntimeError(  # noqa: TRY004 - as asyncio for a wrong loop
            f"{item!r} cannot be awaited in a {type(loop).__name__}: inside a handler, run "
            "coroutines with asyncio.run() or asyncio.Runner() without a loop_factory"
        )
    await loop.wait_for_item(item)


async def result_of(pending: Pending[T, E]) -> T:
    """Wait for the result of an operation, while other tasks run; see `Pending.__await__`."""
    try:
        await until_ready(pending)
    except asyncio.CancelledError:
        pending.close()
        raise
    return pending.wait()


def run(main: Coroutine[object, Never, T]) -> T:
    """Run a coroutine, then cancel the tasks that it left running, and log them."""
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        try:
            return runner.run(main)
        finally:
            _log_leftover_tasks(asyncio.all_tasks(runner.get_loop()), main)


def end_tasks(
    loop: asyncio.AbstractEventLoop,
    tasks: "set[asyncio.Task[Any]]",
    main: object = None,
    *,
    reason: str = AT_END,
) -> None:
    """Cancel the tasks that a coroutine left running, log them, and let them end.

    Args:
        loop: Their event loop.
        tasks: The tasks.
        main: The coroutine, which is not logged.
        reason: Why they are cancelled, for the log.
    """
    if not tasks:
        return
    _log_leftover_tasks(tasks, main, reason)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    log_failures(loop, {task for task in tasks if task.get_coro() is not main})


def log_failures(loop: asyncio.AbstractEventLoop, tasks: "set[asyncio.Task[Any]]") -> None:
    """Log the exceptions of tasks that ended; asyncio itself does when it collects garbage."""
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            message = f"task {_described(task)} failed"
            loop.call_exception_handler({"message": message, "exception": error, "task": task})


def _log_leftover_tasks(
    tasks: "set[asyncio.Task[Any]]", main: object, reason: str = AT_END
) -> None:
    for task in tasks:
        coroutine = task.get_coro()
        # Without a coroutine, it is the loop's own: it closes an async generator.
        if not task.cancelling() and isinstance(coroutine, CoroutineType) and coroutine is not main:
            logging.getLogger(__name__).warning(
                "task %s %s and was cancelled: await it, or use asyncio.TaskGroup",
                _described(task),
                reason,
            )
