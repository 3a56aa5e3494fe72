"""Hooks of the readthrough cache on every host; see tests/hooks_app."""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest

pytestmark = pytest.mark.xdist_group("hooks")

APP = Path(__file__).parent / "hooks_app"
PATIENCE = 60
MANY = 20
LOCAL = pytest.mark.parametrize("host", ["native", "wasm"], indirect=True)
"""For what Viceroy cannot do, as `test_viceroy_says_that_it_has_no_hooks` shows."""


class Handler(BaseHTTPRequestHandler):
    server: "Origin"

    def do_GET(self) -> None:
        status, headers, pieces = self.server.respond(self)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


class Origin(ThreadingHTTPServer):
    """Numbers its responses, or answers as a test sets; counts what it was asked."""

    request_queue_size = 2 * MANY

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, str]] = []
        self.answers: dict[str, object] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def respond(self, handler: Handler) -> tuple:
        self.asked.append({name.lower(): value for name, value in handler.headers.items()})
        if answer := self.answers.get(handler.path):
            return answer(handler)
        return 200, {"Cache-Control": "max-age=1000"}, [f"response {len(self.asked)}".encode()]


def hang_up(handler: Handler) -> tuple:
    raise ConnectionAbortedError


@pytest.fixture(scope="module")
def server():
    server = Origin()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def scripted(server):
    server.asked.clear()
    server.answers.clear()
    return server


@pytest.fixture
def path():
    """A path that no other test has asked for."""
    return f"/{uuid4().hex}"


@pytest.fixture
def app(servers, host):
    limits = [] if host == "viceroy" else ["--max-sandboxes", str(2 * MANY)]
    return servers.get(host, APP, "hooks_app", *limits)


@pytest.fixture
def begin(app, scripted):
    """Has the app call one of its functions, and returns the response to read."""
    connections = []

    def begin(function, path):
        connection = HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)
        connections.append(connection)
        url = quote(f"http://127.0.0.1:{scripted.server_port}{path}", safe="")
        connection.request("GET", f"/{function}?url={url}")
        return connection.getresponse()

    yield begin
    for connection in connections:
        connection.close()


@pytest.fixture
def ask(begin):
    def ask(function, path):
        response = begin(function, path)
        content = response.read()
        assert response.status == 200, content.decode()
        return json.loads(content)

    return ask


@pytest.mark.parametrize("host", ["viceroy"], indirect=True)
@pytest.mark.parametrize("function", ["kept", "keyed", "forgiving"])
def test_viceroy_says_that_it_has_no_hooks(begin, scripted, path, function) -> None:
    response = begin(function, path)
    kind, message = json.loads(response.read())

    assert kind == "HttpCacheUnsupported"
    assert "Viceroy does not" in message
    assert "--runtime native" in message
    assert not scripted.asked


def test_a_lookup_has_a_time_limit_without_hooks(ask, path) -> None:
    assert ask("patient", path)[:2] == [200, "response 1"]


@LOCAL
def test_both_hooks_run_once_and_the_response_is_kept(ask, scripted, path) -> None:
    first = ask("kept", path)

    assert first[:4] == [200, "response 1", None, "yes"]
    assert first[4] == [["GET", False], [200, 1000, []]]
    assert ask("kept", path) == [200, "response 1", None, "yes", []]
    assert ask("plain", path)[:2] == [200, "response 1"]
    assert [fields["x-signed"] for fields in scripted.asked] == ["yes"]


@LOCAL
def test_a_body_is_transformed_as_it_is_stored(ask, path) -> None:
    assert ask("shout", path)[1] == "RESPONSE 1!"
    assert ask("shout", path)[1] == "RESPONSE 1!"


@LOCAL
def test_a_stale_response_is_revalidated(ask, scripted, path) -> None:
    def etagged(handler: Handler) -> tuple:
        if handler.headers["If-None-Match"] == '"1"':
            return 304, {"ETag": '"1"', "X-Version": "2"}, []
        return 200, {"ETag": '"1"', "X-Version": "1"}, [b"kept"]

    scripted.answers[path] = etagged

    assert ask("revalidated", path) == [200, "kept", None, [[200, False, "1"]]]
    assert ask("revalidated", path) == [200, "kept", None, [[200, True, "2"]]]
    assert [fields.get("if-none-match") for fields in scripted.asked] == [None, '"1"']


