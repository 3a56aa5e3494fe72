"""Which exception of httpx each error is."""

import httpx
import pytest

from fastly_compute import http
from fastly_compute.backend import BackendCallFailed, BackendOptionTypeError, InvalidBackendOption
from fastly_compute.http.send_errors import DETAILS
from fastly_compute.httpx import Client
from fastly_compute.httpx.errors import READING, SENDING, translating

REQUEST = httpx.Request("GET", "http://a.example/")
BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout)


def send_error(kind):
    return kind(method="GET", url="http://a.example/", backend="b", case="generic-error")


def raised(error, table):
    with pytest.raises(httpx.TransportError) as caught, translating(REQUEST, table):
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.request is REQUEST
    assert str(caught.value) == str(error)
    return type(caught.value)


@pytest.mark.parametrize("kind", sorted(set(DETAILS.values()), key=lambda kind: kind.__name__))
def test_a_connect_error_is_always_safe_to_retry(kind):
    assert not issubclass(raised(send_error(kind), SENDING), BEFORE_SENDING) or kind.is_retry_safe


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (http.ConnectionTimeout, httpx.ConnectTimeout),
        (http.DnsTimeout, httpx.ConnectTimeout),
        (http.DnsError, httpx.ConnectError),
        (http.ConnectionRefused, httpx.ConnectError),
        (http.TlsCertificateError, httpx.ConnectError),
        (http.TlsAlertReceived, httpx.ReadError),
        (http.ConnectionTerminated, httpx.RemoteProtocolError),
        (http.Http2Error, httpx.RemoteProtocolError),
        (http.ResponseTimeout, httpx.ReadTimeout),
        (http.RequestUrlInvalid, httpx.LocalProtocolError),
        (http.InternalError, httpx.NetworkError),
        (http.SendError, httpx.NetworkError),
    ],
)
def test_the_cause_of_a_failed_request_decides(kind, expected):
    assert raised(send_error(kind), SENDING) is expected


@pytest.mark.parametrize(
    ("kind", "sending", "reading"),
    [
        (http.BodyError, httpx.WriteError, httpx.ReadError),
        (http.BodyWriteStalled, httpx.WriteError, httpx.ReadError),
        (http.BodyIncomplete, httpx.WriteError, httpx.RemoteProtocolError),
        (http.HttpCallFailed, httpx.TransportError, httpx.TransportError),
    ],
)
def test_a_body_fails_while_it_is_written_or_read(kind, sending, reading):
    assert raised(kind("http-body.x", case="y"), SENDING) is sending
    assert raised(kind("http-body.x", case="y"), READING) is reading


def test_backends_that_cannot_be_had_are_connect_errors():
    error = BackendCallFailed("backend.open", case="generic-error", subject="b")

    assert raised(error, SENDING) is httpx.ConnectError


@pytest.mark.parametrize(
    "error", [InvalidBackendOption("a", "b", "c"), BackendOptionTypeError("a", "b", "c")]
)
def test_a_mistake_in_an_argument_is_not_a_failed_request(error):
    with pytest.raises(type(error)), translating(REQUEST, SENDING):
        raise error


@pytest.mark.usefixtures("sandbox")
class TestOrigins:
    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("closed", httpx.RemoteProtocolError),
            ("garbage", httpx.RemoteProtocolError),
            ("truncated", httpx.RemoteProtocolError),
            ("truncated-chunks", httpx.RemoteProtocolError),
        ],
    )
    def test_an_origin_that_breaks_off_is_noticed(self, origin, path, kind):
        with pytest.raises(kind) as caught:
            Client().get(f"{origin.url}/{path}")

        assert caught.value.request.url.path == f"/{path}"
        assert caught.value.__cause__ is not None

    def test_a_truncated_stream_gives_what_came_and_then_raises(self, origin):
        pieces = []
        response = Client().send(httpx.Request("GET", f"{origin.url}/truncated"), stream=True)
        with pytest.raises(httpx.RemoteProtocolError):
            pieces.extend(response.iter_raw())

        assert pieces == [b"half"]

    def test_a_refused_connection_is_a_connect_error(self):
        with pytest.raises(httpx.ConnectError) as caught:
            Client().get("http://127.0.0.1:1/?token=hunter2")

        assert isinstance(caught.value.__cause__, http.ConnectionRefused)
        assert "hunter2" not in str(caught.value)

    def test_an_unknown_host_is_a_connect_error(self):
        with pytest.raises(httpx.ConnectError):
            Client().get("http://no-such-host.invalid/")
