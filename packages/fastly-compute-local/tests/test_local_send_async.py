"""Requests sent without waiting, and responses that the host forwards itself."""

import threading
from collections.abc import Iterator

import pytest
from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req, http_resp, http_types
from wit_world.imports.http_resp import PendingResponseKind

from fastly_compute.local import BackendConfig, Host, HostConfig, NativeApp, RecordedResponse, Trap

LARGE = 1 << 20
LONG = 30
OK = b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nX-Kept: origin\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(output=lambda line: None) as host:
        yield host


def answer_of(host: Host, handle) -> RecordedResponse:
    class HttpIncoming:
        def handle(self, request, body):
            handle()

    return host.request(NativeApp(HttpIncoming))


def opened(server, **limits: int):
    """Return a backend for a server, the same one each time."""
    options = backend.DynamicBackendOptions()
    for name, value in limits.items():
        getattr(options, name)(value)
    try:
        return backend.register_dynamic_backend("origin", f"127.0.0.1:{server.port}", options)
    except Err:
        return backend.Backend.open("origin")


def ask(uri: str = "http://example.com/"):
    request = http_req.Request.new()
    request.set_uri(uri)
    return request


def content(body) -> bytes:
    return b"".join(iter(lambda: http_body.read(body, LARGE), b""))


def test_responses_can_be_awaited_in_any_order(host, serve) -> None:
    def script(peer):
        path = peer.head().split()[1]
        peer.send(OK[:-2] + path[-2:])

    server = serve(script)
    with host.guest_context():
        target = opened(server)
        pending = [
            http_req.send_async(ask(f"http://example.com/{name}"), http_body.new(), target)
            for name in ("aa", "bb", "cc")
        ]
        bodies = [content(http_req.await_response(one)[1]) for one in reversed(pending)]

    assert bodies == [b"cc", b"bb", b"aa"]


def test_requests_are_sent_before_any_is_awaited(host, serve) -> None:
    both = threading.Barrier(2, timeout=LONG)

    def script(peer):
        peer.head()
        both.wait()
        peer.send(OK)

    server = serve(script)
    with host.guest_context():
        target = opened(server)
        pending = [http_req.send_async_uncached(ask(), http_body.new(), target) for _ in range(2)]
        statuses = [http_req.await_response(one)[0].get_status() for one in pending]

    assert statuses == [200, 200]


def test_a_body_is_sent(host, serve) -> None:
    server = serve.answering_once(OK)
    with host.guest_context():
        request, body = ask(), http_body.new()
        request.set_method("POST")
        http_body.write(body, b"sent")
        http_req.await_response(http_req.send_async(request, body, opened(server)))
        assert server.first.until(b"sent").endswith(b"\r\n\r\nsent")


def _refused(_server):
    target = backend.register_dynamic_backend(
        "closed", "127.0.0.1:1", backend.DynamicBackendOptions()
    )
    return http_req.send_async(ask(), http_body.new(), target)


def _no_uri(server):
    return http_req.send_async(ask("ftp://example.com/"), http_body.new(), opened(server))


def _other_version(server):
    request = ask()
    request.set_version(http_types.HttpVersion.H2)
    return http_req.send_async(request, http_body.new(), opened(server))


def _streaming(server):
    return http_req.send_async_streaming(ask("ftp://x/"), http_body.new(), opened(server))


@pytest.mark.parametrize(
    ("send", "error", "detail"),
    [
        (_refused, "Error_GenericError", "SendErrorDetail_ConnectionRefused"),
        (_no_uri, "Error_HttpUser", "SendErrorDetail_HttpRequestUriInvalid"),
        (_other_version, "Error_HttpUser", "SendErrorDetail_HttpProtocolError"),
        (_streaming, "Error_HttpUser", "SendErrorDetail_HttpRequestUriInvalid"),
    ],
)
def test_an_error_is_raised_when_the_response_is_awaited(host, serve, send, error, detail) -> None:
    server = serve.answering(OK)
    with host.guest_context():
        pending = send(server)
        ready = async_io.select_with_timeout([pending], LONG * 1000)
        with pytest.raises(Err) as caught:
            http_req.await_response(pending)

    assert ready == 0
    assert type(caught.value.value.error).__name__ == error
    assert type(caught.value.value.detail).__name__ == detail


def test_a_response_is_awaited_once(host, serve) -> None:
    server = serve.answering(OK)
    with host.guest_context():
        pending = http_req.send_async(ask(), http_body.new(), opened(server))
        http_req.await_response(pending)
        with pytest.raises(Trap, match="already awaited"):
            http_req.await_response(pending)