@LOCAL
def test_a_stale_response_is_served_while_it_is_renewed(begin, scripted, path) -> None:
    def held(handler: Handler) -> tuple:
        assert read.wait(PATIENCE)
        return 200, {}, [b"second"]

    read = threading.Event()
    scripted.answers[path] = lambda _: (200, {}, [b"first"])
    assert begin("refreshed", path).read() == b"first"
    scripted.answers[path] = held
    assert begin("refreshed", path).read() == b"first"
    read.set()
    scripted.answers[path] = lambda _: (200, {}, [b"third"])
    found = b"first"
    while found == b"first":  # until the renewal is stored, which nobody waits for
        found = begin("refreshed", path).read()
    assert found in {b"second", b"third"}


@LOCAL
def test_a_stale_response_replaces_an_error(ask, scripted, path) -> None:
    assert ask("forgiving", path)[:2] == [200, "response 1"]
    scripted.answers[path] = lambda _: (503, {}, [b"sorry"])
    assert ask("forgiving", path) == [200, "response 1", None]
    scripted.answers[path] = hang_up
    answer = ask("forgiving", path)
    assert answer[:2] == [200, "response 1"]
    assert answer[2] in {"ConnectionTerminated", "ResponseIncomplete"}
    del scripted.answers[path]
    assert ask("forgiving", path)[:2] == [200, "response 4"]


@LOCAL
def test_a_key_replaces_the_url(ask, scripted, path) -> None:
    assert ask("keyed", f"{path}?one") == ask("keyed", f"{path}?two")
    assert len(scripted.asked) == 1


@LOCAL
def test_hit_for_pass_skips_the_hooks(ask, path) -> None:
    assert [ask("passed", path)[3] for _ in range(3)] == [1, 0, 0]


@LOCAL
def test_an_exception_in_a_hook_lets_the_next_request_through(ask, begin, path) -> None:
    failed = begin("failing", path)

    assert json.loads(failed.read())[0] == "ZeroDivisionError"
    assert ask("kept", path)[:2] == [200, "response 2"]


@LOCAL
def test_requests_are_sent_together(ask, scripted, path) -> None:
    barrier = threading.Barrier(2)

    def meet(handler: Handler) -> tuple:
        barrier.wait(PATIENCE)
        return 200, {}, [handler.path[-1:].encode()]

    scripted.answers.update({f"{path}/a": meet, f"{path}/b": meet})

    assert ask("together", path) == ["a", "b", "a"]


@LOCAL
def test_of_many_requests_one_asks_the_origin(ask, scripted, path) -> None:
    def slow(handler: Handler) -> tuple:
        asked.set()
        assert more.wait(PATIENCE)
        return 200, {}, [b"for all"]

    asked, more = threading.Event(), threading.Event()
    scripted.answers[path] = slow
    with ThreadPoolExecutor(MANY) as pool:
        asking = [pool.submit(ask, "kept", path) for _ in range(MANY)]
        assert asked.wait(PATIENCE)
        more.set()
        found = [future.result() for future in asking]

    assert {answer[1] for answer in found} == {"for all"}
    assert sorted(len(answer[4]) for answer in found) == [0] * (MANY - 1) + [2]
    assert len(scripted.asked) == 1


@LOCAL
def test_the_body_reaches_clients_while_it_arrives(begin, scripted, path) -> None:
    def pieces():
        yield b"first"
        assert more.wait(PATIENCE)
        yield b"second"

    more = threading.Event()
    scripted.answers[path] = lambda _: (200, {}, pieces())
    with closing(begin("passed_on", path)) as one, closing(begin("passed_on", path)) as two:
        starts = [one.read(5), two.read(5)]
        more.set()
        rests = [one.read(), two.read()]

    assert (starts, rests) == ([b"first"] * 2, [b"second"] * 2)
    assert len(scripted.asked) == 1
