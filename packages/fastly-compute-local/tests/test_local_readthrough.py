"""The readthrough cache."""

import gc
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wit_world.imports import backend, http_body, http_req, purge
from wit_world.imports.purge import PurgeOptions

from fastly_compute.local import BackendConfig, Host, HostConfig
from fastly_compute.local.clock import Clock
from fastly_compute.local.readthrough.cache_key import default_key, in_store
from fastly_compute.local.readthrough.cache_rules import CacheRules
from fastly_compute.local.readthrough.readthrough import Readthrough
from fastly_compute.local.state import CacheData
from fastly_compute.local.transport import BodyFailure, OriginRequest, OriginResponse, SendFailure

NOW = 1_700_000_000.0
NOTHING = CacheRules()


@dataclass
class Source:
    """A body whose parts are supplied by the test as it runs."""

    parts: deque[bytes | BaseException]
    more: threading.Semaphore | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    def read_chunk(self) -> bytes:
        if self.more is not None:
            assert self.more.acquire(timeout=30)
        part = self.parts.popleft() if self.parts else b""
        if isinstance(part, BaseException):
            raise part
        return part

    def close(self) -> None:
        self.closed.set()


def response(body=b"", status=200, more=None, **headers) -> OriginResponse:
    parts = body if isinstance(body, list) else [body] if body else []
    fields = [(name.replace("_", "-"), value.encode()) for name, value in headers.items()]
    return OriginResponse(
        status=status,
        headers=fields,
        http_version="HTTP/1.1",
        remote_addr=("192.0.2.1", 80),
        body=Source(deque(parts), more),
    )


class Origin:
    """Records requests, and returns the prepared responses in order."""

    def __init__(self) -> None:
        self.asked: list[OriginRequest] = []
        self.answers: deque[OriginResponse | BaseException | Future] = deque()

    def fetch(self, request: OriginRequest) -> Callable[[], OriginResponse]:
        self.asked.append(request)
        answer = self.answers.popleft()

        def get() -> OriginResponse:
            given_answer = answer.result(timeout=30) if isinstance(answer, Future) else answer
            if isinstance(given_answer, BaseException):
                raise given_answer
            return given_answer

        return get


class Cache:
    """A readthrough cache in front of an origin."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = lambda: None
        self.clock = Clock(self.now)
        self.data = CacheData(self.clock)
        self.origin = Origin()
        self.lines: list[str] = []
        self.pool = ThreadPoolExecutor()
        self.pending: list[Future] = []
        self.readthrough = Readthrough(
            self.data, self.clock, self.lines.append, lambda work: self.background(work)
        )

    def now(self) -> float:
        """Return the time, which the cache reads in the middle of a change."""
        self.meanwhile()
        return NOW

    def background(self, work) -> None:
        self.pending.append(self.pool.submit(work))

    def settle(self) -> None:
        """Wait for the work in the background."""
        while self.pending:
            self.pending.pop().result(timeout=30)

    def begin(self, path="/", rules=NOTHING, method="GET", body=b"", host="example.com", **headers):
        fields = [(name.replace("_", "-"), value.encode()) for name, value in headers.items()]
        request = OriginRequest(
            method=method, path_and_query=path, authority=host, headers=fields, body=body
        )
        return self.readthrough.begin(request, rules, self.origin.fetch).response

    def get(self, *arguments, **chosen) -> "Got":
        return Got(self.begin(*arguments, **chosen)())

    def gets(self, *answers, **chosen) -> list[bytes]:
        """Set the origin's responses, send as many requests, and return the bodies."""
        self.origin.answers.extend(answers)
        got = [self.get(**chosen).body for _ in answers]
        self.settle()
        return got


class Got:
    """A response that was read to its end."""

    def __init__(self, answer: OriginResponse) -> None:
        self.status = answer.status
        self.fields = answer.headers
        self.body = b"".join(iter(answer.body.read_chunk, b""))

    def __getitem__(self, name: str) -> str | None:
        found = [value.decode() for field, value in self.fields if field.lower() == name]
        return ", ".join(found) if found else None


@pytest.fixture
def cache() -> Iterator[Cache]:
    made = Cache()
    yield made
    made.settle()
    made.pool.shutdown()


