"""Hooks of the readthrough cache, on the native host."""

import gzip
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from componentize_py_types import Err
from hypothesis import assume, given
from hypothesis import strategies as st
from wit_world.imports import purge
from wit_world.imports.types import Error_Unsupported

from fastly_compute.core import HandleClosed
from fastly_compute.http import (
    BackendRequest,
    Body,
    CacheOptions,
    CandidateResponse,
    ConnectionRefused,
    HttpCacheUnsupported,
    HttpError,
    InvalidHeader,
    PendingResponse,
    Request,
    Response,
    ResponseTimeout,
    RevalidationFailed,
    WaitTimeout,
    gather,
    select,
    service,
)
from fastly_compute.local import BackendConfig, Host, HostConfig, NativeApp

LONG = 30
COUNTER = itertools.count()


class Origin(ThreadingHTTPServer):
    """An origin whose responses the tests set, by path, and which records its requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), OriginHandler)
        self.answers: dict[str, Callable[[OriginHandler], tuple]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def answer(self, body=b"body", status=200, path="/", **headers) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda _: (status, fields, body)


class OriginHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Origin

    def do_GET(self) -> None:
        fields = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, fields))
        status, headers, body = self.server.answers[self.path](self)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if isinstance(body, bytes):
            body = [body]
            if status != 304:
                self.send_header("Content-Length", str(len(body[0])))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        for piece in body if self.command != "HEAD" and status != 304 else ():
            self.wfile.write(piece)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Origin]:
    server = Origin()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def origin(server) -> Origin:
    server.answers.clear()
    server.asked.clear()
    return server


@pytest.fixture
def host(origin) -> Iterator[Host]:
    backends = {
        "origin": BackendConfig(url=f"http://127.0.0.1:{origin.server_port}"),
        "down": BackendConfig(url="http://127.0.0.1:1"),
    }
    with Host(HostConfig(backends=backends)) as host:
        yield host


@pytest.fixture
def sandbox(host):
    with host.guest_context() as sandbox:
        yield sandbox


def request(path="/", method="GET", headers=None, **options) -> Request:
    url = f"http://site.example{path}"
    return Request(method, url, headers=headers, cache=CacheOptions(**options))


def fetch(path="/", backend="origin", **chosen) -> Response:
    return request(path, **chosen).send(backend)


def get(path="/", **chosen) -> bytes:
    return fetch(path, **chosen).body.read()


def nothing(_candidate: object) -> None:
    """A hook without effect: the request still goes through the app's own lookup."""


# What a hook sees and sets


def test_the_ttl_of_a_candidate_is_how_long_it_is_served(sandbox, origin) -> None:
    def keep(candidate: CandidateResponse) -> None:
        seen.append((candidate.status, candidate.ttl, candidate.age))
        candidate.ttl = 60

    seen = []
    origin.answer(Cache_Control="max-age=1000", Age="30")

    assert [get(after_send=keep), get(after_send=keep)] == [b"body"] * 2
    assert seen == [(200, timedelta(seconds=970), timedelta(seconds=30))]
    sandbox.host.clock.advance(59)
    assert get() == b"body"  # also a request without hooks finds it
    assert len(origin.asked) == 1
    sandbox.host.clock.advance(2)
    get()
    assert len(origin.asked) == 2


def test_a_hook_finds_what_a_request_without_hooks_stored(sandbox, origin) -> None:
    origin.answer()
    get()

    assert get(after_send=pytest.fail, before_send=pytest.fail) == b"body"


def test_the_headers_decide_what_is_not_set(sandbox, origin) -> None:
    def look(candidate: CandidateResponse) -> None:
        seen.append((candidate.ttl, candidate.stale_while_revalidate, candidate.stale_if_error))
        seen.append((candidate.vary, candidate.surrogate_keys, candidate.pci))
        candidate.headers["Cache-Control"] = "max-age=5"
        candidate.headers["Vary"] = "Accept, Accept-Language"
        candidate.headers["Surrogate-Key"] = "two"
        seen.append((candidate.ttl, candidate.stale_while_revalidate, candidate.stale_if_error))
        seen.append((candidate.vary, candidate.surrogate_keys, candidate.pci))

    seen = []
    origin.answer(
        Cache_Control="max-age=10, stale-while-revalidate=20, stale-if-error=30",
        Surrogate_Key="one",
    )
    response = fetch(after_send=look)

    second = timedelta(seconds=1)
    assert seen == [
        (10 * second, 20 * second, 30 * second),
        ((), ("one",), False),
        (5 * second, 0 * second, 0 * second),
        (("accept", "accept-language"), ("two",), False),
    ]
    assert response.headers["Cache-Control"] == "max-age=5"


