import pytest

from fastly_compute.backend import Backend, BackendNotFound
from fastly_compute.http import (
    HttpCallFailed,
    IncomingRequest,
    Response,
    ResponseSent,
    Reuse,
    service,
)
from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    Incoming,
    NativeApp,
    RecordedResponse,
)

KINDS = {
    "grip": IncomingRequest.handoff_fanout,
    "websocket": IncomingRequest.handoff_websocket,
}


@pytest.fixture
def given():
    """What was handed off."""
    return []


@pytest.fixture
def host(origin, given):
    """A host that has a proxy."""

    def proxy(handoff):
        given.append(handoff)
        return RecordedResponse(status=299, body=bytearray(b"by the proxy"), complete=True)

    config = HostConfig(backends={"origin": BackendConfig(url=origin)})
    with Host(config, on_handoff=proxy) as host:
        yield host


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backend", ["origin", lambda: Backend.open("origin")])
def test_a_request_is_left_to_another(ask, given, kind, backend):
    answer = ask(
        lambda request: KINDS[kind](request, backend() if callable(backend) else backend),
        method="POST",
        uri="http://site.example/stream?x=1",
        headers=[("Sec-Test", b"1")],
        body=b"sent",
    )

    assert (answer.status, bytes(answer.body)) == (299, b"by the proxy")
    (handoff,) = given
    assert (handoff.kind, handoff.backend, handoff.body) == (kind, "origin", b"sent")
    assert handoff.request.method == "POST"
    assert handoff.request.path_and_query == "/stream?x=1"
    assert handoff.request.headers == [("Sec-Test", b"1")]


def test_a_hand_off_may_go_without_being_returned(ask, given):
    def handle(request: IncomingRequest) -> None:
        request.handoff_fanout("origin")

    assert ask(handle).status == 299
    assert len(given) == 1


@pytest.mark.parametrize("value", [Response.text("mine"), iter([b"mine"]), "text"])
def test_an_answer_to_what_was_handed_off_is_an_error(ask, capsys, value):
    def handle(request: IncomingRequest) -> object:
        request.handoff_fanout("origin")
        return value

    answer = ask(handle, on_error=lambda *_: Response.text("sorry"))

    assert answer.status == 299
    assert "handle answered a request that has its answer" in capsys.readouterr().err


def test_an_exception_behind_a_hand_off_is_told_and_not_answered(ask, capsys):
    asked = []

    def handle(request: IncomingRequest) -> ResponseSent:
        request.handoff_websocket("origin")
        raise RuntimeError("too late")

    answer = ask(handle, on_error=lambda *given: asked.append(given) or Response())

    assert (answer.status, asked) == (299, [])
    assert "RuntimeError: too late" in capsys.readouterr().err


def test_an_error_page_may_leave_the_request_to_another(ask, given):
    answer = ask(lambda _: 1 // 0, on_error=lambda request, _: request.handoff_fanout("origin"))

    assert (answer.status, len(given)) == (299, 1)


def test_an_error_page_that_fails_behind_a_hand_off_is_told(ask, capsys):
    def page(request: IncomingRequest, error: Exception) -> Response:
        request.handoff_fanout("origin")
        raise RuntimeError("too late")

    assert ask(lambda _: 1 // 0, on_error=page).status == 299
    assert "RuntimeError: too late" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_hand_off_is_an_error(ask, kind):
    def handle(request: IncomingRequest) -> ResponseSent:
        done = request.handoff_fanout("origin")
        with pytest.raises(HttpCallFailed):
            KINDS[kind](request, "origin")
        return done

    assert ask(handle).status == 299


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_backend_is_not_found_and_the_request_can_be_answered(ask, given, kind):
    def handle(request: IncomingRequest) -> Response:
        with pytest.raises(BackendNotFound):
            KINDS[kind](request, "nowhere")
        return Response.text("mine")

    answer = ask(handle)

    assert (answer.status, bytes(answer.body), given) == (200, b"mine", [])


def test_what_stands_for_a_hand_off_is_no_answer_by_itself(ask):
    assert ask(lambda _: ResponseSent()).status == 500


def test_a_sandbox_can_go_on_after_a_handoff(host):
    def handle(request: IncomingRequest) -> ResponseSent | Response:
        if request.path == "/0":
            return request.handoff_fanout("origin")
        return Response.text("mine")

    app = NativeApp(service(handle, reuse=Reuse()))
    answers = host.requests(app, [Incoming(uri=f"http://a/{n}") for n in range(2)])

    assert [bytes(answer.body) for answer in answers] == [b"by the proxy", b"mine"]


def test_a_hand_off_takes_two_calls(ask, calls):
    ask(lambda request: request.handoff_fanout("origin"))

    assert calls == [
        "http-req.Request.get_method",
        "backend.Backend.open",
        "http-req.Request.redirect_to_grip_proxy",
    ]
