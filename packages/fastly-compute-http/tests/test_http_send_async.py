from datetime import timedelta

import pytest

from fastly_compute.backend import Backend, BackendNotFound
from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    Body,
    ConnectionRefused,
    IncomingRequest,
    InvalidHeader,
    PendingResponse,
    Request,
    Response,
    WaitTimeout,
    gather,
    select,
)

pytestmark = pytest.mark.usefixtures("sandbox")
MOMENT = timedelta(milliseconds=1)


def get(url: str, backend: str = "origin") -> PendingResponse:
    return Request("GET", url).send_async(backend)


def test_pending_requests_run_at_the_same_time(origin):
    first, second = get(f"{origin}/together?1"), get(f"{origin}/together?2")

    assert second.wait().body.read() == b"/together?2"
    assert first.wait().body.read() == b"/together?1"


def test_a_pending_response_becomes_ready(origin, origin_server):
    pending = get(f"{origin}/gate")
    before = pending.ready
    origin_server.gate.set()
    found = select([pending], timeout=30)

    assert not before
    assert found is pending
    assert pending.ready
    assert pending.wait().body.read() == b"open"


def test_a_wait_can_be_limited_and_tried_again(origin, origin_server):
    pending = get(f"{origin}/gate?token=s3cret")
    with pytest.raises(WaitTimeout) as caught:
        pending.wait(MOMENT)
    origin_server.gate.set()

    assert str(caught.value) == (
        f"GET {origin}/gate through backend 'origin': no response within 1 ms"
    )
    assert isinstance(caught.value, TimeoutError)
    assert pending.wait(timeout=30).status == 200


@pytest.mark.parametrize("use", [PendingResponse.wait, lambda pending: pending.wait(MOMENT)])
def test_a_response_is_awaited_once(origin, use):
    pending = get(f"{origin}/404")
    pending.wait()

    with pytest.raises(HandleClosed, match="this PendingResponse was already awaited"):
        use(pending)
    with pytest.raises(HandleClosed, match="was already awaited"):
        _ = pending.ready


def test_a_pending_response_that_was_closed_says_so(origin):
    with get(f"{origin}/404") as pending:
        pass

    with pytest.raises(HandleClosed, match="this PendingResponse is closed"):
        pending.wait()


def test_the_repr_of_a_pending_response_shows_the_request_but_not_the_query(origin):
    pending = get(f"{origin}/404?token=s3cret")

    assert repr(pending) == f"<PendingResponse to GET {origin}/404>"
    assert pending.backend == "origin"


def test_a_pending_response_cannot_be_created_directly():
    with pytest.raises(TypeError, match=r"use Request\.send_async"):
        PendingResponse()


def test_the_cause_of_a_missing_response_is_raised_when_it_is_awaited():
    pending = get("http://site.example/x", "unreachable")

    with pytest.raises(ConnectionRefused) as caught:
        pending.wait()
    assert caught.value.backend == "unreachable"


def test_an_unknown_backend_is_not_found_at_once():
    with pytest.raises(BackendNotFound):
        get("http://site.example/x", "nowhere")


def test_the_backend_may_be_an_object_or_found_by_the_url(origin):
    request = Request("GET", f"{origin}/404")

    assert request.send_async(Backend.open("origin")).wait().status == 404
    assert request.send_async().wait().status == 404


@pytest.mark.parametrize("body", [b"abc", iter([b"a", b"bc"]), [b"abc"]])
def test_a_body_is_sent_along(origin, body):
    pending = Request("POST", f"{origin}/echo", body=body).send_async("origin")

    assert pending.wait().body.read() == b"abc"


def test_a_body_is_passed_on_unread(origin, calls):
    first = Request("POST", f"{origin}/echo", body=b"through").send("origin")
    calls.clear()
    second = Request("POST", f"{origin}/echo", body=first.body).send_async("origin")
    sent = list(calls)
    calls.clear()
    response = second.wait(timeout=30)

    assert sent == [
        "backend.Backend.open",
        "http-req.Request.new",
        "http-req.Request.set_method",
        "http-req.Request.set_uri",
        "http-req.Request.append_header",
        "http-req.send_async",
    ]
    assert calls == ["async-io.select_with_timeout", "http-req.await_response"]
    assert response.body.read() == b"through"


# Several responses


def test_all_are_gathered_in_order_with_errors_instead_of_missing_responses(origin):
    sent = [
        get(f"{origin}/together?1"),
        get("http://site.example/", "unreachable"),
        get(f"{origin}/together?2"),
    ]
    first, failed, second = gather(sent)

    assert isinstance(first, Response)
    assert isinstance(second, Response)
    assert (first.body.read(), second.body.read()) == (b"/together?1", b"/together?2")
    assert isinstance(failed, ConnectionRefused)


def test_late_responses_are_discarded_and_the_others_are_returned(origin):
    late, there = get(f"{origin}/gate"), get(f"{origin}/404")
    select([there])
    found = gather(iter([late, there]), timeout=MOMENT)

    assert isinstance(found[0], WaitTimeout)
    assert isinstance(found[1], Response)
    assert late.closed


def test_a_timeout_of_0_takes_the_responses_that_are_ready(origin):
    pending = get(f"{origin}/404")
    select([pending])

    assert isinstance(gather([pending], timeout=0)[0], Response)
    assert gather([]) == []