def test_options_of_the_request_take_precedence_over_the_headers(sandbox, origin) -> None:
    def look(candidate: CandidateResponse) -> None:
        seconds = (candidate.ttl, candidate.stale_while_revalidate, candidate.stale_if_error)
        seen.append([duration.total_seconds() for duration in seconds])
        seen.append((candidate.surrogate_keys, candidate.pci))

    seen = []
    origin.answer(Cache_Control="max-age=10", Surrogate_Key="one two")
    get(
        ttl=1,
        stale_while_revalidate=2,
        stale_if_error=3,
        surrogate_key="two three",
        pci=True,
        after_send=look,
    )

    assert seen == [[1, 2, 3], (("one", "two", "three"), True)]


def test_the_surrogate_key_header_counts_even_if_the_host_does_not_suggest_it(
    sandbox, origin
) -> None:
    def interpose(label, function, arguments):
        answer = function(*arguments)
        return "" if label.endswith("SuggestedWriteOptions.get_surrogate_keys") else answer

    sandbox.host.interpose = interpose
    origin.answer(Surrogate_Key="one two")
    seen = []
    get(surrogate_key="three", after_send=lambda candidate: seen.append(candidate.surrogate_keys))

    assert seen == [("three", "one", "two")]


def test_a_response_is_purged_by_the_keys_that_a_hook_sets(sandbox, origin) -> None:
    def tag(candidate: CandidateResponse) -> None:
        candidate.surrogate_keys = ["page", "news"]

    origin.answer(Surrogate_Key="old")
    get(after_send=tag)
    options = purge.PurgeOptions(soft_purge=False, extra=None)
    purge.purge_surrogate_key("old", options)
    get()
    assert len(origin.asked) == 1
    purge.purge_surrogate_key("news", options)
    get()
    assert len(origin.asked) == 2


def test_a_hook_sets_what_a_response_varies_by(sandbox, origin) -> None:
    def vary(candidate: CandidateResponse) -> None:
        candidate.vary = ["X-Plan"]

    origin.answers["/"] = lambda handler: (200, {}, handler.headers["X-Plan"].encode())
    plans = [get(headers={"X-Plan": plan}, after_send=vary) for plan in ("a", "b", "a", "b")]

    assert plans == [b"a", b"b", b"a", b"b"]
    assert len(origin.asked) == 2


def test_headers_are_replaced(sandbox, origin) -> None:
    def replace(candidate: CandidateResponse) -> None:
        candidate.headers = {"X-Only": "yes", "Cache-Control": "max-age=5"}
        seen.append((candidate.ttl.seconds, candidate.status, repr(candidate)))

    seen = []
    origin.answer(X_Other="1")
    get(after_send=replace)
    found = fetch()

    assert seen == [(5, 200, "<CandidateResponse 200>")]
    assert found.headers["x-only"] == "yes"
    assert "x-other" not in found.headers


def test_changes_to_status_and_headers_are_stored(sandbox, origin) -> None:
    def change(candidate: CandidateResponse) -> None:
        candidate.status = 203
        candidate.headers["X-Stored"] = "yes"
        del candidate.headers["X-Secret"]

    origin.answer(X_Secret="token")
    found = [fetch(after_send=change), fetch()]

    assert [(response.status, response.headers["x-stored"]) for response in found] == [
        (203, "yes")
    ] * 2
    assert not any("x-secret" in response.headers for response in found)


@pytest.mark.parametrize(
    ("attribute", "value", "error"),
    [
        ("ttl", -1, "ttl must be finite and at least 0"),
        ("ttl", 2**32, "ttl must be less than 2"),
        ("stale_if_error", float("nan"), "stale_if_error must be finite"),
        ("surrogate_keys", "a  b", "invalid surrogate_keys ''"),
        ("vary", ["two words"], "a header's name"),
        ("status", 99, "a status must be 100 to 599"),
    ],
)
def test_a_candidate_refuses_wrong_values(sandbox, origin, attribute, value, error) -> None:
    origin.answer()

    with pytest.raises(ValueError, match=error):
        get(after_send=lambda candidate: setattr(candidate, attribute, value))


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("ttl", "60"), ("vary", "accept"), ("surrogate_keys", [1]), ("pci", 1)],
)
def test_a_candidate_refuses_wrong_types(sandbox, origin, attribute, value) -> None:
    origin.answer()

    with pytest.raises(TypeError):
        get(after_send=lambda candidate: setattr(candidate, attribute, value))


