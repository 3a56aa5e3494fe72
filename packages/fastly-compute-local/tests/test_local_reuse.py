"""Sandboxes that serve several requests in turn."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from componentize_py_types import Err
from wit_world.imports import (
    async_io,
    backend,
    compute_runtime,
    http_body,
    http_downstream,
    http_req,
    http_resp,
)

from fastly_compute.local import Host, Incoming, NativeApp, ReuseLimits, Server, Trap

LARGE = 1 << 20
LONG = 30


def options(timeout_ms: int | None = None):
    return http_downstream.NextRequestOptions(timeout_ms=timeout_ms, extra=None)


def path_of(request) -> str:
    return request.get_uri(LARGE).partition("//")[2].partition("/")[2]


def respond(content: str, status: int = 200) -> None:
    made = http_resp.Response.new()
    made.set_status(status)
    body = http_body.new()
    http_body.write(body, content.encode())
    http_resp.send_downstream(made, body)


def app(handle: Callable[[object, object], None]) -> NativeApp:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    return NativeApp(HttpIncoming)


def looping(serve, timeout_ms: int | None = None) -> NativeApp:
    """An app whose sandboxes serve until no further request arrives.

    Args:
        serve: Called with the path and how many requests the sandbox has served before.
    """

    def handle(request, body):
        count = 0
        while True:
            serve(path_of(request), count)
            count += 1
            following = http_downstream.next_request(options(timeout_ms))
            found = http_downstream.await_request(following)
            if found is None:
                return
            request, _ = found

    return app(handle)


def named(path: str, count: int) -> None:
    respond(f"{path} {count} {compute_runtime.get_sandbox_id()}")


def incomings(count: int) -> list[Incoming]:
    return [Incoming(uri=f"http://h/{number}") for number in range(count)]


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(output=lambda line: None) as host:
        yield host


@contextmanager
def serving(native: NativeApp, reuse: ReuseLimits | None = None) -> Iterator[Server]:
    with (
        Host(output=lambda line: None, reuse=reuse or ReuseLimits()) as host,
        Server(host, native, ("127.0.0.1", 0)) as server,
    ):
        yield server


class Client:
    """A client with a new connection for each request."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def begin(self, path: str) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(*self._server.address, timeout=LONG)
        connection.request("GET", f"/{path}")
        return connection

    def end(self, connection: http.client.HTTPConnection) -> tuple[int, str]:
        answer = connection.getresponse()
        received = answer.status, answer.read().decode()
        connection.close()
        return received

    def __call__(self, path: str) -> tuple[int, str]:
        return self.end(self.begin(path))


# In process


def test_a_sandbox_that_asks_gets_the_next_request(host) -> None:
    answers = host.requests(looping(named), incomings(3))
    parts = [bytes(answer.body).decode().split() for answer in answers]

    assert [part[:2] for part in parts] == [["0", "0"], ["1", "1"], ["2", "2"]]
    assert len({part[2] for part in parts}) == 1


def test_a_sandbox_serves_at_most_six_requests(host) -> None:
    answers = host.requests(looping(named), incomings(8))

    counts = [bytes(answer.body).decode().split()[1] for answer in answers]
    assert counts == ["0", "1", "2", "3", "4", "5", "0", "1"]


def test_the_reuse_of_sandboxes_can_be_configured() -> None:
    with Host(output=lambda line: None, reuse=ReuseLimits(requests=1)) as host:
        answers = host.requests(looping(named), incomings(4))

    assert [bytes(answer.body).decode().split()[1] for answer in answers] == ["0", "1", "0", "1"]


def test_without_reuse_each_request_has_its_own_sandbox() -> None:
    with Host(output=lambda line: None, reuse=ReuseLimits(requests=0)) as host:
        answers = host.requests(looping(named), incomings(3))

    assert [bytes(answer.body).decode().split()[1] for answer in answers] == ["0", "0", "0"]


@pytest.mark.parametrize("name", ["requests", "wait_ms", "waiting"])
def test_a_limit_below_zero_is_refused_by_name(name) -> None:
    with pytest.raises(ValueError, match=name):
        ReuseLimits(**{name: -1})


def test_requests_in_one_sandbox_have_different_identifiers(host) -> None:
    seen = []

    def handle(request, body):
        seen.append(http_downstream.downstream_client_request_id(request, LARGE))
        respond("one")
        following = http_downstream.next_request(options())
        request, _body = http_downstream.await_request(following)
        seen.append(http_downstream.downstream_client_request_id(request, LARGE))
        respond("two")

    host.requests(app(handle), incomings(2))

    assert len(set(seen)) == 2


def test_a_failure_affects_the_current_request_only(host) -> None:
    def fail_at_one(path, count):
        if path == "1":
            raise LookupError
        named(path, count)

    answers = host.requests(looping(fail_at_one), incomings(3))

    assert [answer.status for answer in answers] == [200, 500, 200]
    assert bytes(answers[2].body).decode().split()[:2] == ["2", "0"]


