import threading
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import timedelta
from itertools import groupby
from time import monotonic
from typing import Any

import pytest
from componentize_py_types import Err
from wit_world.imports import compute_runtime
from wit_world.imports.types import Error_LimitExceeded, Error_Unsupported

from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    Body,
    IncomingRequest,
    PendingResponse,
    Request,
    Response,
    Reuse,
    service,
)
from fastly_compute.local import Incoming, NativeApp, RecordedResponse, ReuseLimits
from fastly_compute.local.runtime.dispatch import Dispatcher
from fastly_compute.local.runtime.exchange import Exchange

END = b"0\r\n\r\n"


def where(_: IncomingRequest) -> Response:
    return Response.text(compute_runtime.get_sandbox_id())


@pytest.fixture
def rounds(host):
    """Serve requests one after the other; return how many each sandbox served, in order."""
    host.reuse = ReuseLimits(requests=100)

    def rounds(reuse: Reuse | None, count: int = 6, handler=where, **options: object) -> list[int]:
        app = NativeApp(service(handler, reuse=reuse, **options))
        answers = host.requests(app, [Incoming(uri=f"http://a/{n}") for n in range(count)])
        rounds.answers = answers  # type: ignore[attr-defined]
        return [len(list(group)) for _, group in groupby(bytes(a.body) for a in answers)]

    return rounds


def test_by_default_every_request_has_its_own_sandbox(rounds):
    assert rounds(None, 3) == [1, 1, 1]


def test_an_empty_reuse_turns_reuse_on(rounds):
    assert rounds(Reuse(), 20) == [20]


def test_the_platform_may_allow_less(rounds, host):
    host.reuse = ReuseLimits(requests=1)

    assert rounds(Reuse(), 5) == [2, 2, 1]


VISITOR: ContextVar[str] = ContextVar("visitor", default="none yet")


def remember(request: IncomingRequest) -> Iterator[bytes]:
    before = VISITOR.get()
    VISITOR.set(request.path)
    yield before.encode()
    VISITOR.set("the stream of " + request.path)


@pytest.mark.parametrize("reuse", [None, Reuse()])
def test_context_variables_of_a_request_do_not_reach_the_next(rounds, reuse):
    VISITOR.set("the caller")
    rounds(reuse, 4, remember)

    assert [bytes(answer.body) for answer in rounds.answers] == [b"the caller"] * 4
    assert VISITOR.get() == "the caller"


@pytest.mark.parametrize(("most", "served"), [(1, [1] * 6), (2, [2, 2, 2]), (4, [4, 2]), (9, [6])])
def test_a_sandbox_serves_at_most_max_requests(rounds, most, served):
    assert rounds(Reuse(max_requests=most)) == served


def slow(request: IncomingRequest) -> Response:
    end = monotonic() + 0.02
    while monotonic() < end:
        pass
    return where(request)


def test_a_sandbox_accepts_requests_for_at_most_max_lifetime(rounds):
    assert rounds(Reuse(max_lifetime=0.01), 3, slow) == [1, 1, 1]
    assert rounds(Reuse(max_lifetime=timedelta(hours=1)), 3, slow) == [3]


@pytest.mark.parametrize(
    ("reuse", "least", "most"),
    [
        (Reuse(), None, None),
        (Reuse(idle_timeout=1.5), 1500, 1500),
        (Reuse(max_lifetime=3600), 3_590_000, 3_600_000),
        (Reuse(max_lifetime=3600, idle_timeout=timedelta(seconds=7)), 7000, 7000),
        (Reuse(max_lifetime=3600, idle_timeout=7200), 3_590_000, 3_600_000),
    ],
)
def test_a_sandbox_waits_no_longer_than_allowed(rounds, instead, reuse, least, most):
    asked = []

    def note(function, options):
        asked.append(options.timeout_ms)
        return function(options)

    instead("http-downstream.next_request", note)

    assert rounds(reuse, 1) == [1]
    (waits,) = asked
    assert waits is None if least is None else least <= waits <= most


def test_an_idle_timeout_of_0_means_no_further_request(rounds):
    assert rounds(Reuse(idle_timeout=0), 2) == [1, 1]


@pytest.mark.parametrize(("used", "served"), [(50, [3]), (51, [1, 1, 1]), (0, [3])])
def test_a_sandbox_that_uses_too_much_memory_accepts_no_more_requests(
    rounds, instead, used, served
):
    instead("compute-runtime.get_heap_mib", lambda _: used)

    assert rounds(Reuse(max_memory=50), 3) == served


@pytest.mark.parametrize("error", [Error_Unsupported, Error_LimitExceeded])
@pytest.mark.parametrize(
    "function",
    [
        "compute-runtime.get_heap_mib",
        "http-downstream.next_request",
        "http-downstream.await_request",
    ],
)
def test_a_failure_to_get_the_next_request_ends_the_sandbox_cleanly(
    rounds, instead, function, error
):
    def refuse(*_):
        raise Err(error())

    instead(function, refuse)

    assert rounds(Reuse(max_memory=50), 1) == [1]
    assert all(answer.complete and answer.status == 200 for answer in rounds.answers)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"max_requests": 0}, ValueError, "max_requests must be at least 1, not 0"),
        ({"max_memory": -1}, ValueError, "max_memory must be at least 1, not -1"),
        ({"max_requests": 1.5}, TypeError, "max_requests must be an int or None, not 1.5"),
        ({"max_requests": True}, TypeError, "max_requests must be an int or None, not True"),
        ({"max_lifetime": -1}, ValueError, "max_lifetime must be finite and at least 0"),
        ({"max_lifetime": "1"}, TypeError, "max_lifetime must be a timedelta or a number"),
        ({"idle_timeout": 2**32}, ValueError, "idle_timeout must be less than"),
        ({"after_failure": 1}, TypeError, "after_failure must be True or False, not 1"),
        ({"requests": 1}, TypeError, "requests"),
    ],
)
def test_limits_that_break_a_rule_are_refused(options, error, told):
    with pytest.raises(error, match=told):
        Reuse(**options)