@given(ttl=st.integers(0, 10**6), age=st.integers(0, 10**6), now=st.integers(1, 10**6))
def test_a_ttl_counts_from_now_whatever_the_age(host_of_property, ttl, age, now) -> None:
    assume(abs(ttl - now) > 60)  # the test itself takes time, too
    sandbox, origin = host_of_property
    origin.answer(Age=str(age), Cache_Control="max-age=0")
    origin.asked.clear()
    key = f"{next(COUNTER)}"

    def keep(candidate: CandidateResponse) -> None:
        candidate.ttl = ttl

    get(key=key, after_send=keep)
    sandbox.host.clock.advance(now)
    get(key=key, after_send=keep)
    assert len(origin.asked) == (1 if now < ttl else 2)


@pytest.fixture(scope="module")
def host_of_property(server):
    backends = {"origin": BackendConfig(url=f"http://127.0.0.1:{server.server_port}")}
    with Host(HostConfig(backends=backends)) as host, host.guest_context() as sandbox:
        yield sandbox, server


# The request to the backend


def test_before_send_changes_the_headers(sandbox, origin) -> None:
    def sign(request: BackendRequest) -> None:
        assert (request.method, request.url) == ("GET", "http://site.example/")
        request.headers["X-Signed"] = "yes"
        del request.headers["X-Drop"]

    origin.answer()
    get(headers={"X-Drop": "1", "X-Keep": "2"}, before_send=sign)
    _, _, fields = origin.asked[0]

    assert (fields["x-signed"], fields["x-keep"]) == ("yes", "2")
    assert "x-drop" not in fields


def test_the_arguments_of_hooks_are_closed_after_them(sandbox, origin) -> None:
    kept = []
    origin.answer()
    get(before_send=kept.append, after_send=kept.append)
    sent, candidate = kept

    with pytest.raises(ZeroDivisionError):
        get("/other", before_send=lambda failed: (kept.append(failed), 1 / 0))
    get("/", key="other", after_send=lambda left: (kept.append(left), left.set_uncacheable()))
    for use in (
        lambda: kept[2].headers,
        lambda: kept[3].headers,
        lambda: kept[3].status,
        lambda: kept[3].ttl,
        lambda: sent.headers,
        lambda: sent.method,
        lambda: sent.url,
        lambda: candidate.headers,
        lambda: candidate.ttl,
    ):
        with pytest.raises(HandleClosed):
            use()
    assert repr(sent) == "<BackendRequest>"
    assert repr(candidate) == "<CandidateResponse>"


def test_before_send_is_called_on_a_miss_only(sandbox, origin) -> None:
    calls = []
    origin.answer()
    for _ in range(3):
        get(before_send=calls.append)

    assert len(calls) == 1


def test_before_send_refuses_what_cannot_be_sent(sandbox, origin) -> None:
    def spoil(request: BackendRequest) -> None:
        request.headers.add("Host", "other.example")

    with pytest.raises(InvalidHeader, match="exactly one Host"):
        get(before_send=spoil)
    assert not origin.asked


def test_head_and_range_fetch_the_whole_response(sandbox, origin) -> None:
    origin.answer(b"0123456789")
    head = fetch(method="HEAD", after_send=nothing)
    part = fetch(headers={"Range": "bytes=2-3"}, after_send=nothing)

    assert (head.headers["content-length"], head.body.read()) == ("10", b"")
    assert (part.status, part.body.read()) == (206, b"23")
    assert [method for method, _, _ in origin.asked] == ["GET"]


def test_a_compressed_response_is_stored_decompressed(sandbox, origin) -> None:
    origin.answer(gzip.compress(b"text"), Content_Encoding="gzip")
    options = CacheOptions(after_send=nothing)
    url = "http://site.example/"
    asked = Request("GET", url, cache=options, decompress_gzip=True)

    assert asked.send("origin").body.read() == b"text"
    assert "content-encoding" not in fetch().headers
    assert get() == b"text"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_hooks_are_for_get_and_head(sandbox, origin, method) -> None:
    origin.answer()
    asked = Request(
        method,
        "http://site.example/",
        body=b"form",
        cache=CacheOptions(before_send=pytest.fail, after_send=pytest.fail),
    )

    assert asked.send("origin").body.read() == b"body"


def test_a_host_without_caching_calls_no_hooks(sandbox, origin) -> None:
    origin.answer()
    sandbox.host.caching = False

    assert [get(after_send=pytest.fail), get(before_send=pytest.fail)] == [b"body"] * 2
    assert len(origin.asked) == 2