def expires(seconds: float) -> str:
    return formatdate(NOW + seconds, usegmt=True)


def lifetime(cache: Cache, answer: OriginResponse, rules=NOTHING) -> int:
    """Return how long a response is served from the cache, in seconds up to 9000."""
    cache.origin.answers.append(answer)
    cache.get(rules=rules)
    cache.settle()
    for seconds in range(0, 9000, 5):
        cache.origin.answers.append(response(b"new", cache_control="private"))
        if cache.get(rules=CacheRules()).body == b"new":
            return seconds
        cache.origin.answers.pop()
        cache.clock.advance(5)
    return 9000


# Lookups


def test_a_response_is_fetched_once(cache: Cache) -> None:
    assert cache.gets(response(b"one", server="origin"), response(b"two")) == [b"one"] * 2
    assert [(asked.method, asked.path_and_query) for asked in cache.origin.asked] == [("GET", "/")]
    assert cache.get()["server"] == "origin"


def test_hosts_paths_and_queries_are_separate(cache: Cache) -> None:
    cache.origin.answers.extend(response(str(number).encode()) for number in range(4))
    asked = [{}, {"path": "/?a"}, {"path": "/a"}, {"host": "example.org"}]
    first = [cache.get(**chosen).body for chosen in asked]
    again = [cache.get(**chosen).body for chosen in asked]

    assert first == again == [b"0", b"1", b"2", b"3"]


def test_the_host_header_takes_precedence(cache: Cache) -> None:
    cache.gets(response(b"one"), host="one.example", Host="Shared.example")

    assert cache.get(host="two.example", HOST="shared.example").body == b"one"


def test_without_a_host_nothing_is_looked_up(cache: Cache) -> None:
    assert cache.gets(response(b"one"), response(b"two"), host=None) == [b"one", b"two"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_other_methods_are_passed_on(cache: Cache, method) -> None:
    cache.gets(response(b"cached"))

    assert cache.gets(response(b"one"), response(b"two"), method=method) == [b"one", b"two"]
    assert cache.get().body == b"cached"


def test_the_cache_can_be_bypassed(cache: Cache) -> None:
    cache.gets(response(b"cached"))
    passing = CacheRules(pass_through=True)
    got = cache.gets(response(b"one"), response(b"two"), rules=passing, Range="bytes=0-1")

    assert got == [b"one", b"two"]
    assert cache.origin.asked[-1].headers == [("Range", b"bytes=0-1")]
    assert cache.get().body == b"cached"


def test_the_clients_cache_directives_are_ignored(cache: Cache) -> None:
    cache.gets(response(b"one"))

    assert cache.get(Cache_Control="no-cache, no-store", Pragma="no-cache").body == b"one"


def test_a_head_is_answered_from_a_get(cache: Cache) -> None:
    cache.gets(response(b"content", content_length="7"))
    got = cache.get(method="HEAD")

    assert (got.status, got["content-length"], got.body) == (200, "7", b"")


def test_a_head_fetches_what_a_get_can_use(cache: Cache) -> None:
    cache.origin.answers.append(response(b"content"))
    got = cache.get(method="HEAD")

    assert (got.body, cache.origin.asked[0].method) == (b"", "GET")
    assert cache.get().body == b"content"


def test_a_head_response_that_is_not_stored_has_no_body(cache: Cache) -> None:
    private = response(b"content", cache_control="private")
    cache.origin.answers.append(private)

    assert cache.get(method="HEAD").body == b""
    assert private.body.closed.is_set()  # type: ignore[attr-defined]


def test_the_requests_body_is_sent(cache: Cache) -> None:
    cache.origin.answers.append(response(b"one"))
    cache.get(body=b"asked", content_length="5")

    assert cache.origin.asked[0].body == b"asked"
    assert cache.origin.asked[0].headers == [("content-length", b"5")]


# Lifetimes


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 120),
        ({"cache_control": "public"}, 120),
        ({"cache_control": "no-cache"}, 120),
        ({"cache_control": "max-age=30"}, 30),
        ({"cache_control": "max-age=30, s-maxage=60"}, 60),
        ({"cache_control": 'x="a, max-age=5", MAX-AGE="30"'}, 30),
        ({"surrogate_control": "max-age=90", "cache_control": "s-maxage=60"}, 90),
        ({"surrogate_control": "max-age=90", "cache_control": "private, no-store"}, 90),
        ({"surrogate_control": "stale-if-error=1", "cache_control": "max-age=30"}, 30),
        ({"cache_control": "max-age=30", "expires": expires(60)}, 30),
        ({"expires": expires(60)}, 60),
        ({"expires": expires(600), "date": expires(500)}, 100),
        ({"expires": expires(60), "age": "30"}, 60),
        ({"expires": "0"}, 120),
        ({"expires": expires(-1)}, 0),
        ({"cache_control": "max-age=0"}, 0),
        ({"cache_control": "max-age=30", "age": "10"}, 20),
        ({"cache_control": "max-age=30", "age": "40"}, 0),
        ({"cache_control": "max-age=30", "age": "10, 20"}, 20),
        ({"cache_control": "max-age=30", "age": "old"}, 30),
        ({"cache_control": "max-age=-1"}, 120),
        ({"cache_control": "max-age=soon"}, 120),
        ({"cache_control": "max-age=99999999999"}, 9000),
    ],
)
def test_a_response_lasts_as_long_as_its_headers_say(cache: Cache, headers, seconds) -> None:
    assert lifetime(cache, response(b"old", **headers)) == seconds


