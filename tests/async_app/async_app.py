"""What coroutines do on every host: the path of a request names a function below."""

import asyncio
import gc
import signal
import sys
import time

from fastly_compute import cache
from fastly_compute.core import Handle, HandleClosed
from fastly_compute.http import IncomingRequest, PendingResponse, Request, Response, service
from fastly_compute.kv_store import KVStore


def get(path: str) -> PendingResponse:
    request = Request("GET", f"http://origin.example{path}")
    request.headers["cookie"] = "not=cached"
    return request.send_async("origin")


async def read(response: Response) -> str:
    return b"".join([piece async for piece in response.body]).decode()


async def eight(request):
    """Eight requests, none of which the origin answers before it has all of them."""
    started = time.monotonic()
    answers = await asyncio.gather(*(get(f"/eight?{i}") for i in range(8)))
    texts = [await read(answer) for answer in answers]
    return [texts, (time.monotonic() - started) * 1000]


async def tools(request):
    """What programs use asyncio for."""
    order = []
    queue = asyncio.Queue(1)
    done = asyncio.Event()

    async def produce():
        for number in range(3):
            await queue.put(number)
        await queue.put(None)

    async def consume():
        while (number := await queue.get()) is not None:
            order.append(number)
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        group.create_task(consume())
        await done.wait()
    for seconds in (0.01, 0.001):
        try:
            await asyncio.wait_for(asyncio.sleep(seconds), 0.005)
            order.append("slept")
        except TimeoutError:
            order.append("late")
    started = time.monotonic()
    await asyncio.gather(*(asyncio.sleep(0.02) for _ in range(50)))
    order.append(0.02 <= time.monotonic() - started < 0.5)
    order.append(await asyncio.to_thread(divmod, 7, 2))
    return order


async def exceptions(request):
    """The exception of an await, beside that of a wait, and of a group."""
    found = []
    for use in (PendingResponse.wait, lambda pending: pending):
        try:
            waited = use(get("/close"))
            if isinstance(waited, PendingResponse):
                await waited
        except Exception as error:
            found.append(type(error).__name__)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(60))
            group.create_task(fails())
    except* LookupError as errors:
        found.append(str(errors.exceptions[0]))
    pending = get("/plain")
    await pending
    try:
        await pending
    except HandleClosed as error:
        found.append(str(error))
    return found


async def fails():
    await asyncio.sleep(0)
    raise LookupError("lamp")


async def cancelled(request):
    """A request whose task is cancelled is closed."""
    pending = get(f"/held?{request.query_string}")
    task = asyncio.ensure_future(pending)
    await get(f"/arrived?{request.query_string}")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await get(f"/release?{request.query_string}")
    return [task.cancelled(), pending.closed]


async def timed_out(request):
    """A time limit closes the request that it cuts off, and leaves others alone."""
    pending, other = get(f"/held?{request.query_string}"), get("/plain")
    found = []
    try:
        async with asyncio.timeout(0.05):
            await pending
    except TimeoutError:
        found = [pending.closed, other.closed]
    await get(f"/release?{request.query_string}")
    return [*found, await read(await other)]


async def leftover(request):
    """A task is still running when the handler returns."""
    name = request.query_string

    async def tick():
        pending = get(f"/held?{name}")
        try:
            await pending
        finally:
            sys.stderr.write(f"{name}: the request is closed: {pending.closed}\n")

    in_background(tick(), name=f"ticker-{name}")
    await get(f"/arrived?{name}")
    return "bye"


TASKS = set()


def in_background(coroutine, name=None):
    """Start a task and keep it alive, as the documentation of asyncio shows."""
    task = asyncio.create_task(coroutine, name=name)
    TASKS.add(task)
    task.add_done_callback(TASKS.discard)


async def streamed(request):
    """The second piece is produced when the client asks the origin for it."""
    yield b"one "
    await get(f"/arrived?{request.query_string}")
    yield b"two"


async def aborted(request):
    yield b"half"
    raise LookupError("lamp")


async def stores(request):
    """Operations of other packages."""
    with KVStore.open("shelf") as store:
        await store.put_async("async", "7")
        entry, nothing = await asyncio.gather(store.get_async("async"), store.get_async("none"))
        keys = (await store.page_async(prefix="asy")).keys
        found = [entry.text(), nothing, keys, await store.delete_async("async")]
    key = f"async-{time.time_ns()}"
    with cache.transaction(key) as first:
        waiting = asyncio.ensure_future(cache.transaction_async(key))
        await asyncio.sleep(0.01)
        found.append(waiting.done())
        with first.insert(cache.WriteOptions(max_age=60)) as body:
            body.write(b"stored")
        with await waiting as second:
            found.append(b"".join([piece async for piece in second.body()]).decode())
    return found


def handles() -> int:
    gc.collect()
    return sum(isinstance(thing, Handle) and not thing.closed for thing in gc.get_objects())


async def thousand(request):
    """A thousand awaited requests, some of them cut off; how many handles they leave open."""

    async def one(number):
        if number % 10:
            return (await get("/plain")).status
        try:
            async with asyncio.timeout(0):
                await get("/plain")
        except TimeoutError:
            return "late"

    before = handles()
    found = []
    for start in range(0, 1000, 20):
        found += await asyncio.gather(*map(one, range(start, start + 20)))
    return [found.count(200), found.count("late"), handles() - before]


async def refusals(request):
    """What a guest has no means for."""
    loop = asyncio.get_running_loop()
    found = []
    for use in (
        lambda: asyncio.open_connection("origin.example", 443),
        lambda: asyncio.start_server(print, "127.0.0.1", 8000),
        lambda: asyncio.create_subprocess_exec("true"),
        lambda: loop.add_signal_handler(signal.SIGINT, print),
    ):
        try:
            await use()
        except (OSError, NotImplementedError) as error:
            found.append([type(error).__name__, str(error).partition("] ")[2]])
    return found


async def page(request):
    """What the fault sweep calls: requests, a body, a store, and a task that is left over."""
    in_background(asyncio.sleep(60))
    with KVStore.open("shelf") as store:
        first, entry = await asyncio.gather(get("/plain"), store.get_async("seed"))
        return Response(body=produced(await read(first), entry))


async def produced(text, entry):
    yield text.encode()
    if entry is not None:
        async for piece in entry.body:
            yield piece


def dispatch(request):
    return globals()[request.path.removeprefix("/")](request)


async def called(request: IncomingRequest):
    found = await dispatch(request)
    return found if isinstance(found, Response) else Response.json(found)


def own_loop(request):
    """A handler that is not a coroutine function uses asyncio as any program does."""

    async def main():
        await asyncio.sleep(0.001)
        return await read(await get("/plain"))

    with asyncio.Runner() as runner:
        first = runner.run(main())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    third = asyncio.get_event_loop().run_until_complete(main())
    loop.close()
    asyncio.set_event_loop(None)
    return Response.json([first, asyncio.run(main()), third])


def deadlock(request):
    async def main():
        await asyncio.Event().wait()

    try:
        asyncio.run(main())
    except RuntimeError as error:
        return Response.text(str(error).partition(":")[0])
    return Response.text("it ended")


def handle(request: IncomingRequest):
    if request.path in {"/own_loop", "/deadlock", "/streamed", "/aborted"}:
        return dispatch(request)
    return called(request)


HttpIncoming = service(handle)