def test_a_key_replaces_the_url(sandbox, origin) -> None:
    origin.answer(b"one", path="/1")
    origin.answer(b"two", path="/2")

    assert [get("/1", key="a"), get("/2", key=b"a"), get("/2", key="b")] == [b"one", b"one", b"two"]
    assert get("/2") == b"two"
    assert [path for _, path, _ in origin.asked] == ["/1", "/2", "/2"]


# Revalidation


def etagged(handler: OriginHandler) -> tuple:
    if handler.headers["If-None-Match"] == '"1"':
        return 304, {"ETag": '"1"', "Cache-Control": "max-age=20", "X-New": "yes"}, b""
    return 200, {"ETag": '"1"', "Cache-Control": "max-age=10", "X-Old": "yes"}, b"kept"


def test_a_304_renews_the_stored_response(sandbox, origin) -> None:
    def before(request: BackendRequest) -> None:
        conditions.append(request.headers.get("if-none-match"))

    def after(candidate: CandidateResponse) -> None:
        seen.append((candidate.status, candidate.ttl.seconds, candidate.is_stale))
        candidate.headers["X-Hook"] = str(len(seen))
        candidate.transform_body(lambda body: body.read().upper())

    conditions, seen = [], []
    origin.answers["/"] = etagged
    for _ in range(2):
        response = fetch(before_send=before, after_send=after)
        sandbox.host.clock.advance(15)

    assert conditions == [None, '"1"']
    assert seen == [(200, 10, False), (200, 20, True)]
    assert response.body.read() == b"KEPT"  # transformed once, by the first hook
    assert (response.status, response.headers["x-old"]) == (200, "yes")
    assert (response.headers["x-new"], response.headers["x-hook"]) == ("yes", "2")
    assert get() == b"KEPT"
    assert len(origin.asked) == 2


@pytest.mark.parametrize("hit_for_pass", [True, False])
def test_a_304_that_is_not_to_be_stored_is_served_with_the_stored_body(
    sandbox, origin, hit_for_pass
) -> None:
    def never(candidate: CandidateResponse) -> None:
        candidate.set_uncacheable(hit_for_pass=hit_for_pass)
        candidate.transform_body(pytest.fail)

    origin.answers["/"] = etagged
    get()
    sandbox.host.clock.advance(15)
    for _ in range(2):
        response = fetch(after_send=never)
        assert (response.status, response.headers["x-new"]) == (200, "yes")
        assert (response.headers["content-length"], response.body.read()) == ("4", b"kept")
    assert get() == b"kept"
    assert [fields.get("if-none-match") for _, _, fields in origin.asked] == [None, *['"1"'] * 3]


def test_stale_while_revalidate_answers_first_and_renews_after_the_response(host, origin) -> None:
    def after(candidate: CandidateResponse) -> None:
        order.append("stored")
        candidate.ttl = 10
        candidate.stale_while_revalidate = 100

    def handle(incoming):
        response = fetch(after_send=after)
        order.append("answered")
        return response

    order = []
    app = NativeApp(service(handle))
    origin.answer(b"one")
    assert host.request(app).body == b"one"
    host.clock.advance(20)
    origin.answer(b"two")
    assert host.request(app).body == b"one"
    assert order == ["stored", "answered", "answered", "stored"]
    assert host.request(app).body == b"two"
    assert len(origin.asked) == 2


def test_a_failed_renewal_after_the_response_is_reported(host, origin, capsys) -> None:
    def handle(incoming):
        return fetch(after_send=after)

    def after(candidate: CandidateResponse) -> None:
        if candidate.is_stale:
            raise RuntimeError("the hook failed")

    app = NativeApp(service(handle))
    origin.answer(Cache_Control="max-age=10, stale-while-revalidate=100")
    host.request(app)
    host.clock.advance(20)

    assert host.request(app).body == b"body"
    assert "RuntimeError: the hook failed" in capsys.readouterr().err
    assert host.request(app).body == b"body"  # stale still: the obligation was given up
    assert len(origin.asked) == 3


def test_a_304_renews_the_response_after_it_was_served_stale(host, origin) -> None:
    def after(candidate: CandidateResponse) -> None:
        candidate.ttl = 10
        candidate.stale_while_revalidate = 100

    app = NativeApp(service(lambda incoming: fetch(after_send=after)))
    origin.answers["/"] = etagged
    for seconds in (20, 1, 1):
        assert host.request(app).body == b"kept"
        host.clock.advance(seconds)
    renewed = host.request(app)

    assert [fields.get("if-none-match") for _, _, fields in origin.asked] == [None, '"1"']
    assert ("X-New", b"yes") in renewed.headers