@pytest.mark.parametrize(
    "headers",
    [{"cache_control": "max-age=5"}, {"surrogate_control": "max-age=5"}, {"expires": expires(5)}],
)
def test_a_request_can_override_the_lifetime(cache: Cache, headers) -> None:
    assert lifetime(cache, response(b"old", **headers), CacheRules(ttl=60)) == 60


def test_a_ttl_counts_from_now(cache: Cache) -> None:
    answer = response(b"old", cache_control="max-age=5", age="100")

    assert lifetime(cache, answer, CacheRules(ttl=60)) == 60


def test_a_ttl_of_zero_is_not_stored(cache: Cache) -> None:
    rules = CacheRules(ttl=0)

    assert cache.gets(response(b"one"), response(b"two"), rules=rules) == [b"one", b"two"]


@pytest.mark.parametrize("status", [200, 203, 300, 301, 302, 404, 410])
def test_some_statuses_are_stored(cache: Cache, status) -> None:
    cache.gets(response(b"one", status))

    assert (cache.get().status, cache.get().body) == (status, b"one")


@pytest.mark.parametrize("status", [201, 204, 206, 303, 304, 307, 308, 400, 403, 405, 500, 503])
def test_other_statuses_are_not_stored(cache: Cache, status) -> None:
    answers = [response(body, status, cache_control="max-age=60") for body in (b"1", b"2")]

    assert cache.gets(*answers) == [b"1", b"2"]
    assert cache.gets(response(b"well"), response(b"again")) == [b"well", b"well"]


NOT_FOR_THE_CACHE = [
    {"cache_control": "private"},
    {"cache_control": "max-age=60, Private"},
    {"cache_control": "no-store"},
    {"surrogate_control": "no-store", "cache_control": "max-age=60"},
    {"cache_control": "max-age=60", "set_cookie": "a=b"},
    {"vary": "*"},
    {"vary": "accept, *"},
    {"vary": "accept encoding"},
]


@pytest.mark.parametrize("headers", NOT_FOR_THE_CACHE)
@pytest.mark.parametrize("rules", [NOTHING, CacheRules(ttl=60)])
def test_an_uncacheable_response_is_not_stored(cache: Cache, headers, rules) -> None:
    answers = [response(body, **headers) for body in (b"1", b"2")]

    assert cache.gets(*answers, rules=rules) == [b"1", b"2"]


def test_an_uncacheable_response_is_passed_for_two_minutes(cache: Cache) -> None:
    cache.gets(response(b"", cache_control="private"))
    cache.clock.advance(119)
    during = cache.gets(response(b"1"), response(b"2"), Range="bytes=0-1")
    cache.clock.advance(1)
    after = cache.gets(response(b"3"), response(b"4"))

    assert (during, after) == ([b"1", b"2"], [b"3", b"3"])
    assert cache.origin.asked[1].headers == [("Range", b"bytes=0-1")]


