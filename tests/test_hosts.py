"""What a guest sees of its host, on every host; see tests/parity/parity_app.py."""

import json
import socket
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
    "cache_insert": [
        [[], None, None],
        [None, "Error_CannotRead()"],
        "Error_CannotRead()",
        [["FOUND", "USABLE"], 7, 60 * 10**9],
        ["beside", "Error_BufferLen(value=6)"],
        True,
        ["content", "Error_AuxiliaryError()"],
        ["nte", "nt"],
        ["content", "content"],
    ],
    "cache_streaming": [[None, 6], ["one", "two"], ["et", "o"], "onetwo"],
    "cache_transaction": [
        [
            ["MUST_INSERT_OR_UPDATE"],
            [],
            ["MUST_INSERT_OR_UPDATE"],
            False,
            [],
            ["FOUND", "USABLE"],
            ["FOUND", "USABLE"],
        ],
        0,
        ["content", "content"],
        "Error_AuxiliaryError()",
        "Error_AuxiliaryError()",
        "Error_AuxiliaryError()",
        True,
    ],
    "cache_closing": ["MUST_INSERT_OR_UPDATE"],
    "cache_stale": [
        [
            ["FOUND", "STALE", "USABLE"],
            ["FOUND", "MUST_INSERT_OR_UPDATE", "STALE", "USABLE"],
            ["FOUND", "STALE", "USABLE"],
        ],
        [["FOUND", "STALE", "USABLE"], "old"],
        [["FOUND", "USABLE"], "new", "content"],
        True,
    ],
    "cache_expired": [
        [],
        ["MUST_INSERT_OR_UPDATE"],
        "Error_AuxiliaryError()",
        ["MUST_INSERT_OR_UPDATE"],
    ],
    "cache_vary": [["english", "danish"], []],
    "cache_refused": [
        [
            "Error_InvalidArgument()",
            "Error_GenericError()",
            "Error_GenericError()",
            "Error_InvalidArgument()",
            "Error_InvalidArgument()",
            "Error_InvalidArgument()",
        ],
        "Error_BufferLen(value=4096)",
        "Error_BufferLen(value=4096)",
        "Error_BufferLen(value=4096)",
        "Error_InvalidArgument()",
        "Error_InvalidArgument()",
        ["MUST_INSERT_OR_UPDATE"],
    ],
    "cache_purge": [
        [["FOUND", "USABLE"], ["FOUND", "STALE", "USABLE"], []],
        "Error_InvalidArgument()",
    ],
    "cache_hits": [7, 1, 2],
    "cache_replace": [[True, None, None, True, "0", 1, True, "1", 1], "2"],
    "purge_verbose": ["ok", ["id", "status"]],
    "simple_cache": [
        [None, "put there", "put there", None, "number 1", "number 1"],
        ["made"],
    ],
    "simple_cache_failing": [None, "made"],
    "cached_function": [[{"double": 4}, {"double": 4}, {"double": 6}], [2, 3]],
    "cache_entries": [[False, True], "content", [True, False, "beside", 7], "nte"],
    "cache_broken_off": "nothing is there",
    "readthrough_cache": [True, True, True, False],
    "guest_cache": [True, True, "INSERT", 200, "stored", 32],
    "runtime": [32, "XXX", False],
    "send_async": [True, 0, [201, 202], True, ["as you wish"] * 2, 0],
    "truncated": ["Error_HttpIncomplete()"] * 2,
    "send_async_errors": ["Error_GenericError()", "Error_HttpUser()"],
    "send_streaming": [200, "POST", "one two three", 0, "Error_Unsupported()"],
    "early_next": [
        "Error_LimitExceeded()",
        "Error_Unsupported()",
        "Error_LimitExceeded()",
    ],
}