def test_a_renewal_that_is_not_to_be_stored_keeps_the_stale_response(host, origin) -> None:
    app = NativeApp(service(lambda incoming: fetch(after_send=nothing)))
    origin.answer(b"old", Cache_Control="max-age=10, stale-while-revalidate=100")
    host.request(app)
    host.clock.advance(20)
    origin.answer(b"sorry", status=503)

    assert [host.request(app).body for _ in range(2)] == [b"old"] * 2
    assert len(origin.asked) == 3


def test_an_exception_before_a_renewal_reaches_the_caller(sandbox, origin) -> None:
    origin.answer(Cache_Control="max-age=10, stale-while-revalidate=100")
    get()
    sandbox.host.clock.advance(20)

    with pytest.raises(ZeroDivisionError):
        get(before_send=lambda _: 1 / 0)
    assert get(after_send=nothing) == b"body"
    assert len(origin.asked) == 2


# Stale if error


def keep_for_errors(candidate: CandidateResponse) -> None:
    candidate.ttl = 10
    candidate.stale_if_error = 100


def test_a_stale_response_is_served_if_the_backend_fails(sandbox, origin) -> None:
    origin.answer()
    get(after_send=keep_for_errors)
    sandbox.host.clock.advance(20)
    response = fetch(backend="down", after_send=pytest.fail)

    assert response.body.read() == b"body"
    assert isinstance(response.masked_error, ConnectionRefused)
    sandbox.host.clock.advance(100)
    with pytest.raises(ConnectionRefused):
        fetch(backend="down", after_send=pytest.fail)


def test_stale_if_error_is_an_option_of_the_request(sandbox, origin) -> None:
    origin.answer()
    fresh = fetch(ttl=10, stale_if_error=100)
    sandbox.host.clock.advance(20)

    assert fresh.masked_error is None
    assert fetch(backend="down", stale_if_error=0).body.read() == b"body"


def test_a_hook_prefers_the_stale_response_to_an_error(sandbox, origin) -> None:
    def after(candidate: CandidateResponse) -> None:
        keep_for_errors(candidate)
        if candidate.status >= 500:
            available.append(candidate.stale_if_error_available)
            candidate.use_stale()

    available = []
    origin.answer()
    get(after_send=after)
    origin.answer(b"sorry", status=503)
    sandbox.host.clock.advance(20)
    response = fetch(after_send=after)

    assert (response.status, response.body.read()) == (200, b"body")
    sandbox.host.clock.advance(100)
    with pytest.raises(HttpError, match="no stale response to use"):
        get(after_send=after)
    assert available == [True, False]
    assert get() == b"sorry"  # the obligation was given up


# What is not stored


def test_an_uncacheable_response_is_fetched_each_time(sandbox, origin) -> None:
    def never(candidate: CandidateResponse) -> None:
        assert candidate.is_cacheable
        candidate.set_uncacheable()
        assert not candidate.is_cacheable
        candidate.headers["X-Seen"] = "yes"
        calls.append(1)

    calls = []
    origin.answer()
    found = [fetch(after_send=never) for _ in range(3)]

    assert [(response.headers["x-seen"], response.body.read()) for response in found] == [
        ("yes", b"body")
    ] * 3
    assert len(calls) == len(origin.asked) == 3


def test_hit_for_pass_lets_requests_go_past_the_hooks(sandbox, origin) -> None:
    def never(candidate: CandidateResponse) -> None:
        candidate.ttl = 10
        candidate.set_uncacheable(hit_for_pass=True)
        calls.append(1)

    calls = []
    origin.answer()
    for _ in range(3):
        assert get(after_send=never) == b"body"
    assert (len(calls), len(origin.asked)) == (1, 3)
    sandbox.host.clock.advance(11)
    get(after_send=never)
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("status", "headers"),
    [(200, {"Set_Cookie": "a=1"}), (200, {"Cache_Control": "private"}), (500, {})],
)
def test_a_hook_stores_what_would_not_be_stored(sandbox, origin, status, headers) -> None:
    def after(candidate: CandidateResponse) -> None:
        assert not candidate.is_cacheable
        candidate.set_cacheable()
        candidate.ttl = 60

    origin.answer(status=status, **headers)

    assert [fetch(after_send=after).status for _ in range(2)] == [status] * 2
    assert len(origin.asked) == 1


def test_the_answer_to_head_has_no_body_even_if_it_is_not_stored(sandbox, origin) -> None:
    origin.answer()
    response = fetch(method="HEAD", after_send=lambda candidate: candidate.set_uncacheable())

    assert (response.headers["content-length"], response.body.read()) == ("4", b"")