def test_private_fields_are_left_out(cache: Cache) -> None:
    cache.gets(
        response(
            b"one",
            cache_control='private="X-Mine, x-yours", no-cache=x-fresh',
            x_mine="1",
            x_yours="2",
            x_fresh="3",
            x_all="4",
            connection="x-hop, close",
            x_hop="5",
            keep_alive="6",
        )
    )
    got = cache.get()

    assert got["x-all"] == "4"
    assert [got[name] for name in ("x-mine", "x-yours", "x-fresh", "x-hop", "keep-alive")] == (
        [None] * 5
    )


# Responses from the cache


def test_a_hit_has_its_age(cache: Cache) -> None:
    cache.origin.answers.extend([response(b"", age="10", path="x"), response(b"")])
    first, other = cache.get(), cache.get("/other")
    cache.clock.advance(7)

    assert (first["age"], other["age"]) == ("10", None)
    assert (cache.get()["age"], cache.get("/other")["age"]) == ("17", "7")


def test_variants_are_separate(cache: Cache) -> None:
    for language in ("en", "da"):
        cache.gets(response(language.encode(), vary="Accept-Language"), Accept_Language=language)

    assert cache.get(accept_language="en").body == b"en"
    assert cache.get(ACCEPT_LANGUAGE="da").body == b"da"
    assert len(cache.origin.asked) == 2


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"If_None_Match": '"a"'}, 304),
        ({"If_None_Match": 'W/"a"'}, 304),
        ({"If_None_Match": '"b", "a"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"b"'}, 200),
        ({"If_None_Match": '"b"', "If_Modified_Since": expires(0)}, 200),
        ({"If_Modified_Since": expires(0)}, 304),
        ({"If_Modified_Since": expires(-60)}, 304),
        ({"If_Modified_Since": expires(-61)}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_the_cache_answers_conditions(cache: Cache, asked, status, stored) -> None:
    answer = response(
        b"content",
        etag='"a"',
        last_modified=expires(-60),
        content_length="7",
        x_other="1",
        cache_control="max-age=60",
    )
    cache.origin.answers.append(answer)
    if stored:
        cache.get()
    got = cache.get(**asked)

    assert (got.status, got.body) == (status, b"content" if status == 200 else b"")
    assert (got["etag"], got["cache-control"]) == ('"a"', "max-age=60")
    assert (got["content-length"], got["x-other"]) == (("7", "1") if status == 200 else (None,) * 2)
    assert cache.origin.asked[0].headers == []


def test_a_condition_without_a_validator_is_not_met(cache: Cache) -> None:
    cache.gets(response(b"content"))

    assert cache.get(If_None_Match='"a"').status == 200
    assert cache.get(If_Modified_Since=expires(0)).status == 200


@pytest.mark.parametrize(
    ("asked", "status", "body", "described"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=9-30", 206, b"9", "bytes 9-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-4", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_a_range_is_cut_from_the_whole(
    cache: Cache, asked, status, body, described, stored
) -> None:
    cache.origin.answers.append(response(b"0123456789", content_length="10"))
    if stored:
        cache.get()
    got = cache.get(Range=asked)

    assert (got.status, got.body, got["content-range"]) == (status, body, described)
    assert got["content-length"] == str(len(body))
    assert cache.origin.asked[0].headers == []
    assert cache.get().body == b"0123456789"


@given(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["{0}-{1}", "{0}-", "-{1}"]))
def test_every_range_is_the_slice_it_names(first, last, form) -> None:
    cache, whole = Cache(), b"0123456789"
    cache.gets(response(whole, content_length="10"))
    got = cache.get(Range="bytes=" + form.format(first, last))
    cache.pool.shutdown()
    expected = {
        "{0}-{1}": whole[first : last + 1] if first <= last else whole,
        "{0}-": whole[first:],
        "-{1}": whole[-last:] if last else b"",
    }[form]

    assert got.body == expected
    assert got["content-length"] == str(len(expected))


@pytest.mark.parametrize(
    ("condition", "status"),
    [('"a"', 206), ('"b"', 200), ('W/"a"', 200), (expires(-60), 206), (expires(-59), 200)],
)
def test_a_range_can_require_its_version(cache: Cache, condition, status) -> None:
    cache.gets(response(b"0123", content_length="4", etag='"a"', last_modified=expires(-60)))

    assert cache.get(Range="bytes=0-1", If_Range=condition).status == status


def test_a_weak_validator_does_not_match_a_range(cache: Cache) -> None:
    cache.gets(response(b"0123", content_length="4", etag='W/"a"'))

    assert cache.get(Range="bytes=0-1", If_Range='W/"a"').status == 200


def test_a_range_of_an_unknown_length_is_the_whole(cache: Cache) -> None:
    more = threading.Semaphore(0)
    cache.origin.answers.append(response([b"01", b"23"], more=more))
    answer = cache.begin(Range="bytes=0-1")()
    more.release(3)

    assert (answer.status, Got(answer).body) == (200, b"0123")
    cache.settle()
    assert cache.get(Range="bytes=0-1").body == b"01"


def test_a_range_of_an_error_page_is_the_whole(cache: Cache) -> None:
    cache.gets(response(b"0123", 404, content_length="4"))

    assert (cache.get(Range="bytes=0-1").status, cache.get(Range="bytes=0-1").body) == (
        404,
        b"0123",
    )


# Streaming


def test_a_body_streams_while_it_is_stored(cache: Cache) -> None:
    more = threading.Semaphore(0)
    cache.origin.answers.append(response([b"one", b"two"], more=more))
    first, second = cache.begin()(), cache.begin()()
    more.release()
    early = first.body.read_chunk(), second.body.read_chunk()
    more.release(2)

    assert early == (b"one", b"one")
    assert (Got(first).body, Got(second).body) == (b"two", b"two")


def test_an_unread_body_is_stored_too(cache: Cache) -> None:
    answer = response([b"one", b"two"])
    cache.origin.answers.append(answer)
    cache.begin()().body.close()
    cache.settle()

    assert answer.body.closed.is_set()  # type: ignore[attr-defined]
    assert cache.get().body == b"onetwo"


def test_a_truncated_body_is_not_stored(cache: Cache) -> None:
    broken = BodyFailure("http-incomplete", "the body was cut short")
    cut = response([b"half", broken])
    cache.origin.answers.extend([cut, response(b"whole")])
    answer = cache.begin("/lamps?key=s3cret")()

    assert answer.body.read_chunk() == b"half"
    with pytest.raises(BodyFailure, match="the body was cut short"):
        answer.body.read_chunk()
    cache.settle()
    assert cut.body.closed.is_set()  # type: ignore[attr-defined]
    assert cache.get("/lamps?key=s3cret").body == b"whole"
    assert cache.lines == ["example.com/lamps?... is not stored: the body was cut short"]


def test_a_body_without_its_announced_length_is_not_stored(cache: Cache) -> None:
    for text in ("1", "9"):
        cache.origin.answers.extend([response(b"four", content_length=text), response(b"whole")])
        with pytest.raises(BodyFailure, match="bytes announced"):
            cache.get(f"/{text}")
        cache.settle()
        assert cache.get(f"/{text}").body == b"whole"


# Collapsing


def test_requests_for_the_same_object_are_collapsed(cache: Cache) -> None:
    answer: Future = Future()
    cache.origin.answers.append(answer)
    getters = [cache.begin() for _ in range(4)]
    getting = [cache.pool.submit(get) for get in getters]
    answer.set_result(response(b"one"))

    assert [Got(got.result(timeout=30)).body for got in getting] == [b"one"] * 4
    assert len(cache.origin.asked) == 1


@pytest.mark.parametrize(
    "made",
    [
        lambda: response(b"1", cache_control="private"),
        lambda: response(b"1", 500),
        lambda: response(b"1", cache_control="max-age=0"),
        lambda: response(b"1", cache_control="max-age=0", etag='"a"'),
    ],
)
def test_uncacheable_responses_are_fetched_concurrently(cache: Cache, made) -> None:
    first, rest = Future(), [Future() for _ in range(3)]
    cache.origin.answers.extend([first, *rest])
    getting = [cache.pool.submit(get) for get in [cache.begin() for _ in range(4)]]
    before = len(cache.origin.asked)
    first.set_result(made())
    # All of them reach the origin before any of them gets a response.
    barrier = threading.Barrier(4)
    for answer in rest:
        cache.pool.submit(lambda answer=answer: (barrier.wait(30), answer.set_result(response())))
    barrier.wait(30)

    assert Got(getting[0].result(timeout=30)).body == b"1"
    assert [got.result(timeout=30).status for got in getting] == [made().status, 200, 200, 200]
    assert (before, len(cache.origin.asked)) == (1, 4)


def test_a_failure_is_not_shared(cache: Cache) -> None:
    failing: Future = Future()
    cache.origin.answers.extend([failing, response(b"1"), response(b"2")])
    leader, *rest = [cache.pool.submit(get) for get in [cache.begin() for _ in range(3)]]
    failing.set_exception(SendFailure("connection-refused", "no"))

    with pytest.raises(SendFailure):
        leader.result(timeout=30)
    assert {Got(got.result(timeout=30)).body for got in rest} == {b"1", b"2"}


def test_requests_for_another_variant_are_not_collapsed(cache: Cache) -> None:
    english: Future = Future()
    cache.origin.answers.extend([english, response(b"da", vary="lang")])
    asked = [cache.begin(lang=language) for language in ("en", "da", "da", "en")]
    getting = [cache.pool.submit(get) for get in asked]
    english.set_result(response(b"en", vary="lang"))

    assert [Got(got.result(timeout=30)).body for got in getting] == [b"en", b"da", b"da", b"en"]
    assert len(cache.origin.asked) == 2


def test_a_dropped_request_releases_the_others(cache: Cache) -> None:
    cache.origin.answers.extend([response(b"never"), response(b"one")])
    leader, waiting, follower = cache.begin(), cache.begin(), cache.begin()
    del waiting
    gc.collect()
    got = cache.pool.submit(follower)
    del leader
    gc.collect()

    assert Got(got.result(timeout=30)).body == b"one"


def test_a_request_may_be_dropped_during_another_one(cache: Cache) -> None:
    cache.origin.answers.extend([response(b"never"), response(b"one")])
    pending = [cache.begin(), cache.begin()]
    cache.meanwhile = pending.clear
    got = cache.pool.submit(lambda: cache.begin()())

    assert Got(got.result(timeout=30)).body == b"one"


def test_a_request_dropped_while_waiting_releases_the_others(cache: Cache) -> None:
    cache.origin.answers.extend([response(b"en", vary="lang"), response(b"da", vary="lang")])
    english, *danish = [cache.begin(lang=language) for language in ("en", "da", "da")]
    del danish[0]
    gc.collect()
    english()

    assert Got(cache.pool.submit(danish[0]).result(timeout=30)).body == b"da"


def test_a_renewal_without_lifetime_does_not_make_others_wait(cache: Cache) -> None:
    cache.gets(response(b"content", etag='"a"', cache_control="max-age=0"))
    slow: Future = Future()
    cache.origin.answers.extend([response(status=304), slow, response(b"quick")])
    leader, *rest = [cache.begin() for _ in range(3)]
    first = leader()
    getting = {cache.pool.submit(get) for get in rest}
    done = next(as_completed(getting, timeout=30))
    slow.set_result(response(b"slow"))
    (late,) = getting - {done}

    assert Got(first).body == b"content"
    assert Got(done.result()).body == b"quick"
    assert Got(late.result(timeout=30)).body == b"slow"


def test_a_failing_fetch_releases_the_others(cache: Cache) -> None:
    with pytest.raises(IndexError):
        cache.begin()

    assert cache.gets(response(b"one"), response(b"two")) == [b"one", b"one"]


# Staleness


@pytest.mark.parametrize(
    ("headers", "rules"),
    [
        ({"cache_control": "max-age=60, stale-while-revalidate=60"}, NOTHING),
        ({"surrogate_control": "max-age=60, stale-while-revalidate=60"}, NOTHING),
        ({"cache_control": "max-age=60"}, CacheRules(stale_while_revalidate=60)),
        (
            {
                "surrogate_control": "max-age=60, stale-while-revalidate=60",
                "cache_control": "stale-while-revalidate=0",
            },
            NOTHING,
        ),
    ],
)
def test_a_stale_response_is_used_while_it_is_renewed_once(cache: Cache, headers, rules) -> None:
    cache.gets(response(b"old", **headers), rules=rules)
    cache.clock.advance(119)
    renewed: Future = Future()
    cache.origin.answers.append(renewed)
    during = [cache.get(rules=rules) for _ in range(3)]
    renewed.set_result(response(b"new", cache_control="max-age=60"))
    cache.settle()

    assert [got.body for got in during] == [b"old"] * 3
    assert during[0]["age"] == "119"
    assert cache.get().body == b"new"
    assert len(cache.origin.asked) == 2


def test_an_expired_stale_response_is_not_used(cache: Cache) -> None:
    cache.gets(response(b"old", cache_control="max-age=60, stale-while-revalidate=60"))
    cache.clock.advance(120)

    assert cache.gets(response(b"new")) == [b"new"]


def test_a_response_that_is_still_valid_is_renewed(cache: Cache) -> None:
    cache.gets(
        response(
            b"content",
            etag='"a"',
            last_modified=expires(-60),
            cache_control="max-age=60",
            age="9",
            x_kept="1",
            x_new="old",
        )
    )
    cache.clock.advance(100)
    good = response(status=304, x_new="new", cache_control="max-age=90", content_length="0")
    cache.origin.answers.append(good)
    got = cache.get(Accept="text/html", If_None_Match='"other"', Range="bytes=0-")
    cache.clock.advance(80)

    assert (got.status, got.body, got["age"]) == (206, b"content", "0")
    assert (got["x-kept"], got["x-new"], got["content-length"]) == ("1", "new", "7")
    assert cache.get()["age"] == "80"
    assert cache.origin.asked[1].headers == [
        ("Accept", b"text/html"),
        ("If-None-Match", b'"a"'),
        ("If-Modified-Since", expires(-60).encode()),
    ]
    assert good.body.closed.is_set()  # type: ignore[attr-defined]


def test_a_response_is_renewed_in_the_background(cache: Cache) -> None:
    old = response(b"content", etag='"a"', cache_control="max-age=60, stale-while-revalidate=60")
    cache.gets(old)
    cache.clock.advance(60)
    cache.origin.answers.append(response(status=304, surrogate_key="later"))
    stale = cache.get(body=iter([b"gone"]), Transfer_Encoding="chunked")
    cache.settle()

    assert (stale.body, stale["age"], cache.get()["age"]) == (b"content", "60", "0")
    assert cache.origin.asked[1].headers == [("If-None-Match", b'"a"')]
    assert cache.origin.asked[1].body == b""
    assert cache.data.purge("later", soft=False) == 1


def test_a_response_without_lifetime_is_revalidated_each_time(cache: Cache) -> None:
    first = response(b"content", etag='"a"', cache_control="max-age=0")
    good = [response(status=304) for _ in range(2)]

    assert cache.gets(first, *good) == [b"content"] * 3
    assert cache.origin.asked[2].headers == [("If-None-Match", b'"a"')]


@pytest.mark.parametrize("answer", [response(b"", 503), SendFailure("connection-refused", "no")])
def test_a_stale_response_stays_if_it_cannot_be_renewed(cache: Cache, answer) -> None:
    cache.gets(response(b"old", cache_control="max-age=60, stale-while-revalidate=60"))
    cache.clock.advance(60)
    cache.origin.answers.extend([answer, response(b"new")])
    first = cache.get()
    cache.settle()
    second = cache.get()
    cache.settle()

    assert (first.body, second.body, cache.get().body) == (b"old", b"old", b"new")
    assert cache.lines in (
        ["example.com/ stays stale: status 503 is not stored"],
        ["example.com/ stays stale: no (connection-refused)"],
    )


def test_a_stale_response_is_dropped_if_it_became_private(cache: Cache) -> None:
    cache.gets(response(b"old", cache_control="max-age=60, stale-while-revalidate=60"))
    cache.clock.advance(60)
    private = response(b"mine", cache_control="private")
    cache.origin.answers.append(private)
    first = cache.get()
    cache.settle()

    assert first.body == b"old"
    assert private.body.closed.is_set()  # type: ignore[attr-defined]
    assert cache.gets(response(b"1"), response(b"2")) == [b"1", b"2"]


def test_an_error_status_during_revalidation_is_returned(cache: Cache) -> None:
    cache.gets(response(b"old", etag='"a"', cache_control="max-age=60"))
    cache.clock.advance(60)
    cache.origin.answers.extend([response(b"sorry", 503), response(status=304)])

    assert (cache.get().status, cache.get().body) == (503, b"old")


# Purging


def test_a_response_is_purged_by_its_keys_and_those_of_the_request(cache: Cache) -> None:
    rules = CacheRules(surrogate_key="mine also")
    for path in ("/1", "/2", "/3"):
        cache.gets(response(b"old", surrogate_key=f"page{path[1]} all"), path=path, rules=rules)
    purged = [cache.data.purge(key, soft=False) for key in ("page1", "also", "all")]

    assert purged == [1, 2, 0]
    assert cache.gets(response(b"new"), path="/1") == [b"new"]


@pytest.mark.parametrize(("extra", "waits"), [("", True), (", stale-while-revalidate=60", False)])
def test_a_soft_purge_ends_the_lifetime_of_a_response(cache: Cache, extra, waits) -> None:
    cache.gets(response(b"old", surrogate_key="a", etag='"a"', cache_control=f"max-age=90{extra}"))
    cache.data.purge("a", soft=True)
    cache.clock.advance(59)
    cache.origin.answers.append(response(b"new"))
    got = cache.get()
    cache.settle()

    assert got.body == (b"new" if waits else b"old")
    assert cache.origin.asked[1].headers == [("If-None-Match", b'"a"')]


def test_a_second_soft_purge_does_not_extend_the_lifetime(cache: Cache) -> None:
    control = "max-age=900, stale-while-revalidate=60"
    cache.gets(response(b"old", surrogate_key="a", cache_control=control))
    for _ in range(2):
        cache.data.purge("a", soft=True)
        cache.clock.advance(40)

    assert cache.gets(response(b"new")) == [b"new"]


def test_a_url_is_purged_with_its_variants(cache: Cache) -> None:
    for language in ("en", "da"):
        cache.gets(response(b"old", vary="lang"), lang=language)
    cache.gets(response(b"kept"), path="/other")
    purged = cache.readthrough.purge_url("Example.com", "/")

    assert (purged, cache.readthrough.purge_url("nowhere", "/")) == (2, 0)
    assert cache.gets(response(b"new", vary="lang"), lang="en") == [b"new"]
    assert cache.get("/other").body == b"kept"


def test_a_url_is_purged_softly(cache: Cache) -> None:
    cache.gets(response(b"old", cache_control="max-age=60, stale-while-revalidate=60"))
    cache.readthrough.purge_url("example.com", "/", soft=True)
    cache.origin.answers.append(response(b"new"))

    assert cache.get().body == b"old"
    cache.settle()
    assert cache.get().body == b"new"


def test_sensitive_responses_are_stored_as_such(cache: Cache) -> None:
    cache.gets(response(b"card"), rules=CacheRules(pci=True))

    assert cache.get().body == b"card"
    key = in_store(default_key("example.com", "/"))
    assert cache.data.lookup(key, ()).object.options.sensitive


# A guest and a real origin


class Counting(BaseHTTPRequestHandler):
    """Responds with how many requests it has received."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        content = str(len(self.server.asked)).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Surrogate-Key", "counted")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        server.asked = []  # type: ignore[attr-defined]
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


def sent(uncached=False) -> bytes:
    request = http_req.Request.new()
    request.set_uri("http://example.com/counted")
    send = http_req.send_uncached if uncached else http_req.send
    _, body = send(request, http_body.new(), backend.Backend.open("origin"))
    return http_body.read(body, 1000)


def test_a_guest_is_served_from_the_cache_until_it_purges(origin) -> None:
    config = BackendConfig(url=f"http://127.0.0.1:{origin.server_port}")
    with Host(HostConfig(backends={"origin": config}), output=print) as host:
        with host.guest_context():
            first = sent(), sent(), sent(uncached=True)
        with host.guest_context():
            second = sent()
            purge.purge_surrogate_key("counted", PurgeOptions(soft_purge=False, extra=None))
            third = sent()
            host.clock.advance(120)
            fourth = sent()

    assert (*first, second, third, fourth) == (b"1", b"1", b"2", b"1", b"3", b"4")
