"""The limit of sandboxes of a server, and what happens to requests beyond it."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest
from wit_world.imports import (
    async_io,
    backend,
    compute_runtime,
    http_body,
    http_downstream,
    http_req,
    http_resp,
)

from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    Incoming,
    Limits,
    NativeApp,
    RecordedResponse,
    Server,
)
from fastly_compute.local.runtime.dispatch import Dispatcher
from fastly_compute.local.runtime.exchange import Exchange

LARGE = 1 << 20
LONG = 30
Handle = Callable[[str, async_io.Pollable], str]


def path_of(request: http_req.Request) -> str:
    return request.get_uri(LARGE).partition("//")[2].partition("/")[2]


def respond(content: str) -> None:
    body = http_body.new()
    http_body.write(body, content.encode())
    http_resp.send_downstream(http_resp.Response.new(), body)


def app(handle: Handle) -> NativeApp:
    """An app whose handler takes the path and the body, and returns the response's text."""

    class HttpIncoming:
        def handle(self, request, body):
            respond(handle(path_of(request), body))

    return NativeApp(HttpIncoming)


@contextmanager
def serving(native: NativeApp, limits: Limits) -> Iterator[Server]:
    """Serve an app that has its own server as a backend."""
    with (
        Host(output=lambda line: None) as host,
        Server(host, native, ("127.0.0.1", 0), limits=limits) as server,
    ):
        host.config = HostConfig(backends={"self": BackendConfig(url=server.url)})
        yield server