# The body


def shout(body: Body) -> Iterator[bytes]:
    for piece in body.iter_bytes(2):
        yield piece.upper()


@pytest.mark.parametrize(
    "transform", [shout, lambda body: body.read().upper(), lambda body: Body(shout(body))]
)
@pytest.mark.parametrize("stored", [True, False])
def test_a_body_is_transformed(sandbox, origin, transform, stored) -> None:
    def after(candidate: CandidateResponse) -> None:
        candidate.transform_body(transform)
        if not stored:
            candidate.set_uncacheable()

    origin.answer(b"small")
    found = [fetch(after_send=after) for _ in range(2)]

    assert [response.body.read() for response in found] == [b"SMALL"] * 2
    assert len(origin.asked) == (1 if stored else 2)


def test_a_transform_that_changes_the_length_is_served_whole(host, origin) -> None:
    def after(candidate: CandidateResponse) -> None:
        candidate.transform_body(lambda body: body.read() * 3)

    app = NativeApp(service(lambda incoming: fetch(after_send=after)))
    origin.answer(b"abc")

    assert [host.request(app).body for _ in range(2)] == [b"abcabcabc"] * 2


def test_a_transform_that_fails_stores_nothing(sandbox, origin) -> None:
    def half(body: Body) -> Iterator[bytes]:
        yield body.read(2)
        raise RuntimeError("no more")

    origin.answer()
    with pytest.raises(RuntimeError, match="no more"):
        get(after_send=lambda candidate: candidate.transform_body(half))

    assert get() == b"body"
    assert len(origin.asked) == 2


def test_only_a_function_transforms(sandbox, origin) -> None:
    origin.answer()

    with pytest.raises(TypeError, match="transform must be a function, not bytes"):
        get(after_send=lambda candidate: candidate.transform_body(b""))


def test_the_body_reaches_all_readers_while_it_arrives(host, origin) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"first"
        assert more.wait(LONG)
        yield b"second"

    more = threading.Event()
    origin.answers["/"] = lambda _: (200, {}, pieces())
    with host.guest_context(), ThreadPoolExecutor() as pool:
        first = fetch(after_send=nothing)
        assert first.body.read(5) == b"first"

        def other() -> tuple[bytes, bytes]:
            with host.guest_context():
                second = fetch(after_send=pytest.fail)
                start = second.body.read(5)
                more.set()
                return start, second.body.read()

        assert pool.submit(other).result(LONG) == (b"first", b"second")
        assert first.body.read() == b"second"
    assert len(origin.asked) == 1


def test_a_body_that_breaks_off_is_not_stored(host, origin) -> None:
    def broken(handler: OriginHandler) -> tuple:
        return 200, {"Content-Length": "100"}, iter([b"half"])

    origin.answers["/"] = broken
    app = NativeApp(service(lambda incoming: fetch(after_send=nothing)))
    assert not host.request(app).complete
    origin.answer()

    assert host.request(app).body == b"body"


# Together with others


@pytest.mark.parametrize("hook", ["before_send", "after_send"])
def test_an_exception_in_a_hook_reaches_the_caller_and_frees_the_others(host, origin, hook) -> None:
    def fail(_: object) -> None:
        failing.set()
        assert waiting.wait(LONG)
        raise RuntimeError("the hook failed")

    def asks() -> bytes:
        with host.guest_context():
            pending = request(after_send=nothing).send_async("origin")
            waiting.set()
            return pending.wait().body.read()

    failing, waiting = threading.Event(), threading.Event()
    origin.answer()
    with ThreadPoolExecutor() as pool, host.guest_context():

        def fails() -> None:
            with host.guest_context(), pytest.raises(RuntimeError, match="the hook failed"):
                get(**{hook: fail})

        failed = pool.submit(fails)
        assert failing.wait(LONG)
        other = pool.submit(asks)
        assert other.result(LONG) == b"body"
        failed.result(LONG)
        assert get(after_send=pytest.fail) == b"body"


def test_of_many_requests_one_calls_the_hooks(host, origin) -> None:
    def slow(handler: OriginHandler) -> tuple:
        assert looked_up.wait(LONG)
        return 200, {}, b"body"

    def asks() -> bytes:
        with host.guest_context():
            pending = request(before_send=calls.append, after_send=calls.append)
            sent = pending.send_async("origin")
            together.wait(LONG)
            return sent.wait().body.read()

    calls, looked_up = [], threading.Event()
    together = threading.Barrier(8, looked_up.set)
    origin.answers["/"] = slow
    with ThreadPoolExecutor(8) as pool:
        found = [task.result(LONG) for task in [pool.submit(asks) for _ in range(8)]]

    assert found == [b"body"] * 8
    assert [type(call).__name__ for call in calls] == ["BackendRequest", "CandidateResponse"]
    assert len(origin.asked) == 1


