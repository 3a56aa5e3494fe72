import copy
import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from fastly_compute import http
from fastly_compute.core import FastlyComputeError, HostError
from fastly_compute.http import errors, send_errors

WIT = (
    Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
).read_text()


def variant(name: str) -> set[str]:
    body = re.search(rf"variant {name} {{(.*?)}}", WIT, re.DOTALL)
    return set(re.findall(r"^\s*([a-z0-9-]+)", body[1], re.MULTILINE))


@dataclass
class WithDetail:
    detail: object
    error: object


@dataclass
class Payload:
    value: object


def bound(variant: str, case: str, value: object = None) -> object:
    """Make the value that the generated bindings have for a case."""
    name = variant + "_" + "".join(part.capitalize() for part in case.split("-"))
    return type(name, (Payload,), {})(value)


def send_error(detail: str | None, case: str = "generic-error", value: object = None):
    return send_errors.send_error(
        WithDetail(
            detail and bound("SendErrorDetail", detail, value),
            bound("Error", case),
        ),
        method="GET",
        url="https://origin.example/a?token=s3cret",
        backend="origin",
    )


def test_every_detail_of_the_wit_has_its_exception():
    assert set(send_errors.DETAILS) == variant("send-error-detail")
    assert len(send_errors.DETAILS) == 25


def test_every_error_of_the_wit_has_its_exception():
    assert set(send_errors.CASES) >= variant("error")
    assert set(errors.CLASSES) >= variant("error")
    assert set(errors.BODY_CLASSES) >= variant("error")


@pytest.mark.parametrize("detail", sorted(send_errors.DETAILS))
def test_a_detail_has_its_exception_and_its_case(detail):
    error = send_error(detail)

    assert type(error) is send_errors.DETAILS[detail]
    assert error.detail == detail
    assert detail in str(error)


@pytest.mark.parametrize("case", sorted(send_errors.CASES))
def test_without_a_detail_the_case_decides(case):
    error = send_error(None, case)

    assert type(error) is send_errors.CASES[case]
    assert (error.detail, error.case) == (None, case)


def test_each_kind_of_failure_has_its_own_class():
    kinds = list(send_errors.DETAILS.values())

    assert len(set(kinds)) == len(kinds)


def test_only_what_cannot_have_been_sent_is_safe_to_retry():
    safe = {detail for detail, kind in send_errors.DETAILS.items() if kind.is_retry_safe}

    assert safe == {
        "dns-timeout",
        "dns-error",
        "destination-not-found",
        "destination-unavailable",
        "destination-ip-unroutable",
        "connection-refused",
        "connection-timeout",
        "connection-limit-reached",
        "tls-certificate-error",
        "tls-configuration-error",
        "http-request-cache-key-invalid",
        "http-request-uri-invalid",
    }
    assert not any(kind.is_retry_safe for kind in send_errors.CASES.values())


def test_the_message_gives_the_request_backend_and_cause_but_not_the_query():
    error = send_error("connection-refused")

    assert str(error) == (
        "GET https://origin.example/a through backend 'origin' failed: "
        "the backend refused the connection (connection-refused)"
    )
    assert error.url == "https://origin.example/a?token=s3cret"
    assert (error.method, error.backend, error.operation) == ("GET", "origin", "http-req.send")


@dataclass
class DnsErrorDetail:
    rcode: int | None
    info_code: int | None


@dataclass
class TlsAlertReceivedDetail:
    id: int | None


@dataclass
class H2ErrorDetail:
    frame_type: int
    error_code: int


def test_a_dns_error_has_its_codes():
    error = send_error("dns-error", value=DnsErrorDetail(3, None))

    assert (error.rcode, error.info_code) == (3, None)
    assert str(error).endswith("(dns-error, rcode 3)")


def test_a_tls_alert_has_its_number():
    error = send_error("tls-alert-received", value=TlsAlertReceivedDetail(42))

    assert error.alert_id == 42
    assert str(error).endswith("(tls-alert-received, alert id 42)")


def test_an_http_2_error_has_its_frame_and_code():
    error = send_error("h2-error", value=H2ErrorDetail(3, 8))

    assert (error.frame_type, error.error_code) == (3, 8)
    assert str(error).endswith("(h2-error, frame type 3, error code 8)")


@pytest.mark.parametrize(
    ("detail", "base"),
    [
        ("dns-timeout", TimeoutError),
        ("connection-timeout", TimeoutError),
        ("http-response-timeout", TimeoutError),
        ("connection-refused", ConnectionRefusedError),
        ("connection-terminated", ConnectionResetError),
        ("destination-not-found", LookupError),
        ("http-request-uri-invalid", ValueError),
        ("http-incomplete-response", EOFError),
        ("tls-alert-received", http.TlsError),
        ("h2-error", http.ProtocolError),
    ],
)
def test_an_error_is_also_the_matching_python_exception(detail, base):
    assert isinstance(send_error(detail), base)


@pytest.mark.parametrize("kind", sorted(set(send_errors.DETAILS.values()), key=str))
def test_every_send_error_is_an_http_error_and_an_os_error(kind):
    assert issubclass(kind, (http.SendError))
    for base in (http.HttpError, HostError, FastlyComputeError, OSError):
        assert issubclass(kind, base)


def test_an_error_can_be_pickled_and_copied():
    error = send_error("dns-error", value=DnsErrorDetail(3, 7))

    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is http.DnsError
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def test_an_incomplete_body_is_distinguished_from_one_that_fails():
    incomplete = errors.body_error(bound("Error", "http-incomplete"), "http-body.read")
    failed = errors.body_error(bound("Error", "generic-error"), "http-body.read")

    assert isinstance(incomplete, http.BodyIncomplete)
    assert isinstance(incomplete, EOFError)
    assert type(failed) is http.BodyError
    assert isinstance(failed, OSError)
