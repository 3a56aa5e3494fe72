import copy
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.log import (
    EndpointNameRefused,
    EndpointNotFound,
    LogCallFailed,
    LogEndpoint,
    LogUnsupported,
)
from fastly_compute.testing import ComputeHost


@pytest.fixture
def written(compute_host):
    """The bytes that the host received, by endpoint."""
    messages = []
    compute_host.host._on_log = lambda name, message: messages.append((name, message))
    return messages


@pytest.fixture
def endpoint(compute_host):
    with LogEndpoint.open("visits") as endpoint:
        yield endpoint


def test_each_write_is_one_message(endpoint, compute_host) -> None:
    endpoint.write("größe")
    endpoint.write(b"bytes")

    assert compute_host.logs == {"visits": ["größe", "bytes"]}


@pytest.mark.parametrize(
    "message", ["one\ntwo\r\n", "x" * 1_000_000, "\0", " ", "a :: b", "\n", "🎈"]
)
def test_a_message_is_passed_on_as_it_is(endpoint, written, message) -> None:
    endpoint.write(message)
    endpoint.write(message.encode())

    assert written == [("visits", message.encode())] * 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.binary()))
def test_any_message_can_be_written(endpoint, written, message) -> None:
    written.clear()
    endpoint.write(message)

    (found,) = written
    if isinstance(message, bytes):
        assert found == ("visits", message)
    else:
        assert found == ("visits", message.encode(errors="backslashreplace"))


def test_what_utf_8_cannot_encode_is_escaped(endpoint, compute_host) -> None:
    endpoint.write("a\udc80b")

    assert compute_host.logs["visits"] == [r"a\udc80b"]


@pytest.mark.parametrize("message", [None, 1, ["text"], bytearray(b"bytes")])
def test_a_message_is_text_or_bytes(endpoint, compute_host, message) -> None:
    kind = type(message).__name__
    with pytest.raises(TypeError, match=rf"^a log message must be str or bytes, not {kind}$"):
        endpoint.write(message)
    assert not compute_host.logs["visits"]


def test_a_closed_endpoint_is_not_written_to(endpoint) -> None:
    endpoint.close()

    with pytest.raises(HandleClosed, match=r"^this LogEndpoint is closed$"):
        endpoint.write("late")
    assert endpoint.name == "visits"
    assert repr(endpoint) == "<LogEndpoint 'visits'>"


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("invalid-syntax", EndpointNameRefused),
        ("name-too-long", EndpointNameRefused),
        ("reserved", EndpointNameRefused),
        ("not-found", EndpointNotFound),
        ("unsupported", LogUnsupported),
        ("limit-exceeded", LogCallFailed),
        ("generic-error", LogCallFailed),
    ],
)
def test_each_error_of_opening_has_its_exception(compute_host, case, kind) -> None:
    compute_host.fail("log", "endpoint.open", case)

    with pytest.raises(kind) as caught:
        LogEndpoint.open("visits")
    assert type(caught.value) is kind
    assert str(caught.value).startswith("log.endpoint.open on 'visits' failed: ")
    assert (caught.value.case, caught.value.subject) == (case, "visits")


def test_nothing_is_opened_while_no_request_is_being_handled() -> None:
    with pytest.raises(HostUnavailable), ComputeHost().host:
        LogEndpoint.open("visits")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_endpoints_are_neither_copied_nor_pickled(endpoint, duplicate) -> None:
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        duplicate(endpoint)