class Gate:
    """A handler that waits until it may respond, and counts how many run at once."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.most = 0
        self.order: list[str] = []
        self._lock = threading.Lock()
        self._inside = 0

    def __call__(self, path: str, _body: object) -> str:
        with self._lock:
            self.order.append(path)
            self._inside += 1
            self.most = max(self.most, self._inside)
        self.entered.release()
        assert self.open.wait(LONG)
        with self._lock:
            self._inside -= 1
        return path

    def await_entered(self, count: int) -> None:
        for _ in range(count):
            assert self.entered.acquire(timeout=LONG)


Received = tuple[int, str, str | None]


def get(server: Server, path: str) -> Received:
    client = http.client.HTTPConnection(*server.address, timeout=LONG)
    try:
        client.request("GET", f"/{path}")
        answer = client.getresponse()
        return answer.status, answer.read().decode(), answer.headers["Retry-After"]
    finally:
        client.close()


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def first_of(futures: list[Future[Received]]) -> Received:
    done, _ = wait(futures, LONG, FIRST_COMPLETED)
    return done.pop().result()


@pytest.mark.parametrize("most", [1, 3])
def test_the_sandbox_limit_holds_and_every_request_is_served(
    most: int, clients: ThreadPoolExecutor
) -> None:
    gate = Gate()
    with serving(app(gate), Limits(sandboxes=most)) as server:
        answers = [clients.submit(get, server, str(number)) for number in range(12)]
        gate.await_entered(most)
        gate.open.set()
        served = sorted(answer.result(LONG)[:2] for answer in answers)

    assert served == sorted((200, str(number)) for number in range(12))
    assert gate.most == most


def test_a_request_beyond_the_queue_gets_a_503_with_retry_after(
    clients: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    with serving(app(gate), Limits(sandboxes=1, queued=1)) as server:
        first = clients.submit(get, server, "first")
        gate.await_entered(1)
        others = [clients.submit(get, server, name) for name in ("second", "third")]
        refused = first_of(others)
        gate.open.set()
        statuses = sorted(answer.result(LONG)[0] for answer in [first, *others])

    assert refused == (503, "1 requests are already waiting for a sandbox; try again later\n", "1")
    assert statuses == [200, 200, 503]
    assert gate.most == 1


def test_a_request_that_waits_too_long_gets_a_503(clients: ThreadPoolExecutor) -> None:
    gate = Gate()
    with serving(app(gate), Limits(sandboxes=1, seconds=0.01)) as server:
        first = clients.submit(get, server, "first")
        gate.await_entered(1)
        late = get(server, "late")
        gate.open.set()
        served = first.result(LONG)

    assert late == (503, "no sandbox was free within 0.01 s; try again later\n", "1")
    assert served[:2] == (200, "first")
    assert gate.order == ["first"]


def test_a_waiting_request_is_refused_when_the_server_closes(
    clients: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    with Host(output=lambda line: None) as host:
        dispatcher = Dispatcher(host, app(gate), Limits(sandboxes=1, queued=1))

        def serve(_: str) -> None:
            dispatcher.serve(Exchange(Incoming(), RecordedResponse()))

        first = clients.submit(serve, "first")
        gate.await_entered(1)
        others = [clients.submit(serve, name) for name in ("second", "third")]
        done, left = wait(others, LONG, FIRST_COMPLETED)
        dispatcher.close(0)
        errors = [str(future.exception(LONG)) for future in (*done, *left)]
        gate.open.set()
        first.result(LONG)

    assert errors == ["1 requests are already waiting for a sandbox", "the server is closing"]
    assert len(gate.order) == 1


def test_a_waiting_request_is_served_by_the_replacing_app(
    clients: ThreadPoolExecutor,
) -> None:
    gate = Gate()
    with serving(app(gate), Limits(sandboxes=1, queued=1)) as server:
        clients.submit(get, server, "first")
        gate.await_entered(1)
        others = [clients.submit(get, server, name) for name in ("second", "third")]
        first_of(others)
        server.replace(server.host, app(lambda path, body: "new"))
        gate.open.set()
        served = {answer.result(LONG)[:2] for answer in others}

    assert (200, "new") in served


def ask_self(path: str) -> tuple[int, str]:
    request = http_req.Request.new()
    request.set_uri(f"http://h/{path}")
    answer, body = http_req.send_uncached(request, http_body.new(), backend.Backend.open("self"))
    return answer.get_status(), http_body.read(body, LARGE).decode()


def count_down(path: str, _body: object) -> str:
    """Requests the number below from this same server."""
    if path == "0":
        return "0"
    status, text = ask_self(str(int(path) - 1))
    return f"{path} {text}" if status == 200 else f"{path} {status}"


def test_an_app_that_calls_its_own_server_does_not_wait_for_itself() -> None:
    with serving(app(count_down), Limits(sandboxes=1)) as server:
        answers = [get(server, "1") for _ in range(3)]

    assert [answer[:2] for answer in answers] == [(200, "1 0")] * 3


def test_an_app_that_calls_itself_endlessly_is_refused() -> None:
    with serving(app(count_down), Limits(sandboxes=2, queued=0)) as server:
        answer = get(server, "100")

    assert answer[:2] == (200, "100 99 98 503")


def looping(handle: Handle) -> NativeApp:
    """An app whose sandboxes ask for further requests."""

    class HttpIncoming:
        def handle(self, request, body):
            while True:
                respond(handle(path_of(request), body))
                options = http_downstream.NextRequestOptions(timeout_ms=None, extra=None)
                found = http_downstream.await_request(http_downstream.next_request(options))
                if found is None:
                    return
                request, body = found

    return NativeApp(HttpIncoming)


def test_a_waiting_sandbox_does_not_keep_a_request_out() -> None:
    native = looping(lambda path, body: f"{path} {compute_runtime.get_sandbox_id()}")
    with serving(native, Limits(sandboxes=1)) as server:
        answers = [get(server, str(number)) for number in range(8)]

    assert [answer[0] for answer in answers] == [200] * 8


def test_requests_to_the_own_server_do_not_need_waiting_sandboxes() -> None:
    with serving(looping(count_down), Limits(sandboxes=1)) as server:
        answers = [get(server, "1")[:2] for _ in range(3)]

    assert answers == [(200, "1 0")] * 3


def test_a_reused_sandbox_takes_the_waiting_request(
    clients: ThreadPoolExecutor,
) -> None:
    gate = Gate()

    def handle(path: str, body: object) -> str:
        gate(path, body)
        return f"{path} {compute_runtime.get_sandbox_id()}"

    with serving(looping(handle), Limits(sandboxes=1, queued=1)) as server:
        answers = [clients.submit(get, server, "first")]
        gate.await_entered(1)
        answers += [clients.submit(get, server, name) for name in ("second", "third")]
        first_of(answers[1:])
        gate.open.set()
        bodies = [answer.result(LONG)[1] for answer in answers]

    sandboxes = [body.split()[1] for body in bodies if "already waiting" not in body]
    assert len(sandboxes) == 2
    assert len(set(sandboxes)) == 1


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_disconnected_upload_frees_its_sandbox(reset: bool) -> None:
    reading = threading.Event()
    failed = threading.Event()

    def handle(path: str, body: async_io.Pollable) -> str:
        if path == "next":
            return "next"
        reading.set()
        try:
            while http_body.read(body, LARGE):
                pass
        finally:
            failed.set()
        return "whole"

    with serving(app(handle), Limits(sandboxes=1)) as server:
        upload = socket.create_connection(server.address, timeout=LONG)
        upload.sendall(b"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nbegun")
        assert reading.wait(LONG)
        if reset:
            upload.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        upload.close()
        assert failed.wait(LONG)
        answer = get(server, "next")

    assert answer[:2] == (200, "next")


@pytest.mark.parametrize(
    ("name", "value"), [("sandboxes", 0), ("queued", -1), ("seconds", 0), ("seconds", -1.0)]
)
def test_an_invalid_limit_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} = {value}: must be"):
        Limits(**{name: value})


def test_the_default_fits_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def sandboxes(cores: int, gigabytes: float) -> int:
        pages = int(gigabytes * (1 << 30) / 4096)
        known = {"SC_PHYS_PAGES": pages, "SC_PAGE_SIZE": 4096}
        monkeypatch.setattr("os.cpu_count", lambda: cores)
        monkeypatch.setattr("os.sysconf", known.__getitem__)
        return Limits().sandboxes

    assert sandboxes(2, 24) == 32
    assert sandboxes(16, 64) == 256
    assert sandboxes(16, 2) == 32
    assert sandboxes(1, 0.01) == 1
