"""Functions that frameworks run in threads: a sandbox has one thread, so they run in the loop."""

import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import Context, copy_context
from typing import Any, ParamSpec, TypeVar

from fastly_compute.http.event_loop import EventLoop

P = ParamSpec("P")
T = TypeVar("T")

_BACKEND = "anyio._backends._asyncio"


def run_threads_inline() -> None:
    """Let anyio call a function at once, instead of in a thread, if the loop is an `EventLoop`.

    Starlette, FastAPI and Litestar run their synchronous endpoints, background tasks and file
    operations with `anyio.to_thread.run_sync`, which starts its own threads. `asyncio.to_thread`
    and the executors of Quart ask the loop, which calls the function at once.

    Nothing changes for other loops in the same process, such as those of an app's tests.
    """
    if "anyio" not in sys.modules:
        return
    backend = importlib.import_module(_BACKEND).AsyncIOBackend
    run_in_thread = backend.run_sync_in_worker_thread
    if getattr(run_in_thread, "__module__", "") == __name__:
        return

    async def run(
        cls: Any,
        func: Callable[..., object],
        args: Sequence[object],
        abandon_on_cancel: bool = False,
        limiter: AbstractAsyncContextManager[object] | None = None,
    ) -> object:
        if not isinstance(asyncio.get_running_loop(), EventLoop):
            return await run_in_thread(func, args, abandon_on_cancel, limiter)
        await cls.checkpoint()
        async with limiter or nullcontext():
            return copy_context().run(func, *args)

    backend.run_sync_in_worker_thread = classmethod(run)


class _InlineExecutor(Executor):
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


_executor = _InlineExecutor()


def inline_context(context: Context) -> Context:
    """Give asgiref's `sync_to_async` an executor without threads in a context, and return that.

    Otherwise Django makes a thread pool for each request, and a thread to join it.
    """
    sync = sys.modules.get("asgiref.sync")
    if sync is not None:
        context.run(setattr, sync.AsyncToSync.executors, "current", _executor)
    return context
