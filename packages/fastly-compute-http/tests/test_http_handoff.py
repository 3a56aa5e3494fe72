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
    """The handoffs."""
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
def test_a_request_is_handed_off(ask, given, kind, backend):
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


def test_a_handoff_need_not_be_returned(ask, given):
    def handle(request: IncomingRequest) -> None:
        request.handoff_fanout("origin")

    assert ask(handle).status == 299
    assert len(given) == 1


@pytest.mark.parametrize("value", [Response.text("mine"), iter([b"mine"]), "text"])
def test_a_response_after_a_handoff_is_an_error(ask, capsys, value):
    def handle(request: IncomingRequest) -> object:
        request.handoff_fanout("origin")
        return value

    answer = ask(handle, on_error=lambda *_: Response.text("sorry"))

    assert answer.status == 299
    assert "handle returned a response, but one was already sent" in capsys.readouterr().err


def test_an_exception_after_a_handoff_is_only_logged(ask, capsys):
    asked = []

    def handle(request: IncomingRequest) -> ResponseSent:
        request.handoff_websocket("origin")
        raise RuntimeError("too late")

    answer = ask(handle, on_error=lambda *given: asked.append(given) or Response())

    assert (answer.status, asked) == (299, [])
    assert "RuntimeError: too late" in capsys.readouterr().err


def test_an_error_page_may_hand_the_request_off(ask, given):
    answer = ask(lambda _: 1 // 0, on_error=lambda request, _: request.handoff_fanout("origin"))

    assert (answer.status, len(given)) == (299, 1)


def test_an_error_page_that_fails_after_a_handoff_is_logged(ask, capsys):
    def page(request: IncomingRequest, error: Exception) -> Response:
        request.handoff_fanout("origin")
        raise RuntimeError("too late")

    assert ask(lambda _: 1 // 0, on_error=page).status == 299
    assert "RuntimeError: too late" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_handoff_is_an_error(ask, kind):
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


def test_response_sent_alone_is_not_a_response(ask):
    assert ask(lambda _: ResponseSent()).status == 500


def test_a_sandbox_can_continue_after_a_handoff(host):
    def handle(request: IncomingRequest) -> ResponseSent | Response:
        if request.path == "/0":
            return request.handoff_fanout("origin")
        return Response.text("mine")

    app = NativeApp(service(handle, reuse=Reuse()))
    answers = host.requests(app, [Incoming(uri=f"http://a/{n}") for n in range(2)])

    assert [bytes(answer.body) for answer in answers] == [b"by the proxy", b"mine"]


def test_a_handoff_takes_two_calls(ask, calls):
    ask(lambda request: request.handoff_fanout("origin"))

    assert calls == [
        "http-req.Request.get_method",
        "backend.Backend.open",
        "http-req.Request.redirect_to_grip_proxy",
    ]