BEHAVIOURS = {
    "open_errors": "stores and backends that do not exist, reserved log endpoints",
    "secrets": "secrets, of a store and of bytes",
    "config": "config stores",
    "static_backend": "what a static backend reports about itself",
    "backend_timeouts": "the timeouts of a backend",
    "dynamic_backend": "registering a backend, and a name that is taken",
    "dynamic_options": "the options of a dynamic backend, read back",
    "health_check": "invalid health checks",
    "fields": "setting, adding and removing header fields",
    "field_cursor": "header fields that do not fit the buffer",
    "messages": "method, URL, version and status of messages",
    "bodies": "reading, writing and joining bodies",
    "large_body": "a body of 10 MB",
    "send_gzip": "decompressing a gzip response",
    "refused": "why a send failed",
    "downstream": "what is known about the client",
    "waiting": "waiting for what is ready",
    "dictionaries": "dictionaries",
    "places": "geolocation",
    "devices": "device detection",
    "access_lists": "access control lists",
    "kv_lookup": "KV stores: looking up",
    "kv_metadata": "KV stores: metadata",
    "kv_insert": "KV stores: inserting, in each mode",
    "kv_list": "KV stores: listing",
    "kv_keys": "KV stores: invalid keys",
    "kv_async": "KV stores: sending without waiting",
    "rates": "edge rate limiting",
    "firewall": "the firewall's verdict",
    "shields": "shielding",
    "fastly_key": "a valid Fastly-Key",
    "cache_insert": "core cache: inserting and looking up",
    "cache_streaming": "core cache: reading an object that is still being written",
    "cache_transaction": "core cache: transactions",
    "cache_closing": "core cache: obligations that are dropped",
    "cache_stale": "core cache: stale while revalidate",
    "cache_expired": "core cache: objects that are too old",
    "cache_vary": "core cache: objects that depend on request headers",
    "cache_refused": "core cache: what is refused",
    "cache_purge": "purging by surrogate key, hard and soft",
    "cache_hits": "core cache: hits and time to be stale",
    "cache_replace": "core cache: replacing",
    "purge_verbose": "purging with a report",
    "simple_cache": "simple cache: values by key, computed once and purged",
    "simple_cache_failing": "simple cache: values whose computation fails",
    "cached_function": "simple cache: functions whose results are cached",
    "cache_entries": "core cache: the package's entries",
    "cache_broken_off": "core cache: an object whose writer aborts",
    "readthrough_cache": "readthrough cache: responses are kept, and purged",
    "guest_cache": "readthrough cache: a guest that stores a response itself",
    "runtime": "what is known about the sandbox",
    "send_async": "several requests at a time",
    "truncated": "a response that ends too early, read at once and after waiting",
    "send_async_errors": "requests that fail while others continue",
    "send_streaming": "writing a request while it is sent",
    "early_next": "asking for the next request before this one is answered",
}
"""What each scenario shows, for docs/host-matrix.md."""