def test_those_who_wait_get_the_stale_response_as_well(host, origin) -> None:
    def after(candidate: CandidateResponse) -> None:
        keep_for_errors(candidate)
        if candidate.status == 503:
            assert waiting.wait(LONG)
            candidate.use_stale()

    def waits() -> Response:
        with host.guest_context():
            pending = request(after_send=pytest.fail).send_async("origin")
            assert not pending.ready
            waiting.set()
            response = pending.wait()
            assert response.body.read() == b"body"
            return response

    waiting = threading.Event()
    origin.answer()
    with host.guest_context(), ThreadPoolExecutor() as pool:
        get(after_send=after)
        host.clock.advance(20)
        origin.answer(status=503)
        mine = request(after_send=after).send_async("origin")
        other = pool.submit(waits)
        assert mine.wait().status == 200
        assert isinstance(other.result(LONG).masked_error, RevalidationFailed)


# Without waiting


def test_several_requests_are_sent_at_once(sandbox, origin) -> None:
    def meet(handler: OriginHandler) -> tuple:
        barrier.wait(LONG)
        return 200, {}, handler.path.encode()

    barrier = threading.Barrier(3)
    paths = ["/a", "/b", "/c"]
    origin.answers.update(dict.fromkeys(paths, meet))
    sent = [request(path, after_send=nothing).send_async("origin") for path in paths]
    found = gather(sent, timeout=LONG)

    assert [response.body.read().decode() for response in found] == paths


def test_select_returns_what_can_be_awaited_at_once(sandbox, origin) -> None:
    gate = threading.Event()
    origin.answer(path="/quick")
    origin.answers["/slow"] = lambda _: (gate.wait(LONG), (200, {}, b"slow"))[1]
    slow = request("/slow", after_send=nothing).send_async("origin")
    quick = request("/quick", after_send=nothing).send_async("origin")

    assert select([slow, quick], timeout=LONG) is quick
    assert quick.ready
    with pytest.raises(WaitTimeout):
        select([slow], timeout=0.01)
    with pytest.raises(WaitTimeout, match="no response within 10 ms"):
        slow.wait(0.01)
    gate.set()
    assert select([slow], timeout=LONG) is slow
    assert (slow.wait().body.read(), quick.wait().body.read()) == (b"slow", b"body")


def test_a_hit_is_ready_at_once(sandbox, origin) -> None:
    origin.answer()
    get()
    pending = request(after_send=pytest.fail).send_async("origin")

    assert pending.ready
    assert pending.wait().body.read() == b"body"
    with pytest.raises(ValueError, match="already awaited"):
        pending.wait()


def test_closing_frees_the_others(sandbox, origin) -> None:
    origin.answer()
    pending = request(after_send=pytest.fail).send_async("origin")
    pending.close()
    pending.close()

    assert get(after_send=nothing) == b"body"


def test_closing_discards_a_response_that_is_there(sandbox, origin) -> None:
    origin.answer()
    get()
    pending = request(after_send=nothing).send_async("origin")
    assert pending.ready
    pending.close()

    with pytest.raises(ValueError, match="is closed"):
        pending.set_header("X-Late", "1")
    with pytest.raises(ValueError, match="is closed"):
        pending.wait()


def test_changes_are_for_responses_and_errors(sandbox, origin) -> None:
    origin.answer()
    pending = request(after_send=nothing).send_async("origin")

    with pytest.raises(ValueError, match="on must be 'any', 'response' or 'error'"):
        pending.set_header("X-Set", "1", on="both")
    pending.remove_header("X-Absent")
    assert pending.wait().status == 200


def test_an_error_of_a_hook_belongs_to_the_one_who_awaits(sandbox, origin) -> None:
    origin.answer()
    pending = request(before_send=lambda _: 1 / 0).send_async("origin")

    assert pending.ready
    with pytest.raises(ZeroDivisionError):
        pending.wait()


