"""Guests that take or wait too long, and what does not count towards their time limit."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from componentize_py_types import Err
from wit_world.imports import (
    async_io,
    backend,
    http_body,
    http_downstream,
    http_req,
    http_resp,
    log,
)

from fastly_compute.local import Host, Incoming, NativeApp, RecordedResponse, Server

PROFILED = """
import sys
from fastly_compute.local import Host, NativeApp

class HttpIncoming:
    def handle(self, request, body):
        while sys.argv[1] == "spins":
            pass

with Host(output=lambda line: None, time_limit=30 if sys.argv[1] == "ends" else 0.2) as host:
    status = host.request(NativeApp(HttpIncoming)).status

def called():
    return status

for follow in (sys.setprofile, sys.settrace):
    follow(lambda *event: None)
    called()
    follow(None)
print(status)
"""
LARGE = 1 << 20
LONG = 30
LIMIT = 0.4
REASON = b"longer than the host's time limit"


def app(handle: Callable[[object, object], None]) -> NativeApp:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    return NativeApp(HttpIncoming)


def respond(content: bytes = b"in time") -> None:
    body = http_body.new()
    http_body.write(body, content)
    http_resp.send_downstream(http_resp.Response.new(), body)


@pytest.fixture
def limited() -> Iterator[Host]:
    with Host(output=lambda line: None, time_limit=LIMIT) as host:
        yield host


def answer_of(host: Host, handle, incoming: Incoming | None = None) -> RecordedResponse:
    return host.request(app(handle), incoming)


@contextmanager
def serving(handle, limit: float = LIMIT) -> Iterator[Server]:
    with (
        Host(output=lambda line: None, time_limit=limit) as host,
        Server(host, app(handle), ("127.0.0.1", 0)) as server,
    ):
        yield server


def ask(server: Server, path: str = "/") -> tuple[int, bytes]:
    client = http.client.HTTPConnection(*server.address, timeout=LONG)
    client.request("GET", path)
    answer = client.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        client.close()


def origin(server):
    return backend.register_dynamic_backend(
        "origin", f"127.0.0.1:{server.port}", backend.DynamicBackendOptions()
    )


def request():
    made = http_req.Request.new()
    made.set_uri("http://example.com/")
    return made


def silent(peer) -> None:
    peer.head()
    peer.server.stopping.wait(LONG)


def spin(_request, _body) -> None:
    while True:
        pass


def call_again_and_again(_request, _body) -> None:
    while True:
        log.Endpoint.open("endpoint")


def sleep_for_long(_request, _body) -> None:
    async_io.select_with_timeout([], LONG * 1000)


def catch_exceptions(_request, _body) -> None:
    while True:
        try:
            while True:
                pass
        except Exception:
            continue


@pytest.mark.parametrize("handle", [spin, call_again_and_again, sleep_for_long, catch_exceptions])
def test_a_guest_beyond_the_time_limit_is_ended(limited, handle) -> None:
    started = time.monotonic()
    answer = answer_of(limited, handle)

    assert answer.status == 500
    assert REASON in answer.body
    assert time.monotonic() - started < LONG


def test_a_guest_within_the_time_limit_is_not_ended(limited) -> None:
    assert bytes(answer_of(limited, lambda q, b: respond()).body) == b"in time"


@pytest.mark.parametrize(("guest", "status"), [("ends", "200"), ("spins", "500")])
def test_a_profiler_and_a_debugger_work_after_a_guest_with_a_limit(guest, status) -> None:
    # CPython 3.11 would loop at the next call of a function, which no test could end in here.
    run = subprocess.run(
        [sys.executable, "-c", PROFILED, guest], capture_output=True, text=True, timeout=LONG
    )

    assert run.stdout == f"{status}\n", run.stderr


def test_without_a_limit_a_guest_may_take_any_time() -> None:
    with Host(output=lambda line: None) as host:
        answer = answer_of(host, lambda q, b: (async_io.select_with_timeout([], 600), respond()))

    assert bytes(answer.body) == b"in time"


def test_a_started_response_is_truncated(limited) -> None:
    def handle(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"half")
        spin(request, body)

    answer = answer_of(limited, handle)

    assert (bytes(answer.body), answer.complete) == (b"half", False)


def test_the_thread_is_free_for_the_next_guest(limited) -> None:
    first = answer_of(limited, spin)
    second = answer_of(limited, lambda q, b: respond())

    assert (first.status, bytes(second.body)) == (500, b"in time")


def test_a_wait_for_a_response_ends_with_the_limit(limited, serve) -> None:
    server = serve(silent)

    def handle(_request, _body):
        http_req.await_response(http_req.send_async(request(), http_body.new(), origin(server)))

    answer = answer_of(limited, handle)
    server.close()
    serve.servers.remove(server)

    assert REASON in answer.body


def test_a_waiting_send_ends_with_the_limit(limited, serve) -> None:
    server = serve(silent)
    answer = answer_of(
        limited, lambda q, b: http_req.send(request(), http_body.new(), origin(server))
    )
    server.close()
    serve.servers.remove(server)

    assert REASON in answer.body


def test_a_waiting_read_ends_with_the_limit(limited, serve) -> None:
    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
        peer.server.stopping.wait(LONG)

    server = serve(script)

    def handle(_request, _body):
        _, body = http_req.send_uncached(request(), http_body.new(), origin(server))
        while http_body.read(body, LARGE):
            pass

    answer = answer_of(limited, handle)
    server.close()
    serve.servers.remove(server)

    assert REASON in answer.body


def test_a_waiting_write_ends_with_the_limit(limited, serve) -> None:
    server = serve(silent)

    def handle(_request, _body):
        asked, body = request(), http_body.new()
        asked.set_method("PUT")
        http_req.send_async_streaming(asked, body, origin(server))
        while True:
            http_body.write(body, b"x" * 65536)

    answer = answer_of(limited, handle)
    server.close()
    serve.servers.remove(server)

    assert REASON in answer.body


def test_the_response_that_a_late_guest_waited_for_is_released(serve) -> None:
    go = threading.Event()

    def script(peer):
        peer.head()
        assert go.wait(LONG)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.drain()

    server = serve(script)
    with Host(output=lambda line: None, time_limit=LIMIT) as host:
        answer = answer_of(
            host, lambda q, b: http_req.send_uncached(request(), http_body.new(), origin(server))
        )
        go.set()
        let_go = server.first.done.wait(LONG)

    assert answer.status == 500
    assert let_go


def test_forwarding_a_body_to_the_client_does_not_count(limited, serve) -> None:
    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbe")
        peer.server.stopping.wait(2 * LIMIT)
        peer.send(b"en")
        peer.drain()

    server = serve(script)

    def handle(_request, _body):
        http_resp.send_downstream(
            *http_req.send_uncached(request(), http_body.new(), origin(server))
        )

    answer = answer_of(limited, handle)

    assert (bytes(answer.body), answer.complete) == (b"been", True)


def test_forwarding_an_appended_body_does_not_count(limited, serve) -> None:
    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbe")
        peer.server.stopping.wait(2 * LIMIT)
        peer.send(b"en")
        peer.drain()

    server = serve(script)

    def handle(_request, _body):
        _, body = http_req.send_uncached(request(), http_body.new(), origin(server))
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.append(out, body)
        http_body.write(out, b"!")
        http_body.close(out)

    answer = answer_of(limited, handle)

    assert (bytes(answer.body), answer.complete) == (b"been!", True)


def options():
    return http_downstream.NextRequestOptions(timeout_ms=None, extra=None)


def test_each_request_of_a_sandbox_has_its_own_limit() -> None:
    def handle(request, body):
        for _ in range(3):
            async_io.select_with_timeout([], 400)
            respond()
            http_downstream.await_request(http_downstream.next_request(options()))

    with Host(output=lambda line: None, time_limit=1) as host:
        answers = host.requests(app(handle), [Incoming() for _ in range(3)])

    assert [bytes(answer.body) for answer in answers] == [b"in time"] * 3


def test_a_guest_that_got_no_further_request_is_still_limited(limited) -> None:
    ended = []

    def handle(request, body):
        respond()
        http_downstream.await_request(http_downstream.next_request(options()))
        try:
            spin(request, body)
        finally:
            ended.append(True)

    answer = answer_of(limited, handle)

    assert (bytes(answer.body), ended) == (b"in time", [True])


def test_waiting_for_the_next_request_does_not_count() -> None:
    waits = threading.Event()

    def handle(request, body):
        following = http_downstream.next_request(options())
        respond()
        waits.set()
        if http_downstream.await_request(following) is not None:
            respond(b"after a while")

    with serving(handle) as server:
        first = ask(server)
        assert waits.wait(LONG)
        threading.Event().wait(2 * LIMIT)
        second = ask(server)

    assert (first, second) == ((200, b"in time"), (200, b"after a while"))


def test_a_server_answers_others_while_a_guest_spins() -> None:
    spinning = threading.Event()

    def handle(request, body):
        if request.get_uri(LARGE).endswith("/spin"):
            spinning.set()
            spin(request, body)
        respond()

    with serving(handle, limit=1) as server:
        client = http.client.HTTPConnection(*server.address, timeout=LONG)
        client.request("GET", "/spin")
        assert spinning.wait(LONG)
        other = ask(server)
        ended = client.getresponse().status
        client.close()

    assert (other, ended) == ((200, b"in time"), 500)


def test_a_guest_that_catches_everything_is_a_500_too() -> None:
    stop = threading.Event()

    def handle(request, body):
        while not stop.is_set():
            try:
                while not stop.is_set():
                    pass
            except BaseException:
                continue

    with serving(handle) as server:
        status, content = ask(server)
        stop.set()

    assert status == 500
    assert REASON in content


def test_a_guest_that_cannot_be_interrupted_gets_a_500_and_loses_the_host() -> None:
    stop = threading.Event()
    refused = []

    def handle(request, body):
        if not request.get_uri(LARGE).endswith("/stubborn"):
            respond()
            return
        with suppress(BaseException):
            assert stop.wait(LONG)
        try:
            respond()
        except BaseException as refusal:
            refused.append(str(refusal))
            raise

    with serving(handle) as server:
        stubborn = ask(server, "/stubborn")
        other = ask(server)
        stop.set()

    assert stubborn[0] == 500
    assert REASON in stubborn[1]
    assert other == (200, b"in time")
    assert len(refused) == 1
    assert REASON.decode() in refused[0]


def test_a_changed_limit_applies_to_requests_that_begin_later(limited) -> None:
    limited.time_limit = None
    slow = answer_of(limited, lambda q, b: (async_io.select_with_timeout([], 600), respond()))
    limited.time_limit = LIMIT
    late = answer_of(limited, sleep_for_long)

    assert (bytes(slow.body), late.status) == (b"in time", 500)


def test_an_error_of_the_host_reaches_a_limited_guest_unchanged(limited) -> None:
    caught = []

    def handle(request, body):
        try:
            backend.Backend.open("nowhere")
        except Err as err:
            caught.append(err.value.name)
        respond()

    answer_of(limited, handle)

    assert caught == ["NOT_FOUND"]