def test_only_a_pending_response_can_be_awaited(host) -> None:
    with host.guest_context(), pytest.raises(Trap, match="something other"):
        http_req.await_response(async_io.Pollable.new_ready())


def test_sending_takes_the_request(host, serve) -> None:
    server = serve.answering(OK)
    with host.guest_context():
        request = ask()
        http_req.send_async(request, http_body.new(), opened(server))
        with pytest.raises(Trap, match="already sent"):
            request.get_uri(LARGE)


def test_a_dropped_response_returns_its_connection(host, serve) -> None:
    server = serve(lambda peer: (peer.head(), peer.send(OK), peer.drain()))
    with host.guest_context():
        target = opened(server, max_connections=1)
        pending = http_req.send_async(ask(), http_body.new(), target)
        async_io.select([pending])
        with pending:
            pass
        second, _ = http_req.send(ask(), http_body.new(), target)
        status = second.get_status()

    assert status == 200


def send_when_there_is_a_connection(target) -> int:
    # The origin sees the end a moment before the pool knows that another one may be opened.
    for _ in range(LONG * 100):
        try:
            return http_req.send(ask(), http_body.new(), target)[0].get_status()
        except Err as err:
            if type(err.value.detail).__name__ != "SendErrorDetail_ConnectionLimitReached":
                raise
            async_io.select_with_timeout([], 10)
    return 0


def test_a_response_dropped_before_it_arrives_returns_its_connection(host, serve) -> None:
    asked, go = threading.Event(), threading.Event()

    def script(peer):
        peer.head()
        asked.set()
        assert go.wait(LONG)
        peer.send(OK)
        peer.drain()

    server = serve(script)
    with host.guest_context():
        target = opened(server, max_connections=1)
        with http_req.send_async(ask(), http_body.new(), target):
            assert asked.wait(LONG)
        go.set()
        assert server.first.done.wait(LONG)
        status = send_when_there_is_a_connection(target)

    assert status == 200


def test_resources_that_a_guest_leaves_open_are_released_when_it_ends(serve) -> None:
    server = serve(lambda peer: (peer.head(), peer.send(OK), peer.drain()))
    config = HostConfig(backends={"origin": BackendConfig(url=server.url, max_connections=2)})

    def leave():
        target = backend.Backend.open("origin")
        pending = http_req.send_async_uncached(ask(), http_body.new(), target)
        async_io.select([pending])
        http_req.send_uncached(ask(), http_body.new(), target)

    with Host(config, output=lambda line: None) as host:
        answers = [answer_of(host, leave).status for _ in range(3)]

    assert answers == [200, 200, 200]


def test_the_waits_of_one_sandbox_do_not_delay_another(host, serve) -> None:
    silent = serve(lambda peer: (peer.head(), peer.server.stopping.wait(LONG)))
    quick = serve.answering(OK.replace(b"no-store", b"max-age=60"))
    with host.guest_context():
        for _ in range(140):
            http_req.send_async_uncached(ask(), http_body.new(), opened(silent))
        with host.guest_context():
            _, body = http_req.send(ask(), http_body.new(), opened(quick))
            found = content(body)
        silent.close()
        serve.servers.remove(silent)

    assert found == b"ok"


# Forwarded responses


def edited(server):
    """Return a pending response whose headers are changed for each outcome."""
    pending = http_req.send_async(ask(), http_body.new(), opened(server))
    http_resp.insert_header_pending(pending, "x-kept", b"guest", PendingResponseKind.RESPONSE)
    http_resp.append_header_pending(pending, "x-any", b"1", PendingResponseKind.ANY)
    http_resp.append_header_pending(pending, "x-any", b"2", PendingResponseKind.ANY)
    http_resp.insert_header_pending(pending, "x-error", b"yes", PendingResponseKind.ERROR)
    http_resp.remove_header_pending(pending, "cache-control", PendingResponseKind.ANY)
    http_resp.remove_header_pending(pending, "x-missing", PendingResponseKind.ANY)
    return pending


def test_a_pending_response_goes_to_the_client_as_the_guest_changed_it(host, serve) -> None:
    server = serve.answering(OK)
    answer = answer_of(host, lambda: http_resp.send_downstream_pending(edited(server)))

    assert (answer.status, bytes(answer.body), answer.complete) == (200, b"ok", True)
    assert answer.headers == [
        ("x-kept", b"guest"),
        ("x-any", b"1"),
        ("x-any", b"2"),
        ("content-length", b"2"),
    ]


