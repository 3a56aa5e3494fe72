"""Replies that are late, come in pieces, or are cut off."""

import threading
import time
from datetime import timedelta

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req, http_resp
from wit_world.imports.types import Error_GenericError, Error_HttpIncomplete

from fastly_compute.local import BackendConfig, NativeApp
from fastly_compute.testing import ComputeClient, ComputeHost, Reply

LARGE = 1 << 16
LATE = 0.05


def request(path: str = "/", method: str = "POST") -> http_req.Request:
    made = http_req.Request.new()
    made.set_method(method)
    made.set_uri("http://shop.example" + path)
    return made


def begin(path: str = "/"):
    return http_req.send_async(request(path), http_body.new(), backend.Backend.open("origin"))


def ask(path: str = "/", method: str = "POST"):
    origin = backend.Backend.open("origin")
    return http_req.send(request(path, method), http_body.new(), origin)


def detail_of(call) -> object:
    with pytest.raises(Err) as caught:
        call()
    return caught.value.value.detail


def error_of_read(body) -> object:
    with pytest.raises(Err) as caught:
        http_body.read(body, LARGE)
    return caught.value.value


def test_a_late_reply_is_late(compute_host) -> None:
    compute_host.backend("origin").post("/", latency=LATE)
    begun = time.monotonic()
    response, _ = ask()

    assert response.get_status() == 200
    assert time.monotonic() - begun >= LATE


def test_a_reply_that_is_later_than_the_backend_waits_fails_at_once(compute_host) -> None:
    origin = compute_host.backend("origin")
    origin.post("/", latency=3600)
    origin.post("/", latency=timedelta(seconds=15.001))
    begun = time.monotonic()

    for _ in range(2):
        detail = detail_of(ask)
        assert isinstance(detail, http_req.SendErrorDetail_HttpResponseTimeout)
    assert time.monotonic() - begun < 10
    assert "takes 3600 s, and the first byte timeout is 15000 ms" in compute_host.output[0]


def test_a_backend_without_a_limit_waits(compute_host) -> None:
    config = BackendConfig(url="http://origin.example", first_byte_timeout_ms=0)
    compute_host.backend("origin", config).post("/", latency=LATE)

    assert ask()[0].get_status() == 200


def test_a_dynamic_backends_own_limit_counts(compute_host) -> None:
    compute_host.target("a.example").post("/", latency=2)
    options = backend.DynamicBackendOptions()
    options.first_byte_timeout(1999)
    made = backend.register_dynamic_backend("made", "a.example", options)
    detail = detail_of(lambda: http_req.send(request(), http_body.new(), made))

    assert isinstance(detail, http_req.SendErrorDetail_HttpResponseTimeout)


def test_a_backends_latency_is_that_of_all_replies_without_their_own(compute_host) -> None:
    origin = compute_host.backend("origin")
    origin.post("/before")
    origin.latency(3600)
    origin.post("/after")
    origin.post("/own", latency=0)
    origin.callback("POST", "/callback", lambda call: Reply())
    origin.callback("POST", "/own-callback", lambda call: Reply(latency=0))
    origin.error("dns-error", path="/error")

    for path in ("/before", "/after", "/callback"):
        detail = detail_of(lambda path=path: ask(path))
        assert isinstance(detail, http_req.SendErrorDetail_HttpResponseTimeout)
    assert [ask(path)[0].get_status() for path in ("/own", "/own-callback")] == [200, 200]
    assert isinstance(detail_of(lambda: ask("/error")), http_req.SendErrorDetail_DnsError)


def test_late_replies_come_in_their_own_time(compute_host) -> None:
    release = threading.Event()

    def late(call):
        assert release.wait(30)
        return Reply.of(text="late")

    origin = compute_host.backend("origin")
    origin.callback("POST", "/late", late)
    origin.post("/quick", text="quick", latency=LATE)
    pending = [begin("/late"), begin("/quick")]
    first = async_io.select(pending)
    release.set()
    bodies = [http_body.read(http_req.await_response(one)[1], LARGE) for one in pending]

    assert first == 1
    assert bodies == [b"late", b"quick"]
    assert [call.path for call in compute_host.calls] == ["/late", "/quick"]


def test_closing_the_host_ends_the_wait_for_a_late_reply() -> None:
    config = BackendConfig(url="http://origin.example", first_byte_timeout_ms=None)
    begun = time.monotonic()
    with ComputeHost() as compute_host:
        compute_host.backend("origin", config).post("/", latency=600)
        begin()

    assert time.monotonic() - begun < 60


def test_the_hosts_time_limit_ends_the_wait_for_a_late_reply(compute_host) -> None:
    class Waiting:
        def handle(self, request_, body):
            ask()

    compute_host.backend("origin").post("/", latency=14)
    compute_host.host.time_limit = 0.1
    begun = time.monotonic()
    answer = ComputeClient(compute_host.host, NativeApp(Waiting)).get("/")

    assert answer.status == 500
    assert time.monotonic() - begun < 13


def test_chunks_are_read_one_by_one(compute_host) -> None:
    compute_host.backend("origin").post("/", chunks=[b"one", b"", b"two"], between=LATE)
    _, body = ask()
    first = http_body.read(body, LARGE)
    begun = time.monotonic()
    rest = [http_body.read(body, LARGE), http_body.read(body, LARGE)]

    assert (first, rest) == (b"one", [b"two", b""])
    assert time.monotonic() - begun >= LATE


def test_chunks_that_come_too_slowly_fail_the_read_at_once(compute_host) -> None:
    compute_host.backend("origin").post("/", chunks=[b"one", b"two"], between=10.001)
    begun = time.monotonic()
    _, body = ask()

    assert http_body.read(body, LARGE) == b"one"
    assert error_of_read(body) == Error_GenericError()
    assert time.monotonic() - begun < 9


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("content", [{"body": b"hello"}, {"chunks": [b"he", b"llo"]}])
def test_a_truncated_body_fails_the_read_behind_what_came(compute_host, method, content) -> None:
    compute_host.backend("origin").add(method, "/", truncate_at=3, **content)
    response, body = ask(method=method)
    got = b""
    while len(got) < 3:
        got += http_body.read(body, LARGE)

    assert response.get_header_value("content-length", LARGE) == b"5"
    assert got == b"hel"
    assert error_of_read(body) == Error_HttpIncomplete()


def test_a_body_can_be_cut_off_whole(compute_host) -> None:
    compute_host.backend("origin").post("/", text="hello", truncate_at=0)

    assert error_of_read(ask()[1]) == Error_HttpIncomplete()


def test_an_answer_that_passes_a_truncated_body_on_breaks_off(compute_host) -> None:
    class Passing:
        def handle(self, request_, body):
            http_resp.send_downstream(*ask())

    compute_host.backend("origin").post("/", text="hello", truncate_at=2)
    answer = ComputeClient(compute_host.host, NativeApp(Passing)).get("/")

    assert (answer.status, answer.body, answer.complete) == (200, b"he", False)


def test_a_reply_knows_all_of_its_content() -> None:
    reply = Reply.of(chunks=[b"one", b"two"], between=1, latency=2)

    assert (reply.content, reply.body, reply.chunks) == (b"onetwo", b"", (b"one", b"two"))
    assert (reply.between, reply.latency) == (timedelta(seconds=1), timedelta(seconds=2))
    assert Reply(body=b"one").content == b"one"
