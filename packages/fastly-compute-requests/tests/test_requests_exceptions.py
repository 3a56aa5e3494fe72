import builtins
import inspect
import json
import pickle

import pytest
import requests as real

from fastly_compute import backend, http
from fastly_compute.core import FastlyComputeError
from fastly_compute.http import send_errors
from fastly_compute.requests import exceptions

THEIRS = {
    name: kind
    for name, kind in vars(real.exceptions).items()
    if inspect.isclass(kind)
    and issubclass(kind, OSError)
    and kind.__module__ == "requests.exceptions"
}


@pytest.mark.parametrize("name", sorted(THEIRS))
def test_every_exception_of_requests_is_here_with_its_bases(name):
    ours = getattr(exceptions, name)
    bases = {base.__name__ for base in THEIRS[name].__mro__ if "urllib3" not in base.__module__}

    assert bases <= {base.__name__ for base in ours.__mro__}
    assert issubclass(ours, FastlyComputeError)


def test_the_builtin_exceptions_catch_ours():
    assert issubclass(exceptions.ConnectionError, builtins.ConnectionError)
    assert issubclass(exceptions.Timeout, TimeoutError)
    assert issubclass(exceptions.BackendNotFound, LookupError)


EXPECTED = {
    "dns-timeout": "ConnectTimeout",
    "dns-error": "ConnectionError",
    "destination-not-found": "BackendNotFound",
    "destination-unavailable": "ConnectionError",
    "destination-ip-unroutable": "ConnectionError",
    "connection-refused": "ConnectionError",
    "connection-terminated": "ConnectionError",
    "connection-timeout": "ConnectTimeout",
    "connection-limit-reached": "ConnectionError",
    "tls-certificate-error": "SSLError",
    "tls-configuration-error": "SSLError",
    "http-incomplete-response": "ConnectionError",
    "http-response-header-section-too-large": "ConnectionError",
    "http-response-body-too-large": "ConnectionError",
    "http-response-timeout": "ReadTimeout",
    "http-response-status-invalid": "ConnectionError",
    "http-upgrade-failed": "ConnectionError",
    "http-protocol-error": "ConnectionError",
    "http-request-cache-key-invalid": "InvalidHeader",
    "http-request-uri-invalid": "InvalidURL",
    "internal-error": "ConnectionError",
    "tls-alert-received": "SSLError",
    "tls-protocol-error": "SSLError",
    "h2-error": "ConnectionError",
    "extra": "ConnectionError",
}


def test_every_detail_of_a_failed_send_is_translated():
    assert set(EXPECTED) == set(send_errors.DETAILS)


@pytest.mark.parametrize("detail", sorted(EXPECTED))
def test_a_failed_send_becomes_what_requests_raises(detail):
    error = send_errors.DETAILS[detail](
        method="GET", url="http://a/", backend="b", case="generic-error", detail=detail
    )

    translated = exceptions.translated(error)

    assert type(translated).__name__ == EXPECTED[detail]
    assert str(translated) == str(error)


def all_below(kind):
    return {kind}.union(*(all_below(sub) for sub in kind.__subclasses__()))


@pytest.mark.parametrize(
    "kind", sorted(all_below(http.HttpError) | all_below(backend.BackendError), key=str)
)
def test_every_error_of_the_packages_below_is_translated(kind):
    assert any(base in exceptions.TRANSLATIONS for base in kind.__mro__)


def test_an_http_error_is_for_a_status_only():
    assert exceptions.HTTPError not in exceptions.TRANSLATIONS.values()


def test_an_exception_carries_its_request_and_response():
    class Answer:
        request = "the request"

    error = exceptions.HTTPError("text", response=Answer())

    assert (error.request, type(error.response), str(error)) == ("the request", Answer, "text")
    assert exceptions.RequestException("text").request is None


def test_a_json_error_is_a_value_error_with_its_position():
    error = exceptions.JSONDecodeError("Expecting value", "x", 0)

    assert isinstance(error, exceptions.RequestException)
    assert isinstance(error, json.JSONDecodeError)
    assert isinstance(error, ValueError)
    assert str(error) == str(real.exceptions.JSONDecodeError("Expecting value", "x", 0))
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.msg, copy.doc, copy.pos) == ("Expecting value", "x", 0)
