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
    "dictionaries": ["hi", None, "Error_BufferLen(value=2)", "<OpenError.NOT_FOUND: 3>"],
    "places": [
        {"city": "Oslo", "as_number": 64496},
        {
            "area_code": 415,
            "as_name": "Fastly, Inc",
            "as_number": 54113,
            "city": "San Francisco",
            "conn_speed": "broadband",
            "conn_type": "wired",
            "continent": "NA",
            "country_code": "US",
            "country_code3": "USA",
            "country_name": "United States of America",
            "latitude": 37.77869,
            "longitude": -122.39557,
            "metro_code": 0,
            "postal_code": "94107",
            "proxy_description": "?",
            "proxy_type": "?",
            "region": "CA",
            "utc_offset": -700,
        },
        "",
        "Error_BufferLen",
    ],
    "devices": [{"device": {"brand": "Example", "is_tv": True}}, None, "Error_BufferLen"],
    "access_lists": [
        [
            {"prefix": "10.1.0.0/16", "action": "ALLOW"},
            {"prefix": "10.0.0.0/8", "action": "BLOCK"},
            {"prefix": "2001:db8::/32", "action": "BLOCK"},
            None,
        ],
        "<OpenError.NOT_FOUND: 3>",
    ],
    "kv_lookup": [
        "planted",
        True,
        "Error_BufferLen(value=6)",
        "beside",
        True,
        True,
        "<OpenError.NOT_FOUND: 3>",
    ],
    "kv_metadata": ["beside", "beside"],
    "kv_insert": [
        "m",
        "abc",
        None,
        False,
        "KvError_PreconditionFailed()",
        "KvError_PreconditionFailed()",
        True,
        False,
    ],
    "kv_list": [
        {
            "data": ["list/a", "list/b"],
            "meta": {"limit": 2, "prefix": "list/", "next_cursor": "bGlzdC9i"},
        },
        {"data": ["list/c"], "meta": {"limit": 2, "prefix": "list/"}},
        "KvError_BadRequest()",
    ],
    "kv_keys": ["KvError_BadRequest()"] * 3 + ["Error_GenericError()"] * 3,
    "kv_async": [0, "value", ["later"], "KvError_PreconditionFailed()", True, True],
    "rates": [
        "requests",
        "box",
        False,
        True,
        True,
        True,
        [True, True, False],
        "Error_InvalidArgument()",
    ],
    "firewall": [
        {
            "waf_response": 200,
            "redirect_url": "",
            "tags": [],
            "verdict": "allow",
            "decision_ms": 0,
        },
        "Error_InvalidArgument()",
        "Error_BufferLen(value=82)",
    ],
    "shields": [
        "\x01\0\0",
        "\0http://127.0.0.1:9091/\0https://127.0.0.1:9092/\0",
        "Error_InvalidArgument()",
        "Error_BufferLen",
        "******http://127.0.0.1:9091/*****",
        True,
        "Error_GenericError()",
        "Error_InvalidArgument()",
    ],
    "fastly_key": False,
    "unsupported": ["Error_Unsupported()"] * 2,
    "runtime": [32, "XXX", False],
}

VICEROY = {
    "backend_timeouts": (None, "it answers `unsupported` to every time-out"),
    "dynamic_options": (None, "it answers `unsupported` to every time-out and TLS version"),
    "refused": (["Error_GenericError()", "None"], "it never tells why a send failed"),
    "kv_metadata": (["beside", None], "it gives the metadata of an entry once"),
    "rates": (
        ["requests", "box", False, False, False, False, [False] * 3, "no error"],
        "it counts nothing and knows no penalties",
    ),
    "unsupported": (["no error", "no error"], "it has a cache"),
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


@pytest.mark.parametrize(("key", "valid"), [("a key for tests", True), ("another", False)])
def test_a_key_is_valid_where_the_configuration_says_so(app, key, valid) -> None:
    status, content = ask(app, "/fastly_key", headers={"Fastly-Key": key})

    assert (status, json.loads(content)) == (200, valid)


def test_what_is_stored_by_one_request_is_found_by_the_next(app) -> None:
    first, second = ask(app, "/kv_count"), ask(app, "/kv_count")

    assert len(json.loads(second[1])) == len(json.loads(first[1])) + 1


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