def test_gathering_an_awaited_response_is_an_error(origin):
    pending = get(f"{origin}/404")
    pending.wait()

    with pytest.raises(HandleClosed):
        gather([pending])


def test_the_first_in_the_list_that_is_ready_is_selected(origin):
    late = get(f"{origin}/gate")
    first, second = get(f"{origin}/404"), get(f"{origin}/404")
    select([first])
    select([second])

    assert select([late, second, first]) is second
    assert select((late, first, second), timeout=30) is first


def test_bodies_are_selected_when_there_is_something_to_read(origin, talk):
    slow = Request("GET", f"{talk.url}/").send_async("talk")
    talk.until(b"\r\n\r\n")
    talk.send(b"HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-length: 4\r\n\r\n")
    waiting = slow.wait().body
    with pytest.raises(WaitTimeout, match=r"nothing was ready within 1 ms \(waited for 1\)"):
        select([waiting], MOMENT)
    talk.send(b"late")

    assert select([waiting], timeout=30) is waiting
    assert waiting.read() == b"late"


def test_a_body_in_memory_is_ready_but_not_before_an_earlier_item(origin):
    late, there = get(f"{origin}/gate"), get(f"{origin}/404")
    memory = Body(b"x")
    select([there])

    assert select([late, memory]) is memory
    assert select([memory, there]) is memory
    assert select([late, there, memory]) is there


def test_a_partly_read_body_is_ready(origin):
    body = Request("POST", f"{origin}/echo", body=b"a\nb").send("origin").body
    assert next(body.iter_lines()) == b"a"

    assert select([get(f"{origin}/gate"), body]) is body


@pytest.mark.parametrize(
    ("waiting", "error", "told"),
    [
        (lambda _: [], ValueError, "waiting must not be empty"),
        (lambda pending: [pending, pending], ValueError, "must not contain an item twice"),
        (lambda _: [Response()], TypeError, "not Response"),
        (lambda pending: [pending, None], TypeError, "not NoneType"),
    ],
)
def test_invalid_items_to_wait_for_are_refused(origin, waiting, error, told):
    pending = get(f"{origin}/404")

    with pytest.raises(error, match=told):
        select(waiting(pending))


@pytest.mark.parametrize("timeout", [-1, float("nan"), 2**32, timedelta(days=50)])
def test_an_invalid_timeout_is_refused(origin, timeout):
    pending = get(f"{origin}/404")

    with pytest.raises(ValueError, match="timeout"):
        select([pending], timeout)
    with pytest.raises(ValueError, match="timeout"):
        pending.wait(timeout)
    with pytest.raises(ValueError, match="timeout"):
        gather([pending], timeout)
    assert pending.wait().status == 404


def test_closed_items_cannot_be_selected(origin):
    pending = get(f"{origin}/404")
    pending.close()
    body = Body(b"x")
    body.close()

    with pytest.raises(HandleClosed, match="this PendingResponse is closed"):
        select([pending])
    with pytest.raises(HandleClosed, match="this Body is closed"):
        select([body])


# As the response to the client


def test_a_pending_response_goes_to_the_client_unread(ask, origin, calls):
    answer = ask(lambda _: get(f"{origin}/404"))

    assert (answer.status, bytes(answer.body), answer.complete) == (404, b"not here", True)
    assert calls[-2:] == ["http-req.send_async", "http-resp.send_downstream_pending"]
    assert "http-body.read" not in calls


@pytest.mark.parametrize(
    ("url", "backend", "expected"),
    [
        ("/404", "origin", {"x-any": [b"1"], "x-response": [b"1"], "x-from": [b"origin", b"2"]}),
        ("/404", "unreachable", {"x-any": [b"1"], "x-error": [b"1"], "x-from": [b"2"]}),
    ],
)
def test_the_headers_of_a_pending_response_are_changed_for_the_outcome(
    ask, origin, url, backend, expected
):
    def handle(_: IncomingRequest) -> PendingResponse:
        pending = get(origin + url, backend)
        pending.set_header("X-Any", "1")
        pending.set_header("X-Response", "1", on="response")
        pending.set_header("X-Error", "1", on="error")
        pending.add_header("X-From", "2")
        pending.add_header("X-Gone", "3")
        pending.remove_header("X-Gone")
        return pending

    values: dict[str, list[bytes]] = {}
    for name, value in ask(handle).headers:
        values.setdefault(name.lower(), []).append(value)

    assert {name: found for name, found in values.items() if name.startswith("x-")} == expected


def test_the_host_responds_if_a_pending_response_fails(ask):
    answer = ask(lambda _: get("http://site.example/", "unreachable"))

    assert answer.status == 502


def test_a_header_that_cannot_be_sent_is_refused_before_the_host_is_called(origin, calls):
    pending = get(f"{origin}/404")
    calls.clear()

    for change in (pending.set_header, pending.add_header):
        with pytest.raises(InvalidHeader):
            change("X-A", "a\nb")
        with pytest.raises(ValueError, match="on must be 'any', 'response' or 'error', not 'both'"):
            change("X-A", "a", on="both")
    with pytest.raises(InvalidHeader):
        pending.remove_header("X A")
    assert calls == []


def test_an_awaited_pending_response_cannot_be_returned(ask, origin, capsys):
    def handle(_: IncomingRequest) -> PendingResponse:
        pending = get(f"{origin}/404")
        pending.wait()
        return pending

    assert ask(handle).status == 500
    assert "this PendingResponse was already awaited" in capsys.readouterr().err