VICEROY = {
    "backend_timeouts": (None, "it answers `unsupported` for every timeout"),
    "dynamic_options": (None, "it answers `unsupported` for every timeout and TLS version"),
    "refused": (["Error_GenericError()", "None"], "it never says why a send failed"),
    "kv_metadata": (["beside", None], "it gives the metadata of an entry once"),
    "rates": (
        ["requests", "box", False, False, False, False, [False] * 3, "no error"],
        "it counts nothing and knows no penalties",
    ),
    "truncated": (
        ["Error_HttpIncomplete()", "the end"],
        "waiting takes the failure of a body for its end",
    ),
    "hints": ([200], "it only logs that it would send them"),
    "handoff": ([500, "Error_Unsupported()"], "it refuses the handoff when it has no Pushpin"),
    "cache_hits": (None, "it answers `unsupported`"),
    "cache_replace": (None, "it answers `unsupported`"),
    "purge_verbose": (None, "it answers `unsupported`"),
    "cache_broken_off": ("BodyError", "it keeps a truncated object"),
    "readthrough_cache": (
        [True, False, False, False],
        "it sends every request to its backend",
    ),
    "guest_cache": ("Error_Unsupported()", "it answers `unsupported`"),
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


def test_every_scenario_is_described() -> None:
    assert list(BEHAVIOURS) == list(EXPECTED)


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


def test_a_truncated_streamed_response_is_incomplete(app) -> None:
    with pytest.raises((IncompleteRead, RemoteDisconnected)):
        ask(app, "/breaks-off")


def test_a_second_answer_is_refused(app) -> None:
    assert ask(app, "/twice") == (200, b"first")


def talk(app, sent):
    """Send bytes and return all that comes back until the server closes."""
    host, _, port = urlsplit(app.url).netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(sent)
        return b"".join(iter(lambda: client.recv(65536), b""))


def of(app, name, ours):
    return VICEROY[name][0] if app.host == "viceroy" else ours


def ask_headers(app, path, method="GET"):
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    try:
        return answer.status, answer.msg, answer.read()
    finally:
        connection.close()


def test_a_pending_response_is_sent_with_its_changes(app) -> None:
    status, headers, content = ask_headers(app, "/passes-on")

    assert (status, content) == (201, b"as you wish")
    assert headers.get_all("x-origin") == ["guest"]
    assert headers.get_all("x-any") == ["1", "2"]
    assert (headers["x-error"], headers["x-gone"]) == (None, None)


def test_a_pending_response_that_fails_is_a_502_with_its_changes(app) -> None:
    status, headers, _ = ask_headers(app, "/passes-on-failure")

    assert status == 502
    assert headers.get_all("x-any") == ["1", "2"]
    assert (headers["x-error"], headers["x-origin"]) == ("yes", None)


def test_a_request_is_written_while_its_response_is_awaited_for_the_client(app) -> None:
    status, content = ask(app, "/passes-on-while-writing")

    assert status == 200
    assert json.loads(content)["body"] == "written late"


def test_early_hints_come_before_the_answer(app) -> None:
    received = talk(app, b"GET /hints HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    statuses = [int(line.split()[1]) for line in received.splitlines() if line[:5] == b"HTTP/"]

    assert statuses == of(app, "hints", [103, 200])
    assert received.endswith(b"final")


def test_the_answer_to_head_has_no_content(app) -> None:
    status, headers, content = ask_headers(app, "/content", "HEAD")

    assert (status, headers["x-method"], content) == (200, "HEAD", b"")


def test_a_sandbox_that_asks_gets_the_next_request(app) -> None:
    first = ask(app, "/reuse")
    second = ask(app, "/reuse", "POST", b"the second")
    served = json.loads(second[1])

    assert (first[0], second[0]) == (200, 200)
    assert json.loads(first[1]) == served[:1]
    assert served[0] == served[1]
    assert served[2] == "the second"


def test_what_a_guest_prints_is_shown_while_it_waits_for_its_next_request(app) -> None:
    [sandbox] = json.loads(ask(app, "/reuse")[1])
    line = app.says(f"printed in {sandbox}")
    second = ask(app, "/reuse", "POST", b"")

    assert line
    assert json.loads(second[1])[:2] == [sandbox, sandbox]


def test_a_failure_at_a_later_request_is_a_500_to_that_one_only(app) -> None:
    first = ask(app, "/reuse")
    second = ask(app, "/boom")

    assert (first[0], second[0]) == (200, 500)
    assert ask(app, "/streams") == (200, b"one two")


def test_an_answer_streams_on_while_its_sandbox_serves_the_next_request(app) -> None:
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    connection.request("GET", "/reuse-streaming")
    first = connection.getresponse()
    start = first.read(4)
    second = ask(app, "/reuse-streaming")
    rest = first.read()
    connection.close()

    assert (start, rest, second) == (b"one ", b"two three", (200, b"second"))


def test_a_request_that_is_left_to_fanout_needs_a_pushpin(app) -> None:
    status, content = ask(app, "/handoff")
    ours = [502, "handed off to 'origin' (grip), but this host has no proxy"]

    assert [status, content.decode().strip()] == of(app, "handoff", ours)