def test_a_body_can_still_stream_while_the_next_request_is_served(host) -> None:
    def handle(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"be")
        following = http_downstream.next_request(options())
        assert http_downstream.await_request(following) is not None
        respond("second")
        http_body.write(out, b"gun")
        http_body.close(out)

    answers = host.requests(app(handle), incomings(2))

    assert [bytes(answer.body) for answer in answers] == [b"begun", b"second"]
    assert all(answer.complete for answer in answers)


def test_a_streaming_body_is_truncated_when_its_sandbox_fails(host) -> None:
    def handle(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"half")
        http_downstream.await_request(http_downstream.next_request(options()))
        raise LookupError

    answers = host.requests(app(handle), incomings(2))

    assert (bytes(answers[0].body), answers[0].complete) == (b"half", False)
    assert answers[1].status == 500


def test_a_promised_request_that_was_not_started_is_served_by_another_sandbox(host) -> None:
    def handle(request, body):
        respond(path_of(request))
        http_downstream.next_request(options())

    answers = host.requests(app(handle), incomings(3))

    assert [bytes(answer.body) for answer in answers] == [b"0", b"1", b"2"]


def test_a_dropped_promise_can_be_requested_again(host) -> None:
    def handle(request, body):
        respond("first")
        with http_downstream.next_request(options()):
            pass
        found = http_downstream.await_request(http_downstream.next_request(options()))
        respond(path_of(found[0]))

    answers = host.requests(app(handle), incomings(2))

    assert bytes(answers[1].body) == b"1"


def test_backends_outlast_a_request(host) -> None:
    def handle(request, body):
        backend.register_dynamic_backend("made", "127.0.0.1:1", backend.DynamicBackendOptions())
        respond("first")
        http_downstream.await_request(http_downstream.next_request(options()))
        respond(backend.Backend.open("made").get_name())

    answers = host.requests(app(handle), incomings(2))

    assert bytes(answers[1].body) == b"made"


def test_only_one_request_is_promised_at_once(host) -> None:
    with host.guest_context():
        http_downstream.next_request(options())
        with pytest.raises(Err) as caught:
            http_downstream.next_request(options())

    assert type(caught.value.value).__name__ == "Error_LimitExceeded"


def test_a_request_must_have_a_response_before_the_next(host) -> None:
    with host.guest_context():
        following = http_downstream.next_request(options())
        with pytest.raises(Err) as early:
            http_downstream.await_request(following)
        with pytest.raises(Trap, match="already awaited"):
            http_downstream.await_request(following)
        with pytest.raises(Err) as again:
            http_downstream.next_request(options())

    assert type(early.value.value).__name__ == "Error_Unsupported"
    assert type(again.value.value).__name__ == "Error_LimitExceeded"


def test_only_a_pending_request_can_be_awaited(host) -> None:
    with host.guest_context(), pytest.raises(Trap, match="something other"):
        http_downstream.await_request(async_io.Pollable.new_ready())


def test_without_further_requests_the_wait_ends_at_once(host) -> None:
    found = []

    def handle(request, body):
        respond("only")
        following = http_downstream.next_request(options())
        found.extend((following.is_ready(), http_downstream.await_request(following)))

    host.requests(app(handle), incomings(1))

    assert found == [True, None]


# Over sockets


def test_the_same_sandbox_serves_one_client_after_the_other() -> None:
    with serving(looping(named)) as server:
        client = Client(server)
        answers = [client(str(number)) for number in range(3)]
        parts = [content.split() for _, content in answers]

    assert [status for status, _ in answers] == [200] * 3
    # A request that arrives before the first sandbox waits gets a new one.
    assert {part[0] for part in parts} == {"0", "1", "2"}


class Waiting:
    """An app whose sandboxes wait for their next request, and report when they end."""

    def __init__(self, timeout_ms: int | None = None) -> None:
        self.ended = threading.Semaphore(0)
        self._timeout_ms = timeout_ms

    @property
    def native(self) -> NativeApp:
        return app(self._handle)

    def _handle(self, request, body):
        count = 0
        while True:
            following = http_downstream.next_request(options(self._timeout_ms))
            named(path_of(request), count)
            count += 1
            found = http_downstream.await_request(following)
            if found is None:
                self.ended.release()
                return
            request, _ = found


def test_a_waiting_sandbox_gets_the_next_request_until_its_limit() -> None:
    waiting = Waiting()
    with serving(waiting.native, ReuseLimits(requests=2)) as server:
        client = Client(server)
        parts = [client(str(number))[1].split() for number in range(4)]

    assert [part[1] for part in parts] == ["0", "1", "2", "0"]
    assert len({part[2] for part in parts}) == 2


