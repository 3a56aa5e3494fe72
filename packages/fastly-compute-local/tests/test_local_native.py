"""The interfaces as seen by guest code in this process."""

import gc
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import (
    async_io,
    backend,
    http_body,
    http_downstream,
    http_req,
    http_resp,
    image_optimizer,
    log,
)

from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    Incoming,
    NativeApp,
    RecordedResponse,
    Sandbox,
    Trap,
)

LARGE = 1 << 20


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    config = HostConfig(backends={"origin": BackendConfig(url="http://127.0.0.1:1")})
    with Host(config, output=lines.append) as host:
        yield host


@pytest.fixture
def sandbox(host: Host) -> Iterator[Sandbox]:
    with host.guest_context() as sandbox:
        yield sandbox


def answer_of(host: Host, handle, incoming: Incoming | None = None) -> RecordedResponse:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    return host.request(NativeApp(HttpIncoming), incoming)


def respond(status=200, content=b"", headers=()):
    response = http_resp.Response.new()
    response.set_status(status)
    for name, value in headers:
        response.append_header(name, value)
    body = http_body.new()
    http_body.write(body, content)
    http_resp.send_downstream(response, body)


def test_a_call_outside_a_request_says_where_to_move_it() -> None:
    with pytest.raises(RuntimeError, match=r"log\.Endpoint\.open was called while no request"):
        log.Endpoint.open("endpoint")


def test_a_consumed_request_traps(sandbox: Sandbox) -> None:
    request = http_req.Request.new()
    request.set_uri("http://example.com/")
    with pytest.raises(Err):
        http_req.send(request, http_body.new(), backend.Backend.open("origin"))

    with pytest.raises(Trap, match="this request was already sent"):
        request.get_method(LARGE)


def test_a_body_that_was_appended_traps(sandbox: Sandbox) -> None:
    first, second = http_body.new(), http_body.new()
    http_body.append(first, second)

    with pytest.raises(Trap, match="was appended to another body"):
        http_body.read(second, 1)


def test_a_trap_cannot_be_caught_as_an_exception() -> None:
    assert not issubclass(Trap, Exception)


def test_selecting_a_handle_twice_traps(sandbox: Sandbox) -> None:
    ready = async_io.Pollable.new_ready()

    with pytest.raises(Trap, match="same handle twice"):
        async_io.select([ready, ready])


def test_selecting_no_handles_traps(sandbox: Sandbox) -> None:
    with pytest.raises(Trap, match="without handles"):
        async_io.select([])


def test_an_interface_that_is_not_offered_is_unsupported(sandbox: Sandbox) -> None:
    with pytest.raises(Err) as caught:
        image_optimizer.send_to_image_optimizer(http_req.Request.new(), None, None, None)

    assert type(caught.value.value).__name__ == "Error_Unsupported"


def test_a_function_that_is_not_offered_is_unsupported(sandbox: Sandbox) -> None:
    with pytest.raises(Err) as caught:
        http_downstream.downstream_visits_this_service()

    assert type(caught.value.value).__name__ == "Error_Unsupported"


def test_log_lines_reach_the_output(sandbox: Sandbox, lines: list[str]) -> None:
    log.Endpoint.open("audit").write(b"two\nlines\n")

    assert lines == ["audit :: two\\nlines"]


def test_a_response_has_its_length(host: Host) -> None:
    answer = answer_of(
        host, lambda request, body: respond(201, b"made", [("content-length", b"99")])
    )

    assert (answer.status, bytes(answer.body), answer.complete) == (201, b"made", True)
    assert answer.headers == [("content-length", b"4")]


def test_no_response_becomes_an_empty_200_as_on_the_platform(host: Host) -> None:
    answer = answer_of(host, lambda request, body: None)

    assert (answer.status, bytes(answer.body), answer.complete) == (200, b"", True)


def test_a_second_response_is_refused(host: Host) -> None:
    caught = []

    def handle(request, body):
        respond(200, b"first")
        try:
            respond(200, b"second")
        except Err as err:
            caught.append(type(err.value).__name__)

    answer = answer_of(host, handle)

    assert bytes(answer.body) == b"first"
    assert caught == ["Error_GenericError"]


