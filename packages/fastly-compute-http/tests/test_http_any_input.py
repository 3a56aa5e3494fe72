"""Only documented exceptions are raised, whatever a client sends or a URL contains."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fastly_compute.http import (
    Headers,
    HttpError,
    IncomingRequest,
    Request,
    Response,
    service,
)
from fastly_compute.local import Host, Incoming, NativeApp

NAMES = ["Cookie", "Host", "X-Fastly-Bot-Category"]
VALUES = ["", "=", "\xe9", "9" * 5000, "9"]

often = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
URL_PARTS = [
    *["http://", "https:", "HTTP://", "//", "/", "[::1"],
    *["[::1]", "[", "]", ":", "99999", "9" * 5000],
    *["@", "user:pass", "a.example", "%", "%zz", "%25eth0", "fe80::1", "\\", " ", "?", "#", "v1.x"],
    *["\xe9", "\u2100", "\ud800", "1.2.3.4.5", "0x7f", "*", ".", "..", "\0", "127.0.0.1"],
]
urls = st.lists(st.sampled_from(URL_PARTS) | st.text(max_size=3), max_size=6).map("".join)
targets = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
BODIES = [b"", b"{}", b"[" * 100_000, b'{"a":' * 5000, b"1" * 5000, b"\xff", b"a=%ff", b"a=%zz&&;="]
BODIES += [b"a=" + b"1" * 5000, b"NaN", b"1e99999999", b'"\\ud800"', b"\xff\xfe[\0]\0", b"=" * 3000]
TYPES = ["", "application/x-www-form-urlencoded", "application/json; charset=hex", "\xe9", ";;"]


@pytest.fixture(scope="module")
def host():
    with Host() as host:
        yield host


@often
@given(urls | st.text())
@example("http://[::1")
@example("http://[v1.x]/")
@example("http://a.example:" + "9" * 5000)
def test_a_url_is_requested_or_refused(url):
    with contextlib.suppress(HttpError):
        Request("GET", url)


@often
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), st.text(max_size=5))
def test_headers_and_methods_are_taken_or_refused(headers, method):
    with contextlib.suppress(HttpError):
        Headers(headers)
    with contextlib.suppress(HttpError):
        Request(method, "http://a.example/", headers=headers)
    for value in headers.values():
        with contextlib.suppress(HttpError):
            Response.redirect(value)


LOOKS = {
    "url": lambda r: (r.method, r.url, r.scheme, r.host, r.path, r.query_string, r.query),
    "headers": lambda r: (r.headers.items(), r.original_header_names, r.http_version),
    "facts": lambda r: (r.tls, r.bot, r.vpn_proxy, r.client_address, r.request_id, repr(r)),
}
READS = {
    "json": lambda r: r.json(),
    "form": lambda r: r.form(),
    "text": lambda r: r.text(),
    "limited": lambda r: r.json(limit=10),
    "lines": lambda r: list(r.body.iter_lines()),
}
DOCUMENTED = (HttpError, ValueError)


@often
@given(
    target=targets,
    authority=st.sampled_from(["a.example", "[::1]", "[::1", "a:99999", "*", "a b", "\xe9", ""]),
    headers=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES))),
    kind=st.sampled_from(TYPES),
    body=st.sampled_from(BODIES) | st.binary(),
    read=st.sampled_from(list(READS)),
)
def test_any_client_request_raises_only_documented_errors(
    host, target, authority, headers, kind, body, read
):
    found = []

    def handle(request: IncomingRequest) -> Response:
        for look in LOOKS.values():
            with contextlib.suppress(HttpError):
                look(request)
        try:
            READS[read](request)
        except DOCUMENTED as error:
            found.append(error)
        return Response.json("handled")

    fields = [("Content-Type", kind), *headers]
    sent = [(name, value.encode("latin-1")) for name, value in fields]
    incoming = Incoming(method="POST", uri=f"http://{authority}/{target}", headers=sent, body=body)
    answer = host.request(NativeApp(service(handle)), incoming)

    assert (answer.status, json.loads(answer.body)) == (200, "handled")