def test_limits_are_immutable_and_compared_by_value():
    assert Reuse(max_requests=5) == Reuse(max_requests=5)
    with pytest.raises(AttributeError):
        Reuse().max_requests = 5


# Failures


def fails_at_1(request: IncomingRequest) -> Response:
    if request.path == "/1":
        raise RuntimeError("at 1")
    return where(request)


def breaks_off_at_1(request: IncomingRequest) -> Iterator[bytes]:
    yield where(request).body.read()
    if request.path == "/1":
        raise RuntimeError("half-way")


def ids(answers: list[RecordedResponse]) -> list[bytes]:
    return [bytes(answer.body) for answer in answers]


@pytest.mark.parametrize("handler", [fails_at_1, breaks_off_at_1])
def test_a_request_that_fails_ends_the_sandbox(rounds, handler):
    rounds(Reuse(), 4, handler)
    first, _, third, fourth = ids(rounds.answers)

    assert first != third == fourth
    assert [answer.complete for answer in rounds.answers].count(False) <= 1


@pytest.mark.parametrize("handler", [fails_at_1, breaks_off_at_1])
def test_a_sandbox_can_continue_after_a_failure(rounds, handler):
    rounds(Reuse(after_failure=True), 4, handler)
    first, _, third, fourth = ids(rounds.answers)

    assert first == third == fourth


def test_a_failure_with_an_error_page_is_a_failure(rounds):
    rounds(Reuse(), 3, fails_at_1, on_error=lambda request, error: Response.text("sorry"))
    first, page, third = ids(rounds.answers)

    assert page == b"sorry"
    assert first != third


# Resources that a request left open


def test_nothing_that_a_request_left_open_reaches_the_next(rounds, origin, talk):
    kept: list[Any] = []

    def handle(request: IncomingRequest) -> Response:
        if not kept:
            body, pending = Request("PUT", "http://site.example/").send_streaming("talk")
            body.write(b"half")
            talk.until(b"half")
            received = Request("GET", f"{origin}/404").send("origin").body
            lost = Request("GET", f"{origin}/gate").send_async("origin")
            kept.extend([request, request.body, body, pending, received, lost])
        return where(request)

    assert rounds(Reuse(), 2, handle) == [2]
    assert [thing.closed for thing in kept] == [True] * 6
    assert END not in talk.to_the_end()


def test_bodies_that_were_passed_on_or_read_are_not_closed_twice(rounds, origin):
    def handle(request: IncomingRequest) -> Response | PendingResponse:
        Request("GET", f"{origin}/404").send("origin").body.read()
        if request.path == "/0":
            return Request("GET", f"{origin}/404").send("origin")
        if request.path == "/1":
            return Request("GET", f"{origin}/404").send_async("origin")
        return where(request)

    rounds(Reuse(), 3, handle)

    assert [answer.status for answer in rounds.answers] == [404, 404, 200]
    assert all(answer.complete for answer in rounds.answers)


def test_objects_in_memory_outlive_their_request(rounds):
    constant = Response(body=Body(b"the same"))

    assert rounds(Reuse(), 3, lambda _: constant) == [3]
    assert bytes(rounds.answers[2].body) == b"the same"


def test_unread_input_does_not_reach_the_next_request(host):
    def handle(request: IncomingRequest) -> Response:
        return Response(body=request.body.read(1) if request.path == "/0" else request.body.read())

    app = NativeApp(service(handle, reuse=Reuse()))
    incomings = [
        Incoming(method="POST", uri=f"http://a/{n}", body=body)
        for n, body in enumerate((b"first", b"second"))
    ]
    answers = host.requests(app, incomings)

    assert [bytes(answer.body) for answer in answers] == [b"f", b"second"]


def test_a_body_of_one_request_cannot_be_read_in_the_next(rounds, origin):
    kept = []

    def handle(request: IncomingRequest) -> Response:
        if not kept:
            kept.append(Request("GET", f"{origin}/404").send("origin"))
            return Response()
        with pytest.raises(HandleClosed, match="this Body is closed"):
            kept[0].body.read()
        return Response.text("closed")

    rounds(Reuse(), 2, handle)

    assert bytes(rounds.answers[1].body) == b"closed"


def test_concurrent_sandboxes_leave_each_others_resources_open(host, origin, origin_server):
    begun, other_begun, other_done = (threading.Event() for _ in range(3))

    def handle(request: IncomingRequest) -> Response | PendingResponse:
        if request.path == "/other":
            other_begun.set()
            begun.wait(30)
            return Response()
        other_begun.wait(30)
        pending = Request("GET", f"{origin}/gate").send_async("origin")
        begun.set()
        other_done.wait(30)
        origin_server.gate.set()
        return pending

    dispatcher = Dispatcher(host, NativeApp(service(handle, reuse=Reuse())))
    answer = RecordedResponse()
    exchange = Exchange(Incoming(uri="http://a/one"), answer)
    serving = threading.Thread(target=dispatcher.serve, args=(exchange,))
    serving.start()
    dispatcher.serve(Exchange(Incoming(uri="http://a/other"), RecordedResponse()))
    other_done.set()
    serving.join()
    dispatcher.close(30)

    assert (answer.status, bytes(answer.body)) == (200, b"open")
