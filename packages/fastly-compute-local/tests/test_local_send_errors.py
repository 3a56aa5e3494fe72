"""Every case of `send-error-detail`: its real cause on this host, or injected by a transport."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import trustme
from componentize_py_types import Err
from wit_world.imports import http_body, http_req, types
from wit_world.imports.backend import Backend
from wit_world.imports.http_req import DnsErrorDetail, H2ErrorDetail, TlsAlertReceivedDetail

from fastly_compute.local import BackendConfig, Host, HostConfig
from fastly_compute.local.interfaces.send_errors import SEND_ERROR_DETAILS
from fastly_compute.local.transport import SendFailure

LONG = 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CA = trustme.CA()
CA_PEM = CA.cert_pem.bytes().decode()


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("origin.example").configure_cert(context)
    return context


def demanding():
    context = tls_context()
    context.verify_mode = ssl.CERT_REQUIRED
    CA.configure_trust(context)
    return context


def at_closed_port(_serve):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return BackendConfig(url=f"http://127.0.0.1:{sock.getsockname()[1]}")


def at(script: Callable[..., object], **options: object):
    return lambda serve: BackendConfig(url=serve(script).url, **options)


def at_tls(make_context: Callable[[], ssl.SSLContext], **options: object):
    def backend(serve):
        return BackendConfig(url=serve.answering(OK, tls=make_context()).url, **options)

    return backend


def at_hanging_handshake(serve):
    url = f"https://127.0.0.1:{serve(lambda peer: peer.drain()).port}"
    return BackendConfig(url=url, connect_timeout_ms=50)


def at_no_tls(serve):
    server = serve(lambda peer: (peer.send(b"HTTP/1.1 400 Bad\r\n\r\n"), peer.drain()))
    return BackendConfig(url=f"https://127.0.0.1:{server.port}")


def answers(data: bytes):
    return lambda peer: peer.answer_once(data)


def hangs_up(peer):
    peer.head()
    peer.reset()


@dataclass(frozen=True, kw_only=True)
class Cause:
    detail: str
    backend: Callable[..., BackendConfig]
    error: type = types.Error_GenericError
    more: object = None
    uri: str = "http://www.example/"
    held: int = 0


CAUSES = {
    "an unknown name": Cause(
        detail="dns-error",
        backend=lambda _serve: BackendConfig(url="http://no-such-host.invalid"),
    ),
    "an invalid address": Cause(
        detail="destination-ip-unroutable",
        backend=lambda _serve: BackendConfig(url="http://224.0.0.1"),
    ),
    "a port where nothing listens": Cause(detail="connection-refused", backend=at_closed_port),
    "a reset instead of a response": Cause(detail="connection-terminated", backend=at(hangs_up)),
    "a handshake that takes too long": Cause(
        detail="connection-timeout", backend=at_hanging_handshake
    ),
    "more connections than allowed": Cause(
        detail="connection-limit-reached",
        backend=at(lambda peer: peer.answer(OK), max_connections=2),
        held=2,
    ),
    "a certificate of an unknown authority": Cause(
        detail="tls-certificate-error", backend=at_tls(tls_context)
    ),
    "a certificate for another name": Cause(
        detail="tls-certificate-error",
        backend=at_tls(tls_context, ca_certificate=CA_PEM, cert_hostname="other.example"),
    ),
    "ciphers that OpenSSL does not know": Cause(
        detail="tls-configuration-error", backend=at_tls(tls_context, tls_ciphers="none-such")
    ),
    "an origin that demands a certificate": Cause(
        detail="tls-alert-received",
        backend=at_tls(demanding, ca_certificate=CA_PEM),
        more=TlsAlertReceivedDetail(116),
    ),
    "an origin that does not speak TLS": Cause(detail="tls-protocol-error", backend=at_no_tls),
    "no response in time": Cause(
        detail="http-response-timeout",
        backend=at(lambda peer: peer.drain(), first_byte_timeout_ms=50),
    ),
    "a truncated head": Cause(
        detail="http-incomplete-response",
        error=types.Error_HttpIncomplete,
        backend=at(answers(b"HTTP/1.1 200 OK\r\nX: ")),
    ),
    "a head that is too large": Cause(
        detail="http-response-header-section-too-large",
        error=types.Error_HttpHeadTooLarge,
        backend=at(answers(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (200 << 10))),
    ),
    "an invalid status": Cause(
        detail="http-response-status-invalid",
        error=types.Error_HttpInvalidStatus,
        backend=at(answers(b"HTTP/1.1 2000 OK\r\n\r\n")),
    ),
    "a response that is not HTTP": Cause(
        detail="http-protocol-error",
        error=types.Error_HttpInvalid,
        backend=at(answers(b"SSH-2.0-OpenSSH\r\n\r\n")),
    ),
    "a gRPC backend, which this host does not support": Cause(
        detail="http-protocol-error",
        backend=lambda _serve: BackendConfig(url="http://127.0.0.1:1", grpc=True),
    ),
    "a request without a path": Cause(
        detail="http-request-uri-invalid",
        error=types.Error_HttpUser,
        backend=lambda _serve: BackendConfig(url="http://127.0.0.1:1"),
        uri="no-path",
    ),
}

WITHOUT_A_CAUSE = {
    "dns-timeout": "the system's resolver does not distinguish a timeout from other failures",
    "destination-not-found": "a request is sent to a handle, so there is always a backend",
    "destination-unavailable": "requests are sent to unhealthy backends too",
    "http-response-body-too-large": "bodies are not limited, but read as the guest reads them",
    "http-upgrade-failed": "the protocol is HTTP/1.1 from the start",
    "http-request-cache-key-invalid": "no function sets a cache key",
    "internal-error": "only if the system fails, such as without a free file descriptor",
    "h2-error": "HTTP/2 to backends is not supported",
}

SENDS = ["send", "send_uncached", "send_async", "send_async_uncached"]


def send(how, uri="http://www.example/"):
    request = http_req.Request.new()
    request.set_uri(uri)
    sent = getattr(http_req, how)(request, http_body.new(), Backend.open("origin"))
    return http_req.await_response(sent) if "async" in how else sent


def case_of(err):
    detail = err.value.detail
    return type(detail).__name__.removeprefix("SendErrorDetail_"), vars(detail).get("value")


def in_python(detail):
    return "".join(part.capitalize() for part in detail.split("-"))


@pytest.mark.parametrize("what", CAUSES)
def test_a_cause_has_its_detail(serve, what):
    cause = CAUSES[what]
    config = HostConfig(backends={"origin": cause.backend(serve)})
    with Host(config, output=lambda line: None) as host, host.guest_context():
        held = [send("send_uncached") for _ in range(cause.held)]
        with pytest.raises(Err) as caught:
            send("send_uncached", cause.uri)
        assert len(held) == cause.held

    case, more = case_of(caught.value)
    assert case == in_python(cause.detail)
    assert type(caught.value.value.error) is cause.error
    if cause.more is not None:
        assert more == cause.more


def test_every_detail_has_a_cause_or_a_reason_why_not():
    with_cause = {cause.detail for cause in CAUSES.values()}

    assert with_cause.isdisjoint(WITHOUT_A_CAUSE)
    assert with_cause | WITHOUT_A_CAUSE.keys() == SEND_ERROR_DETAILS


class Failing:
    """A transport that fails."""

    def __init__(self, failure):
        self.failure = failure

    def begin(self, name, config, request):
        def fail():
            raise self.failure

        return fail


def injected(failure, how="send"):
    config = HostConfig(backends={"origin": BackendConfig(url="http://origin.invalid")})
    with (
        Host(config, output=lambda line: None, transport=Failing(failure)) as host,
        host.guest_context(),
        pytest.raises(Err) as caught,
    ):
        send(how)
    return caught.value


@pytest.mark.parametrize("how", SENDS)
@pytest.mark.parametrize("detail", sorted(SEND_ERROR_DETAILS))
def test_every_detail_can_be_injected_into_every_kind_of_send(detail, how):
    assert case_of(injected(SendFailure(detail, "as the test wants it"), how))[0] == in_python(
        detail
    )


@pytest.mark.parametrize("error", ["generic-error", "http-user", "http-invalid-status"])
def test_the_error_beside_the_detail_can_be_chosen(error):
    found = injected(SendFailure("internal-error", "as the test wants it", error=error))

    assert type(found.value.error).__name__ == f"Error_{in_python(error)}"


def test_further_fields_of_details_can_be_injected():
    dns = injected(SendFailure("dns-error", "no such name", rcode=3))
    alert = injected(SendFailure("tls-alert-received", "handshake failure", alert_id=40))
    h2 = injected(SendFailure("h2-error", "the stream was reset"))

    assert case_of(dns)[1] == DnsErrorDetail(3, None)
    assert case_of(alert)[1] == TlsAlertReceivedDetail(40)
    assert case_of(h2)[1] == H2ErrorDetail(3, 2)


def test_the_host_says_what_was_tried_and_what_happened(serve):
    lines = []
    config = HostConfig(backends={"origin": at_closed_port(serve)})
    with Host(config, output=lines.append) as host, host.guest_context(), pytest.raises(Err):
        send("send")

    (line,) = lines
    assert line.startswith("backend 'origin': connecting to 127.0.0.1:")


def test_unread_responses_count_towards_the_connection_limit(serve):
    arrived = threading.Semaphore(0)

    def script(peer):
        arrived.release()
        peer.answer(OK)

    config = HostConfig(backends={"origin": at(script, max_connections=1)(serve)})
    with Host(config, output=lambda line: None) as host, host.guest_context():
        _, body = send("send_uncached")
        assert arrived.acquire(timeout=LONG)
        assert http_body.read(body, 1 << 16) == b"ok"
        send("send_uncached")

        assert not arrived.acquire(blocking=False)