def test_a_pending_response_that_fails_is_a_502_as_the_guest_changed_it(host, serve) -> None:
    server = serve(lambda peer: peer.head())
    answer = answer_of(host, lambda: http_resp.send_downstream_pending(edited(server)))

    assert (answer.status, answer.complete) == (502, True)
    assert [item for item in answer.headers if item[0].startswith("x-")] == [
        ("x-any", b"1"),
        ("x-any", b"2"),
        ("x-error", b"yes"),
    ]


@pytest.mark.parametrize(("name", "value"), [("a b", b""), ("x", b"1\n2")])
def test_an_invalid_header_change_is_refused(host, serve, name, value) -> None:
    server = serve.answering(OK)
    with host.guest_context():
        pending = http_req.send_async(ask(), http_body.new(), opened(server))
        with pytest.raises(Err) as caught:
            http_resp.insert_header_pending(pending, name, value, PendingResponseKind.ANY)

    assert type(caught.value.value).__name__ == "Error_GenericError"


def test_the_guest_continues_while_its_pending_response_is_sent(host, serve) -> None:
    gone_on = threading.Event()

    def script(peer):
        peer.head()
        assert gone_on.wait(LONG)
        peer.send(OK)
        peer.drain()

    server = serve(script)

    def handle():
        http_resp.send_downstream_pending(
            http_req.send_async(ask(), http_body.new(), opened(server))
        )
        gone_on.set()

    answer = answer_of(host, handle)

    assert (answer.status, bytes(answer.body)) == (200, b"ok")


def test_a_request_can_be_written_while_its_response_is_pending(host, serve) -> None:
    server = serve(lambda peer: (peer.until(b"0\r\n\r\n"), peer.send(OK), peer.drain()))

    def handle():
        request, body = ask(), http_body.new()
        request.set_method("POST")
        pending = http_req.send_async_streaming(request, body, opened(server))
        http_resp.send_downstream_pending(pending)
        http_body.write(body, b"late")
        http_body.close(body)

    answer = answer_of(host, handle)

    assert (answer.status, bytes(answer.body)) == (200, b"ok")
    assert b"late" in server.first.seen


def test_a_second_response_beside_a_pending_one_is_refused(host, serve) -> None:
    server = serve.answering(OK)
    caught = []

    def handle():
        target = opened(server)
        http_resp.send_downstream_pending(http_req.send_async(ask(), http_body.new(), target))
        for again in (
            lambda: http_resp.send_downstream(http_resp.Response.new(), http_body.new()),
            lambda: http_resp.send_downstream_pending(
                http_req.send_async(ask(), http_body.new(), target)
            ),
        ):
            try:
                again()
            except Err as err:
                caught.append(type(err.value).__name__)

    answer = answer_of(host, handle)

    assert (answer.status, bytes(answer.body)) == (200, b"ok")
    assert caught == ["Error_GenericError"] * 2


def test_a_pending_response_that_was_sent_cannot_be_awaited(host, serve) -> None:
    server = serve.answering(OK)
    traps = []

    def handle():
        pending = http_req.send_async(ask(), http_body.new(), opened(server))
        http_resp.send_downstream_pending(pending)
        try:
            http_req.await_response(pending)
        except Trap as trap:
            traps.append(str(trap))

    answer_of(host, handle)

    assert len(traps) == 1
    assert "already sent" in traps[0]


def test_the_guest_continues_while_a_body_is_forwarded(host, serve) -> None:
    gone_on = threading.Event()

    def script(peer):
        peer.head()
        peer.send(OK[:-1])
        assert gone_on.wait(LONG)
        peer.send(OK[-1:])
        peer.drain()

    server = serve(script)

    def handle():
        response, body = http_req.send(ask(), http_body.new(), opened(server))
        http_resp.send_downstream(response, body)
        gone_on.set()

    answer = answer_of(host, handle)

    assert (bytes(answer.body), answer.complete) == (b"ok", True)


def test_a_truncated_forwarded_body_truncates_the_response(host, serve) -> None:
    server = serve.answering_once(OK[:-1])

    def handle():
        http_resp.send_downstream(*http_req.send(ask(), http_body.new(), opened(server)))

    answer = answer_of(host, handle)

    assert (bytes(answer.body), answer.complete) == (b"o", False)