def test_an_exception_gives_a_500_and_its_traceback_goes_to_the_output(
    host: Host, lines: list[str]
) -> None:
    def handle(request, body):
        raise LookupError("no such thing")

    answer = answer_of(host, handle)

    assert answer.status == 500
    assert b"no such thing" not in answer.body
    assert "LookupError: no such thing" in lines


def test_a_streamed_response_ends_when_its_body_is_closed(host: Host) -> None:
    def handle(request, body):
        out = http_body.new()
        http_body.write(out, b"be")
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"gun")
        http_body.append_trailer(out, "x-sum", b"1")
        http_body.close(out)

    answer = answer_of(host, handle)

    assert (bytes(answer.body), answer.complete) == (b"begun", True)
    assert answer.headers == [("transfer-encoding", b"chunked")]
    assert answer.trailers == [("x-sum", b"1")]


def test_a_streamed_response_with_a_dropped_body_is_incomplete(host: Host) -> None:
    def handle(request, body):
        with http_body.new() as out:
            http_resp.send_downstream_streaming(http_resp.Response.new(), out)
            http_body.write(out, b"half")

    answer = answer_of(host, handle)

    assert (bytes(answer.body), answer.complete) == (b"half", False)


def test_a_streaming_body_cannot_be_read(host: Host, lines: list[str]) -> None:
    def handle(request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.read(out, 1)

    answer = answer_of(host, handle)

    assert answer.complete is False
    assert any("can only be written" in line for line in lines)


@pytest.mark.parametrize("status", [100, 102, 199])
def test_only_a_final_status_can_be_sent(sandbox: Sandbox, status: int) -> None:
    with pytest.raises(Err) as caught:
        respond(status)

    assert type(caught.value.value).__name__ == "Error_InvalidArgument"


def test_a_response_to_head_keeps_the_length_for_get(
    host: Host,
) -> None:
    answer = answer_of(
        host,
        lambda request, body: respond(200, b"", [("content-length", b"1234")]),
        Incoming(method="HEAD"),
    )

    assert answer.headers == [("content-length", b"1234")]


def test_the_clients_body_is_read_in_parts(host: Host) -> None:
    parts = []

    def handle(request, body):
        while part := http_body.read(body, 4):
            parts.append(part)

    answer_of(host, handle, Incoming(method="POST", body=b"ten bytes!"))

    assert parts == [b"ten ", b"byte", b"s!"]


def test_an_error_of_the_host_leaves_the_sandbox_unchanged(host: Host) -> None:
    with pytest.raises(Err) as caught, host.guest_context():
        backend.Backend.open("nowhere")

    assert caught.value.value.name == "NOT_FOUND"


def test_registered_backends_belong_to_their_sandbox(host: Host) -> None:
    with host.guest_context():
        backend.register_dynamic_backend("mine", "127.0.0.1:1", backend.DynamicBackendOptions())
    with host.guest_context(), pytest.raises(Err) as caught:
        backend.Backend.open("mine")

    assert caught.value.value.name == "NOT_FOUND"


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("exa mple.com", "without spaces"),
        ("example.com/path", "host with or without port"),
        ("user@example.com", "user name"),
        ("example.com:99999", "URL"),
        ("", "host"),
    ],
)
def test_a_malformed_target_is_refused_and_the_log_says_why(
    sandbox: Sandbox, lines: list[str], target: str, rule: str
) -> None:
    with pytest.raises(Err) as caught:
        backend.register_dynamic_backend("made", target, backend.DynamicBackendOptions())

    assert type(caught.value.value).__name__ == "Error_InvalidArgument"
    assert any(rule in line for line in lines)


def test_a_tls_option_turns_tls_on(sandbox: Sandbox) -> None:
    options = backend.DynamicBackendOptions()
    options.cert_hostname("example.com")
    made = backend.register_dynamic_backend("made", "127.0.0.1", options)

    assert (made.is_tls(), made.get_port()) == (True, 443)


def test_a_sandbox_leaves_nothing_behind(host: Host) -> None:
    with host.guest_context() as sandbox:
        pass
    reference = sandbox.id
    del sandbox
    gc.collect()

    assert not [
        thing for thing in gc.get_objects() if type(thing) is Sandbox and thing.id == reference
    ]