def test_of_several_waiting_sandboxes_the_last_one_gets_the_request() -> None:
    first_asked, second_asked = threading.Event(), threading.Event()
    both_run = threading.Barrier(2, timeout=LONG)

    def handle(request, body):
        path = path_of(request)
        both_run.wait()
        if path == "a":
            following = http_downstream.next_request(options())
            first_asked.set()
        else:
            assert first_asked.wait(LONG)
            following = http_downstream.next_request(options())
            second_asked.set()
        assert second_asked.wait(LONG)
        respond(f"{path} {compute_runtime.get_sandbox_id()}")
        found = http_downstream.await_request(following)
        if found is not None:
            respond(f"{path_of(found[0])} {compute_runtime.get_sandbox_id()}")

    with serving(app(handle)) as server:
        client = Client(server)
        both = client.begin("a"), client.begin("b")
        sandboxes = dict(client.end(one)[1].split() for one in both)
        third, fourth = client("c")[1].split(), client("d")[1].split()

    assert third == ["c", sandboxes["b"]]
    assert fourth == ["d", sandboxes["a"]]


def test_the_number_of_waiting_sandboxes_is_limited() -> None:
    together = threading.Barrier(3, timeout=LONG)

    def handle(request, body):
        together.wait()
        following = http_downstream.next_request(options())
        respond("ready" if following.is_ready() else "waits")
        together.wait()
        http_downstream.await_request(following)

    with serving(app(handle), ReuseLimits(waiting=2)) as server:
        client = Client(server)
        connections = [client.begin("x") for _ in range(3)]
        contents = sorted(client.end(one)[1] for one in connections)

    assert contents == ["ready", "waits", "waits"]


def test_a_wait_ends_with_the_guests_timeout() -> None:
    waiting = Waiting(timeout_ms=20)
    with serving(waiting.native) as server:
        status, _ = Client(server)("x")
        ended = waiting.ended.acquire(timeout=LONG)

    assert (status, ended) == (200, True)


def test_a_wait_ends_with_the_hosts_timeout() -> None:
    waiting = Waiting(timeout_ms=LONG * 1000)
    with serving(waiting.native, ReuseLimits(wait_ms=20)) as server:
        Client(server)("x")
        ended = waiting.ended.acquire(timeout=LONG)

    assert ended


def test_a_request_promised_to_a_failing_sandbox_is_served_by_a_new_one() -> None:
    given, end = threading.Event(), threading.Event()

    def handle(request, body):
        if path_of(request) != "first":
            respond(f"fresh {compute_runtime.get_sandbox_id()}")
            return
        following = http_downstream.next_request(options())
        respond(compute_runtime.get_sandbox_id())
        given.set()
        async_io.select([following])
        assert end.wait(LONG)
        raise LookupError("ends with a promised request that it has not started")

    with serving(app(handle)) as server:
        client = Client(server)
        _, first = client("first")
        assert given.wait(LONG)
        connection = client.begin("second")
        end.set()
        status, second = client.end(connection)

    assert status == 200
    assert second.startswith("fresh ")
    assert second.split()[1] != first


def test_a_failure_at_a_later_request_is_a_500_to_that_client_only() -> None:
    def handle(request, body):
        following = http_downstream.next_request(options())
        respond("well")
        http_downstream.await_request(following)
        raise LookupError

    with serving(app(handle)) as server:
        client = Client(server)
        first = client("1")
        second = client("2")
        third = client("3")

    assert (first, second[0], third) == ((200, "well"), 500, (200, "well"))


def test_a_streaming_response_continues_while_the_sandbox_serves_the_next_request() -> None:
    def handle(request, body):
        following = http_downstream.next_request(options())
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"be")
        http_downstream.await_request(following)
        respond("second")
        http_body.write(out, b"gun")
        http_body.close(out)

    with serving(app(handle)) as server:
        client = Client(server)
        first = client.begin("1")
        answer = first.getresponse()
        start = answer.read(2)
        second = client("2")
        rest = answer.read()
        first.close()

    assert (start, second, rest) == (b"be", (200, "second"), b"gun")


def test_a_body_is_forwarded_while_the_sandbox_serves_the_next_request(serve) -> None:
    second_served = threading.Event()

    def script(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbe")
        assert second_served.wait(LONG)
        peer.send(b"en")
        peer.drain()

    origin = serve(script)

    def handle(request, body):
        target = backend.register_dynamic_backend(
            "origin", f"127.0.0.1:{origin.port}", backend.DynamicBackendOptions()
        )
        asked = http_req.Request.new()
        asked.set_uri("http://example.com/")
        following = http_downstream.next_request(options())
        http_resp.send_downstream(*http_req.send_uncached(asked, http_body.new(), target))
        http_downstream.await_request(following)
        respond("second")

    with serving(app(handle)) as server:
        client = Client(server)
        first = client.begin("1")
        answer = first.getresponse()
        second = client("2")
        second_served.set()
        content = answer.read()
        first.close()

    assert (second, content) == ((200, "second"), b"been")


def test_a_server_can_be_closed_while_sandboxes_wait() -> None:
    waiting = Waiting()
    with serving(waiting.native) as server:
        Client(server)("x")

    assert waiting.ended.acquire(timeout=LONG)


def test_replacing_the_app_ends_the_waiting_sandboxes() -> None:
    waiting = Waiting()
    with serving(waiting.native) as server:
        client = Client(server)
        client("x")
        server.replace(server.host, app(lambda request, body: respond("new")))
        ended = waiting.ended.acquire(timeout=LONG)
        after = client("y")

    assert ended
    assert after == (200, "new")