def test_a_pending_response_is_returned_with_its_changes(host, origin) -> None:
    def handle(incoming) -> PendingResponse:
        pending = request(after_send=nothing).send_async("origin")
        pending.set_header("X-Set", "1")
        pending.add_header("X-Set", "2")
        pending.set_header("X-Error", "1", on="error")
        pending.remove_header("X-Remove")
        return pending

    origin.answer(X_Remove="1")
    answer = host.request(NativeApp(service(handle)))
    names = [name.lower() for name, _ in answer.headers]

    assert answer.body == b"body"
    assert names.count("x-set") == 2
    assert not {"x-remove", "x-error"} & set(names)


# Waiting for others


def test_a_request_goes_on_while_another_of_its_sandbox_waits_for_it(sandbox, origin) -> None:
    origin.answer()
    for wait in (
        lambda second: second.wait(),
        lambda second: second.wait(LONG),
        lambda second: select([second], LONG).wait(),
        lambda second: fetch(key="same", after_send=pytest.fail),
        lambda second: gather([second])[0],
        lambda second: fetch(key="same", after_send=pytest.fail, lookup_timeout=LONG),
    ):
        sandbox.host.clock.advance(1000)
        seen: list[object] = []
        first, second = (
            request(key="same", after_send=seen.append).send_async("origin") for _ in range(2)
        )
        assert wait(second).body.read() == b"body"
        assert first.ready
        assert first.wait().body.read() == b"body"
        assert len(seen) == 1


@pytest.mark.parametrize(
    "plain", [Request.send, lambda asked, backend: asked.send_async(backend).wait()]
)
def test_a_request_with_hooks_goes_on_while_one_without_waits_for_it(
    sandbox, origin, plain
) -> None:
    origin.answer()
    hooked = request(after_send=nothing).send_async("origin")

    assert plain(request(), "origin").body.read() == b"body"
    assert hooked.wait().body.read() == b"body"
    assert len(origin.asked) == 1


@pytest.mark.parametrize("hooks", [{}, {"after_send": nothing}])
def test_a_lookup_that_takes_too_long_fails(host, origin, hooks) -> None:
    def waits() -> None:
        with host.guest_context():
            with pytest.raises(ResponseTimeout):
                fetch(lookup_timeout=0.01, **hooks)
            failed.set()

    def held(handler: OriginHandler) -> tuple:
        assert failed.wait(LONG)
        return 200, {}, b"body"

    failed = threading.Event()
    origin.answers["/"] = held
    with host.guest_context(), ThreadPoolExecutor() as pool:
        mine = request(after_send=nothing).send_async("origin")
        other = pool.submit(waits)
        assert mine.wait().body.read() == b"body"
        other.result(LONG)
    assert len(origin.asked) == 1


# What is refused


def test_a_host_without_the_interface_is_named(sandbox, origin) -> None:
    def interpose(label, function, arguments):
        if label.startswith("http-cache."):
            raise Err(Error_Unsupported())
        return function(*arguments)

    sandbox.host.interpose = interpose
    with pytest.raises(HttpCacheUnsupported, match="Viceroy does not"):
        get(after_send=nothing)
    origin.answer()
    assert get(ttl=5) == b"body"


def test_hooks_exclude_bypassing_and_streaming(sandbox) -> None:
    with pytest.raises(ValueError, match="pass_through bypasses the cache"):
        CacheOptions(pass_through=True, after_send=nothing)
    with pytest.raises(ValueError, match="send_streaming cannot be combined"):
        request(after_send=nothing).send_streaming("origin")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"after_send": 1}, "after_send must be a function, not int"),
        ({"before_send": "f"}, "before_send must be a function, not str"),
        ({"key": 1}, "key must be a str or bytes, not int"),
        ({"lookup_timeout": 0}, "lookup_timeout must be more than 0"),
        ({"lookup_timeout": 1, "pass_through": True}, "pass_through bypasses the cache"),
        ({"key": ""}, "key must not be empty"),
        ({"stale_if_error": 0.5}, "stale_if_error must be a whole number of seconds"),
    ],
)
def test_wrong_options_are_refused(options, error) -> None:
    with pytest.raises((TypeError, ValueError), match=error):
        CacheOptions(**options)


@pytest.mark.parametrize("kind", [BackendRequest, CandidateResponse])
def test_the_arguments_of_hooks_are_not_made_by_apps(kind) -> None:
    with pytest.raises(TypeError, match="cannot be created directly"):
        kind()


def test_nothing_secret_is_shown(sandbox, origin) -> None:
    shown = []
    origin.answer(path="/?token=secret")
    get("/?token=secret", before_send=lambda sent: shown.append(repr(sent)))

    assert shown == ["<BackendRequest GET http://site.example/>"]
    assert "secret" not in repr(CacheOptions(key="secret"))
    assert json.dumps(shown)
