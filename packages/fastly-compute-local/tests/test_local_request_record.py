"""The records of served requests, over real sockets."""

import contextlib
import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

import pytest
from wit_world.imports import (
    async_io,
    backend,
    cache,
    http_body,
    http_cache,
    http_downstream,
    http_req,
    http_resp,
)

from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    NativeApp,
    RequestRecord,
    Server,
    profile_call,
)
from fastly_compute.local.runtime.sandbox import running

LARGE = 1 << 20
CACHEABLE = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nlamp"
STALE = (
    b"HTTP/1.1 200 OK\r\nCache-Control: max-age=0, stale-while-revalidate=60\r\n"
    b"Content-Length: 4\r\n\r\nlamp"
)
SLOWEST = 30

Handle = Callable[[http_req.Request, async_io.Pollable], None]


class Served:
    """A server whose records are collected."""

    def __init__(self, server: Server, records: "Queue[RequestRecord]") -> None:
        self.server = server
        self._records = records

    def record(
        self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> RequestRecord:
        """Send a request, and return its record."""
        client = http.client.HTTPConnection(*self.server.address, timeout=SLOWEST)
        client.request(method, path, body, headers)
        with contextlib.suppress(http.client.HTTPException):  # the response may be aborted
            client.getresponse().read()
        client.close()
        return self._records.get(timeout=SLOWEST)


@contextmanager
def serving(
    handle: Handle, origin: str | None = None, *, profile: bool = False
) -> Iterator[Served]:
    class HttpIncoming:
        def handle(self, request, body):
            handle(request, body)

    config = HostConfig(backends={"origin": BackendConfig(url=origin)} if origin else {})
    records: Queue[RequestRecord] = Queue()

    def keep(_host: Host, record: RequestRecord) -> None:
        records.put(record)

    with Host(config, output=lambda line: None) as host:
        if profile:
            host.interpose = profile_call
        app = NativeApp(HttpIncoming)
        with Server(host, app, ("127.0.0.1", 0), on_request=keep) as server:
            yield Served(server, records)


def respond(content: bytes = b"", status: int = 200) -> None:
    response = http_resp.Response.new()
    response.set_status(status)
    body = http_body.new()
    http_body.write(body, content)
    http_resp.send_downstream(response, body)


def ask(method: str = "GET", *, uncached: bool = False) -> None:
    request = http_req.Request.new()
    request.set_method(method)
    request.set_uri("http://shop.example/lamp")
    send = http_req.send_uncached if uncached else http_req.send
    _, body = send(request, http_body.new(), backend.Backend.open("origin"))
    while http_body.read(body, LARGE):
        pass


def test_a_record_says_what_was_requested_and_answered() -> None:
    with serving(lambda request, body: respond(b"gone", 404)) as served:
        record = served.record("/lost")

    assert (record.method, record.path, record.status) == ("GET", "/lost", 404)
    assert record.response_bytes == 4
    assert record.seconds >= record.sandbox_seconds > 0
    assert record.summary() == f"GET /lost 404 in {record.seconds * 1000:.1f} ms"


def test_a_record_has_no_query_no_header_and_no_credentials() -> None:
    secret = "s3cret"
    with serving(lambda request, body: respond()) as served:
        with_query = served.record(f"/pay?key={secret}", Authorization=secret, Cookie=secret)
        absolute = served.record(f"http://shop.example/pay?key={secret}")

    for record in (with_query, absolute):
        assert secret not in repr(record)
        assert record.path == "/pay"
        assert record.summary().startswith("GET /pay?... 200 in ")


def test_both_bodies_are_counted() -> None:
    def handle(request, body):
        count = 0
        while part := http_body.read(body, LARGE):
            count += len(part)
        respond(b"x" * (count * 2))

    with serving(handle) as served:
        record = served.record("/", "PUT", b"y" * 100_000)

    assert (record.request_bytes, record.response_bytes) == (100_000, 200_000)


def test_requests_to_backends_are_counted_and_timed(serve) -> None:
    origin = serve.answering(CACHEABLE)

    def handle(request, body):
        ask("POST")
        ask("POST")
        respond()

    with serving(handle, origin.url) as served:
        record = served.record()

    assert record.backend_calls == 2
    assert 0 < record.backend_seconds <= record.sandbox_seconds
    assert record.cache == {"pass": 2}
    shown = f"2 backend calls ({record.backend_seconds * 1000:.1f} ms)"
    assert record.summary().endswith(f" ms, {shown}")


def test_a_request_that_a_backend_refuses_counts(serve) -> None:
    origin = serve(lambda peer: peer.reset())

    def handle(request, body):
        ask(uncached=True)

    with serving(handle, origin.url) as served:
        record = served.record()

    assert (record.status, record.backend_calls) == (500, 1)
    assert record.backend_seconds > 0


def test_what_the_cache_answers_is_a_hit_and_no_backend_call(serve) -> None:
    origin = serve.answering(CACHEABLE)

    def handle(request, body):
        ask()
        respond()

    with serving(handle, origin.url) as served:
        first, second = served.record(), served.record()

    assert (first.cache, first.backend_calls) == ({"miss": 1}, 1)
    assert (second.cache, second.backend_calls) == ({"hit": 1}, 0)
    assert first.summary().endswith("), cache 1 miss")
    assert second.summary().endswith(" ms, cache 1 hit")


def test_a_stale_response_is_told_from_a_fresh_one(serve) -> None:
    origin = serve.answering(STALE)

    def handle(request, body):
        ask()
        respond()

    with serving(handle, origin.url) as served:
        served.record()
        record = served.record()

    assert record.cache == {"stale": 1}
    assert record.summary().endswith("cache 1 stale")


@pytest.mark.parametrize("transactional", [False, True])
def test_lookups_in_the_core_cache_are_counted(transactional: bool) -> None:
    def look_up():
        found = cache.LookupOptions(None, False, None)
        return (
            cache.Entry.transaction_lookup(b"lamp", found)
            if transactional
            else cache.Entry.lookup(b"lamp", found)
        )

    def handle(request, body):
        look_up()
        unset = [None] * 8
        options = cache.WriteOptions(10**12, *unset, False, None)
        http_body.close(cache.insert(b"lamp", options))
        look_up()
        look_up()
        respond()

    with serving(handle) as served:
        record = served.record()

    assert record.cache == {"miss": 1, "hit": 2}
    assert record.summary().endswith("cache 2 hits, 1 miss")


def test_lookups_of_a_guest_in_charge_are_counted(serve) -> None:
    def handle(request, body):
        asked = http_req.Request.new()
        asked.set_uri("http://shop.example/lamp")
        options = http_cache.LookupOptions(None, None, None)
        entry = http_cache.Entry.transaction_lookup(asked, options)
        entry.get_state()
        entry.get_state()
        respond()

    with serving(handle) as served:
        record = served.record()

    assert record.cache == {"miss": 1}


def test_a_response_that_ends_early_is_aborted() -> None:
    def handle(request, body):
        response = http_resp.Response.new()
        out = http_body.new()
        http_resp.send_downstream_streaming(response, out)
        http_body.write(out, b"half")
        raise ValueError("boom")

    with serving(handle) as served:
        record = served.record()

    assert (record.status, record.aborted) == (200, True)
    assert record.summary().endswith(", aborted")


def test_a_profile_has_each_call_of_the_guest_and_the_rest_is_its_own(serve) -> None:
    origin = serve.answering(CACHEABLE)

    def handle(request, body):
        http_body.read(body, LARGE)
        ask()
        respond(b"x" * 10)

    with serving(handle, origin.url, profile=True) as served:
        record = served.record("/", "POST", b"hello")

    counts = {name: tally.count for name, tally in record.host_calls.items()}
    assert counts["http-req.send"] == counts["backend.Backend.open"] == 1
    assert counts["http-body.new"] == 2
    # The request's body; the response's, and its end.
    assert counts["http-body.read"] == 3
    assert (record.guest_read_bytes, record.guest_written_bytes) == (len(b"hello" + b"lamp"), 10)
    total = sum(tally.seconds for tally in record.host_calls.values())
    assert record.host_seconds == pytest.approx(total)
    assert record.guest_seconds + record.host_seconds == pytest.approx(record.sandbox_seconds)
    assert record.sandbox_seconds + record.waited_seconds <= record.seconds


def test_calls_that_a_host_makes_within_a_call_are_not_the_guests() -> None:
    def handle(request, body):
        # It calls transaction_lookup_async and await_entry.
        cache.Entry.transaction_lookup(b"lamp", cache.LookupOptions(None, False, None))
        respond()

    with serving(handle, profile=True) as served:
        record = served.record()

    names = {name for name in record.host_calls if name.startswith("cache.")}
    assert names == {"cache.Entry.transaction_lookup"}


def test_each_request_of_a_reused_sandbox_has_its_own_record() -> None:
    def handle(request, body):
        while True:
            respond(request.get_uri(LARGE).encode())
            options = http_downstream.NextRequestOptions(1000, None)
            found = http_downstream.await_request(http_downstream.next_request(options))
            if found is None:
                return
            request, _ = found

    with serving(handle, profile=True) as served:
        first, second = served.record("/1"), served.record("/2")

    for record in (first, second):
        assert record.host_calls["http-resp.send_downstream"].count == 1
        # The wait for the next request belongs to neither.
        assert "http-downstream.await_request" not in record.host_calls
    assert first.path + second.path == "/1/2"


def test_without_a_log_nothing_is_recorded() -> None:
    found: list[object] = []

    class HttpIncoming:
        def handle(self, request, body):
            found.append((running().exchange.record, running().host.interpose))
            respond()

    lines: list[str] = []
    with (
        Host(output=lines.append) as host,
        Server(host, NativeApp(HttpIncoming), ("127.0.0.1", 0), on_request=None) as server,
    ):
        client = http.client.HTTPConnection(*server.address, timeout=SLOWEST)
        client.request("GET", "/")
        client.getresponse().read()
        client.close()

    assert found == [(None, None)]
    assert lines == []
