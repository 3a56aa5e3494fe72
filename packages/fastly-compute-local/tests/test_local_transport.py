"""A host with a custom transport, and with a callback for log messages."""

from collections.abc import Callable

import pytest
from componentize_py_types import Err
from wit_world.imports import backend, http_body, http_req, log

from fastly_compute.local import BackendConfig, Host, HostConfig
from fastly_compute.local.interfaces.send_errors import SEND_ERROR_DETAILS
from fastly_compute.local.transport import OriginRequest, OriginResponse, SendFailure

LARGE = 1 << 16
ORIGIN = BackendConfig(url="http://origin.invalid")


class Pieces:
    """A body that records whether it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def read_chunk(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def close(self) -> None:
        self.closed = True


class Recorder:
    """Records the request, and responds with a body or a failure."""

    def __init__(self, answer: Pieces | SendFailure) -> None:
        self.answer = answer
        self.seen: list[tuple[str, BackendConfig, OriginRequest]] = []

    def begin(
        self, name: str, config: BackendConfig, request: OriginRequest
    ) -> Callable[[], OriginResponse]:
        return lambda: self.send(name, config, request)

    def send(self, name: str, config: BackendConfig, request: OriginRequest) -> OriginResponse:
        self.seen.append((name, config, request))
        if isinstance(self.answer, SendFailure):
            raise self.answer
        return OriginResponse(
            status=203,
            headers=[("Content-Length", b"11")],
            http_version="HTTP/1.1",
            remote_addr=("192.0.2.1", 80),
            body=self.answer,
        )


def send(recorder: Recorder) -> tuple[int, bytes]:
    config = HostConfig(backends={"origin": ORIGIN})
    with Host(config, output=lambda line: None, transport=recorder) as host, host.guest_context():
        request = http_req.Request.new()
        request.set_uri("http://shop.example/path?query")
        response, body = http_req.send(request, http_body.new(), backend.Backend.open("origin"))
        return response.get_status(), b"".join(iter(lambda: http_body.read(body, LARGE), b""))


def test_a_host_uses_its_transport() -> None:
    pieces = Pieces(b"hello ", b"there")
    recorder = Recorder(pieces)

    assert send(recorder) == (203, b"hello there")
    assert pieces.closed
    ((name, config, request),) = recorder.seen
    assert (name, config) == ("origin", ORIGIN)
    assert (request.method, request.path_and_query) == ("GET", "/path?query")


def test_a_transport_can_fail_with_every_detail() -> None:
    cases = {name for name in dir(http_req) if name.startswith("SendErrorDetail_")}

    assert len(SEND_ERROR_DETAILS) == len(cases - {"SendErrorDetail_Extra"}) == 24
    for detail in SEND_ERROR_DETAILS:
        with pytest.raises(Err) as caught:
            send(Recorder(SendFailure(detail, "as the test wants it")))
        case = type(caught.value.value.detail).__name__.removeprefix("SendErrorDetail_")
        assert case.lower() == detail.replace("-", "")


def test_log_messages_are_passed_on_whole() -> None:
    taken: list[tuple[str, bytes]] = []
    with (
        Host(output=lambda line: None, on_log=lambda *message: taken.append(message)) as host,
        host.guest_context(),
    ):
        log.Endpoint.open("audit").write(b"one\ntwo\n")
        log.Endpoint.open("audit").write(b"")

    assert taken == [("audit", b"one\ntwo\n"), ("audit", b"")]
