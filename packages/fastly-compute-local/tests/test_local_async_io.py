"""Waiting for several handles: which are ready, in which order, and invalid waits."""

import threading
import time
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req

from fastly_compute.local import Host, Sandbox, Trap

LARGE = 1 << 20
LONG = 30
LONG_MS = LONG * 1000
HEAD = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 4\r\n\r\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Host(output=lambda line: None) as host, host.guest_context() as sandbox:
        yield sandbox


def asking(server, name="origin"):
    """Send a request without waiting for the response."""
    options = backend.DynamicBackendOptions()
    target = backend.register_dynamic_backend(name, f"127.0.0.1:{server.port}", options)
    request = http_req.Request.new()
    request.set_uri("http://example.com/")
    return http_req.send_async_uncached(request, http_body.new(), target)


class Held:
    """A script for an origin that sends each part when told to."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self.go = [threading.Event() for _ in parts]

    def __call__(self, peer) -> None:
        peer.head()
        for go, part in zip(self.go, self._parts, strict=True):
            assert go.wait(LONG)
            peer.send(part)
        peer.drain()

    def all(self) -> None:
        for go in self.go:
            go.set()


@pytest.fixture
def held(serve) -> Iterator[list[Held]]:
    made: list[Held] = []
    yield made
    for script in made:
        script.all()


def test_select_returns_the_ready_handle_at_any_position(sandbox, serve, held) -> None:
    slow, fast = Held(HEAD + b"slow"), Held(HEAD + b"fast")
    held += [slow, fast]
    pending = [asking(serve(slow), "slow"), asking(serve(fast), "fast")]
    fast.all()
    first = async_io.select(pending)
    slow.all()
    second = async_io.select([pending[0]])
    bodies = [http_body.read(http_req.await_response(one)[1], LARGE) for one in pending]

    assert (first, second, bodies) == (1, 0, [b"slow", b"fast"])


def test_select_returns_the_first_of_several_ready_handles(sandbox, serve) -> None:
    server = serve.answering(HEAD + b"body")
    pending = [asking(server, f"origin {number}") for number in range(3)]
    for one in pending:
        async_io.select([one])

    assert async_io.select([pending[2], pending[0], pending[1]]) == 0
    assert async_io.select_with_timeout([pending[1], async_io.Pollable.new_ready()], 0) == 0


def test_a_wait_times_out(sandbox, serve, held) -> None:
    script = Held(HEAD + b"body")
    held.append(script)
    pending = asking(serve(script))
    started = time.monotonic()
    found = async_io.select_with_timeout([pending], 30)

    assert found is None
    assert 0.03 <= time.monotonic() - started < LONG


def test_a_timeout_of_zero_does_not_wait(sandbox, serve, held) -> None:
    script = Held(HEAD + b"body")
    held.append(script)
    pending = asking(serve(script))

    assert async_io.select_with_timeout([pending], 0) is None
    assert async_io.select_with_timeout([pending, async_io.Pollable.new_ready()], 0) == 1


def test_waiting_for_no_handles_sleeps(sandbox) -> None:
    started = time.monotonic()
    found = async_io.select_with_timeout([], 20)

    assert found is None
    assert time.monotonic() - started >= 0.02


def test_is_ready_does_not_wait(sandbox, serve, held) -> None:
    script = Held(HEAD, b"body")
    held.append(script)
    pending = asking(serve(script))
    before_head = pending.is_ready()
    script.go[0].set()
    async_io.select([pending])
    after_head = pending.is_ready()
    _, body = http_req.await_response(pending)
    before_body = body.is_ready()
    script.go[1].set()
    async_io.select([body])

    assert (before_head, after_head, before_body, body.is_ready()) == (False, True, False, True)


def test_data_that_was_read_ahead_is_not_lost(sandbox, serve, held) -> None:
    script = Held(HEAD, b"bo", b"dy")
    held.append(script)
    pending = asking(serve(script))
    script.go[0].set()
    _, body = http_req.await_response(pending)
    body.is_ready()
    script.go[1].set()
    first = http_body.read(body, 1)
    left = http_body.get_known_length(body)
    second = http_body.read(body, LARGE)
    body.is_ready()
    script.go[2].set()
    async_io.select([body])

    assert (first, left, second) == (b"b", 3, b"o")
    assert http_body.read(body, LARGE) == b"dy"
    assert http_body.read(body, LARGE) == b""


def test_the_end_of_a_body_is_ready(sandbox, serve) -> None:
    answer = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n"
    _, body = http_req.await_response(asking(serve.answering(answer)))

    assert async_io.select_with_timeout([body], LONG_MS) == 0
    assert http_body.read(body, LARGE) == b""


def test_an_error_while_reading_ahead_is_raised_by_the_next_read(sandbox, serve) -> None:
    _, body = http_req.await_response(asking(serve.answering_once(HEAD + b"on")))
    assert http_body.read(body, LARGE) == b"on"
    ready = async_io.select_with_timeout([body], LONG_MS)
    with pytest.raises(Err) as caught:
        http_body.read(body, LARGE)

    assert ready == 0
    assert type(caught.value.value).__name__ == "Error_HttpIncomplete"


def test_after_its_first_part_a_body_is_ready_when_the_second_one_is(sandbox, serve, held) -> None:
    script = Held(HEAD, b"last")
    held.append(script)
    pending = asking(serve(script), "second")
    script.go[0].set()
    _, second = http_req.await_response(pending)
    _, first = http_req.await_response(asking(serve.answering(HEAD + b"one "), "first"))
    http_body.append(first, second)
    start = b""
    while len(start) < 4:
        start += http_body.read(first, LARGE)
    early = async_io.select_with_timeout([first], 20)
    script.go[1].set()

    assert (start, early) == (b"one ", None)
    assert async_io.select_with_timeout([first], LONG_MS) == 0
    assert http_body.read(first, LARGE) == b"last"


def test_a_body_in_memory_is_ready(sandbox) -> None:
    body = http_body.new()

    assert body.is_ready()
    http_body.write(body, b"x")
    assert async_io.select_with_timeout([body], 0) == 0


@pytest.mark.parametrize("select", [async_io.select, lambda h: async_io.select_with_timeout(h, 1)])
def test_selecting_a_body_twice_traps(sandbox, select) -> None:
    body = http_body.new()

    with pytest.raises(Trap, match="same handle twice"):
        select([body, async_io.Pollable.new_ready(), body])


def test_a_dropped_pollable_traps(sandbox) -> None:
    body = http_body.new()
    with body:
        pass

    with pytest.raises(Trap, match="was dropped"):
        async_io.select([body])
