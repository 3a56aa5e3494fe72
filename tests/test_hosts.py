"""What a guest sees of its host, on every host; see tests/parity/parity_app.py."""

import json
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("parity")

APP = Path(__file__).parent / "parity"

EXPECTED = {
    "open_errors": [
        "<OpenError.NOT_FOUND: 3>",
        "<OpenError.NOT_FOUND: 3>",
        "<OpenError.NOT_FOUND: 3>",
        "<OpenError.RESERVED: 2>",
    ],
    "secrets": ["s3cret", "mine", True, "Error_BufferLen"],
    "config": ["hi", None],
    "static_backend": ["origin", False, False, "UNKNOWN", None, "127.0.0.1"],
    "backend_timeouts": [1000, 0, 0],
    "dynamic_backend": ["made", True, 1, "example.com", "Error_GenericError()"],
    "dynamic_options": [1, 2, 3, True, 0x0303, 0x0304, 4, True, 5, 6, 7],
    "health_check": ["Error_InvalidArgument()"] * 4,
    "fields": [
        ["x-one", "x-three"],
        None,
        "1",
        "1\x002\0",
        "4\x005\0",
        None,
        "Error_InvalidArgument()",
        "Error_GenericError()",
        "Error_GenericError()",
        "Error_BufferLen(value=1)",
    ],
    "field_cursor": ["aaaa\0bbbb\0", 2, "cccc\0", None],
    "messages": [
        ["GET", "/", "HTTP11"],
        ["PUT", "https://example.com/a?b=c", "HTTP10"],
        404,
        "Error_InvalidArgument()",
        "Error_InvalidArgument()",
        None,
    ],
    "bodies": [12, "hell", "hello world!", "", "TrailerError_NotAvailableYet()"],
    "large_body": True,
    "send_gzip": ["unzipped", None, None],
    "refused": ["Error_GenericError()", "SendErrorDetail_ConnectionRefused()"],
    "downstream": ["IpAddress_Ipv4", True, False, None, None, None],
    "waiting": [0, 0, None, True],
    "unsupported": ["Error_Unsupported()", "<OpenError.UNSUPPORTED: 4>"],
    "runtime": [32, "XXX", False],
}

VICEROY = {
    "backend_timeouts": (None, "it answers `unsupported` to every time-out"),
    "dynamic_options": (None, "it answers `unsupported` to every time-out and TLS version"),
    "refused": (["Error_GenericError()", "None"], "it never tells why a send failed"),
    "unsupported": (["no error", "<OpenError.NOT_FOUND: 3>"], "it has geo and a KV store"),
}
"""Where Viceroy differs, with what it answers (None: a 500) and why."""


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "parity_app")


def ask(app, path, method="GET", body=None, headers=()):
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    connection.request(method, path, body=body, headers=dict(headers))
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_scenario_ends_the_same_everywhere(app, name) -> None:
    expected, _reason = VICEROY.get(name, ("", "")) if app.host == "viceroy" else ("", "")
    status, content = ask(app, f"/{name}")

    if expected is None:
        assert (status, content) == (500, b"Error_Unsupported()")
    else:
        assert status == 200, content
        assert json.loads(content) == (expected or EXPECTED[name])


def test_a_request_reaches_the_guest(app) -> None:
    status, content = ask(app, "/echo?q=1", "PUT", b"sent", {"X-Sent": "yes"})

    assert (status, json.loads(content)) == (200, ["PUT", "?q=1", "yes", "sent"])


def test_a_request_reaches_the_origin(app) -> None:
    status, content = ask(app, "/send")
    answered, header, seen, has_port = json.loads(content)

    assert (status, answered, header, has_port) == (200, 200, "yes", True)
    assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/echo?x=1", "over")
    assert [value for name, value in seen["headers"] if name == "x-sent"] == ["1", "2"]
    assert dict(seen["headers"])["host"] == "example.com"


def test_no_answer_is_an_empty_200(app) -> None:
    assert ask(app, "/nothing") == (200, b"")


@pytest.mark.parametrize("path", ["/fails", "/raises"])
def test_a_failing_guest_is_a_500(app, path) -> None:
    status, content = ask(app, path)

    assert status == 500
    assert b"thrown by the app" not in content


def test_a_guests_traceback_is_shown(app) -> None:
    ask(app, "/raises")

    assert app.says("LookupError: thrown by the app")


def test_a_streamed_answer_arrives_whole(app) -> None:
    assert ask(app, "/streams") == (200, b"one two")


def test_a_streamed_answer_that_breaks_off_is_seen_as_incomplete(app) -> None:
    with pytest.raises((IncompleteRead, RemoteDisconnected)):
        ask(app, "/breaks-off")


def test_a_second_answer_is_refused(app) -> None:
    assert ask(app, "/twice") == (200, b"first")
