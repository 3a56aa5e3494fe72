"""The event loop of guests: its timers and its limits, and that nobody else gets it."""

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from fastly_compute.http import IncomingRequest, Request, Response, service
from fastly_compute.local import Host, NativeApp

LONG = 30


def test_timers_run_in_order(sandbox):
    async def main() -> list[int]:
        order = []

        async def note(number: int, seconds: float) -> None:
            await asyncio.sleep(seconds)
            order.append(number)

        async with asyncio.TaskGroup() as group:
            for number, seconds in ((3, 0.03), (1, 0), (2, 0.01)):
                group.create_task(note(number, seconds))
        return order

    assert asyncio.run(main()) == [1, 2, 3]


def test_a_sleep_takes_no_less_than_it_says(sandbox):
    began = time.monotonic()
    asyncio.run(asyncio.sleep(0.0101))

    assert time.monotonic() - began >= 0.0101


def test_queues_events_and_locks_work(sandbox):
    async def main() -> list[int]:
        queue: asyncio.Queue[int] = asyncio.Queue(1)
        done, lock = asyncio.Event(), asyncio.Lock()
        taken = []

        async def take() -> None:
            while len(taken) < 3:
                async with lock:
                    taken.append(await queue.get())
            done.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(take())
            for number in range(3):
                await queue.put(number)
            await done.wait()
        return taken

    assert asyncio.run(main()) == [0, 1, 2]


def test_sleeping_takes_one_call_and_running_takes_none(calls, sandbox):
    async def main() -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)

    calls.clear()
    asyncio.run(main())

    assert calls == ["async-io.select_with_timeout"]


def test_a_deadlock_is_an_error(sandbox):
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(
        RuntimeError, match=r"^deadlock: .* no pending request: Task-\d+ \(.*main\)"
    ):
        asyncio.run(main())


def test_threads_are_calls(sandbox):
    def fail() -> None:
        raise LookupError("lamp")

    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        found: list[object] = [await asyncio.to_thread(divmod, 7, 2)]
        found.append(await loop.run_in_executor(None, str.upper, "a"))
        with pytest.raises(LookupError, match="lamp"):
            await loop.run_in_executor(None, fail)
        loop.call_soon_threadsafe(found.append, "soon")
        await asyncio.sleep(0)
        return found

    assert asyncio.run(main()) == [(3, 1), "A", "soon"]


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda: asyncio.open_connection("a.example", 443), "create_connection"),
        (lambda: asyncio.start_server(print, "127.0.0.1", 0), "create_server"),
        (lambda: asyncio.get_running_loop().getaddrinfo("a.example", 443), "getaddrinfo"),
    ],
)
def test_a_connection_is_refused_and_says_what_to_do(sandbox, use, name):
    async def main() -> None:
        await use()

    with pytest.raises(OSError, match=rf"{name}\(\) is not available: .* through a backend, with"):
        asyncio.run(main())


def test_a_process_is_refused(sandbox):
    async def main() -> None:
        await asyncio.create_subprocess_exec("true")

    with pytest.raises(OSError, match="Fastly Compute has no processes and no pipes"):
        asyncio.run(main())


def test_signal_handlers_and_readers_are_refused(sandbox):
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for refused in (
            lambda: loop.add_signal_handler(signal.SIGINT, print),
            lambda: loop.add_reader(0, print),
        ):
            with pytest.raises(NotImplementedError):
                refused()

    asyncio.run(main())


def test_another_loop_cannot_wait_for_the_host(sandbox, origin):
    async def main() -> None:
        with Request("GET", origin).send_async("origin") as pending:
            await pending

    with (
        pytest.raises(RuntimeError, match=r"cannot be awaited in a .*SelectorEventLoop: inside a"),
        asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
    ):
        runner.run(main())


def kind(loop: asyncio.AbstractEventLoop) -> str:
    loop.close()
    return type(loop).__module__


def test_only_guests_get_the_loop(host: Host):
    seen = []

    def handle(request: IncomingRequest) -> Response:
        seen.append(kind(asyncio.new_event_loop()))
        with pytest.raises(RuntimeError, match="no current event loop"):
            asyncio.get_event_loop()
        return Response()

    before = kind(asyncio.new_event_loop())
    host.request(NativeApp(service(handle)))

    assert seen == ["fastly_compute.http.event_loop"]
    assert kind(asyncio.new_event_loop()) == before
    assert before.startswith("asyncio.")


def test_an_async_caller_keeps_its_loop_and_its_task(host: Host, origin: str):
    async def handle(request: IncomingRequest) -> Response:
        response = await Request("GET", f"{origin}/404").send_async("origin")
        await asyncio.sleep(0)
        return response

    async def caller() -> list[object]:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        answer = host.request(NativeApp(service(handle)))
        await asyncio.sleep(0)
        same = asyncio.current_task() is task, asyncio.get_running_loop() is loop
        return [answer.status, same, kind(asyncio.new_event_loop())]

    with asyncio.Runner() as runner:
        found = runner.run(caller())
        assert found[:2] == [404, (True, True)]
        assert str(found[2]).startswith("asyncio.")


def test_the_current_loop_of_a_thread_stays(host: Host):
    def handle(request: IncomingRequest) -> Response:
        asyncio.run(asyncio.sleep(0))
        asyncio.set_event_loop(asyncio.new_event_loop())
        asyncio.get_event_loop().close()
        return Response()

    own = asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    try:
        assert host.request(NativeApp(service(handle))).status == 200
        assert asyncio.get_event_loop() is own
    finally:
        asyncio.set_event_loop(None)
        own.close()


@pytest.mark.parametrize(
    "wait", [lambda: asyncio.sleep(LONG), lambda: asyncio.sleep(0), lambda: None]
)
def test_the_time_limit_ends_a_coroutine(wait, capfd):
    async def handle(request: IncomingRequest) -> Response:
        while True:
            waited = wait()
            if waited is not None:
                await waited

    lines: list[str] = []
    with Host(time_limit=0.2, output=lines.append) as host:
        answer = host.request(NativeApp(service(handle)))

    assert answer.status == 500
    assert b"time limit" in answer.body


def run(code: str, *arguments: str) -> str:
    """Run a program in a fresh interpreter, and return its output."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


ALONE = """
import sys
import fastly_compute.local
from fastly_compute.http import Response, service
from fastly_compute.local import Host, NativeApp

with Host() as host:
    host.request(NativeApp(service(lambda request: Response.text("hello"))))
print("asyncio" in sys.modules, "fastly_compute.http.event_loop" in sys.modules)
"""


def test_an_app_without_coroutines_does_not_import_asyncio():
    assert run(ALONE) == "False False\n"


LATE = """
import sys
import fastly_compute.local
from fastly_compute.http import Request, Response, service
from fastly_compute.local import BackendConfig, Host, HostConfig, NativeApp

def handle(request):
    import asyncio

    async def main():
        return await Request("GET", "http://a.example/404").send_async("origin")

    return asyncio.run(main())

config = HostConfig(backends={"origin": BackendConfig(url=sys.argv[1])})
with Host(config) as host:
    app = NativeApp(service(handle))
    print(*(host.request(app).status for _ in range(2)))
    import asyncio
    print(type(asyncio.new_event_loop()).__module__.startswith("asyncio"))
"""


def test_a_handler_may_be_the_first_to_import_asyncio(origin):
    assert run(LATE, origin) == "404 404\nTrue\n"
