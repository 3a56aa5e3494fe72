"""What fastly_compute.http does, on every host; see tests/http_app/main.py."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("http-app")

APP = Path(__file__).parent / "http_app"


class Handler(BaseHTTPRequestHandler):
    """Answers at a gate, together with another, or with the size of what it got."""

    protocol_version = "HTTP/1.1"
    barrier = threading.Barrier(2)
    gate = threading.Event()
    audit = threading.Barrier(2)

    def do_GET(self) -> None:
        if self.path == "/mirror":
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("Content-Encoding", self.headers["x-coding"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        size = self._size()
        if size is None:
            self.close_connection = True
            return
        if self.path == "/gate":
            self.gate.wait(60)
        if self.path == "/audit":
            self.audit.wait(60)
        if self.path.startswith("/together"):
            self.barrier.wait(60)
        body = str(size).encode() if self.path == "/size" else self.path.encode()
        if self.path.startswith("/me?"):
            who = [self.headers.get(name, "-") for name in ("authorization", "cookie")]
            body = " ".join(who).encode()
        self.send_response(200)
        self.send_header("X-Origin", "yes")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def _size(self) -> int | None:
        """How much the body has; None where it broke off."""
        if "transfer-encoding" not in self.headers:
            return len(self.rfile.read(int(self.headers.get("content-length") or 0)))
        total = 0
        while line := self.rfile.readline():
            size = int(line, 16)
            total += len(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return total
        return None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: some requests are aborted, and some responses abandoned."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    Handler.gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "main")


@pytest.fixture
def ask(app, address):
    def ask(path, method="GET", body=None, headers=(), rest=""):
        connection = HTTPConnection(urlsplit(app.url).netloc, timeout=60)
        try:
            url = f"{path}?{address}{rest}"
            connection.request(method, url, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    return ask


def test_several_requests_are_under_way_at_once(ask) -> None:
    _, content = ask("/gather")

    assert json.loads(content) == [["/together?0", "/together?1"], True]


def test_a_coroutine_runs_where_asyncio_is_not_imported(ask) -> None:
    _, content = ask("/await")

    assert json.loads(content) == [200, "/there"]


def test_a_wait_has_a_limit(ask) -> None:
    _, content = ask("/wait")

    assert json.loads(content) == [True, "late", False, "/there"]


def test_an_upload_is_put_together_on_its_way(ask) -> None:
    _, content = ask("/upload", "POST", b"y" * 1_000_000)

    assert int(content) == len("before") + 300_000 + 1_000_000 + len("produced")


def test_an_upload_that_is_broken_off_gets_no_response(ask, app) -> None:
    _, content = ask("/broken-upload")

    # To Viceroy, the request is one that cannot be sent (its case is http-user).
    errors = {"viceroy": "RequestInvalid"}
    assert content.decode() == errors.get(app.host, "ResponseIncomplete")


def test_an_iterable_is_uploaded(ask) -> None:
    _, content = ask("/produced", "POST", b"y" * 100_000)

    assert int(content) == 100_000


def test_an_answer_is_streamed(ask) -> None:
    answer, content = ask("/streamed", "POST", b"one\r\ntwo\nthree")

    assert (answer.status, content) == (200, b"ONE\nTWO\nTHREE\n")


def test_an_answer_that_breaks_off_does_not_look_whole(ask) -> None:
    # Viceroy may drop the connection with the head unsent.
    with pytest.raises((IncompleteRead, RemoteDisconnected)):
        ask("/broken")


def test_a_pending_response_goes_to_the_client(ask) -> None:
    answer, content = ask("/pending")

    assert (answer.status, content, answer.headers["x-edge"]) == (200, b"/there", "1")
    assert answer.headers["x-origin"] is None


def test_facts_that_the_host_lacks_are_none(ask, app) -> None:
    _, content = ask("/facts", headers={"X-Fastly-Bot-Name": "ExampleBot", "X-One": "1"})
    facts = json.loads(content)

    assert facts["tls"] == [None] * 5
    assert facts["bot"] == ["ExampleBot", None]
    assert facts["vpn"] == [None, None]
    assert facts["fingerprints"] == [None, None]
    assert (facts["ddos"], facts["key"], facts["version"]) == (False, False, "HTTP/1.1")
    assert facts["addresses"] == ["127.0.0.1", "127.0.0.1"]
    assert facts["host"]
    assert facts["names"] == ["accept-encoding", "host", "x-fastly-bot-name", "x-one"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/trailers", b"[true]"), ("/cached", b"/there")],
)
def test_what_there_is_to_ask_for_works(ask, path, expected) -> None:
    answer, content = ask(path)

    assert (answer.status, content) == (200, expected)


TEXT = b"".join(b"line %d\n" % number for number in range(50_000))
PACKED = gzip.compress(TEXT)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip"])
def test_the_host_unpacks_a_gzip_member(ask, coding) -> None:
    answer, content = ask("/unpacked", "POST", PACKED, {"X-Coding": coding})

    assert (answer.status, answer.headers["x-found"]) == (200, "[None, None]")
    assert content == TEXT


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(PACKED + gzip.compress(b"more"), id="two members"),
        pytest.param(gzip.compress(b"short") + gzip.compress(b"more"), id="two short ones"),
        pytest.param(PACKED + bytes(512), id="padding"),
        pytest.param(PACKED + b"garbage", id="garbage"),
        pytest.param(PACKED[:-20], id="cut"),
        pytest.param(PACKED[:-8] + bytes(8), id="wrong sum"),
        pytest.param(b"", id="empty"),
        pytest.param(b"plain text", id="plain"),
    ],
)
def test_what_the_host_cannot_unpack_whole_fails(ask, body) -> None:
    answer, _ = ask("/unpacked", "POST", body, {"X-Coding": "gzip"})

    assert (answer.status, answer.headers["x-found"]) == (500, "[None, None]")


@pytest.mark.parametrize("coding", ["GZIP", "gzip, gzip", "deflate"])
def test_the_host_leaves_other_codings_alone(ask, coding) -> None:
    answer, content = ask("/unpacked", "POST", PACKED, {"X-Coding": coding})

    assert answer.headers["x-found"] == repr([coding, str(len(PACKED))])
    assert content == PACKED


def test_early_hints_go_ahead_of_the_answer(app) -> None:
    with socket.create_connection(urlsplit(app.url).netloc.split(":"), timeout=60) as client:
        client.sendall(b"GET /hinted HTTP/1.1\r\nhost: site.example\r\nconnection: close\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(65536), b""))
    first, _, rest = said.partition(b"\r\n\r\n")

    assert said.endswith(b"hinted") or b"6\r\nhinted\r\n" in said
    if app.host == "viceroy":
        assert first.startswith(b"HTTP/1.1 200")  # it takes the hints and does not send them
    else:
        assert first.startswith(b"HTTP/1.1 103")
        assert b"</style.css>; rel=preload" in first
        assert rest.startswith(b"HTTP/1.1 200")


def test_a_client_has_the_answer_while_the_handler_goes_on(ask) -> None:
    answer, content = ask("/answered", "POST", b"order")
    Handler.audit.wait(60)  # the origin would wait for ever for a client that waits for it

    assert (answer.status, content) == (200, b"first")


def test_an_answer_is_written_by_hand(ask) -> None:
    answer, content = ask("/written", "POST", b"three")

    assert (answer.status, answer.headers["x-kind"]) == (201, "log")
    assert content == b"one, two, three"


def test_the_answer_to_head_is_written_without_its_content(ask) -> None:
    answer, content = ask("/written", "HEAD")

    assert (answer.status, content) == (201, b"")


def test_a_failure_has_its_page(ask) -> None:
    answer, content = ask("/nowhere")

    assert (answer.status, content) == (500, b"/nowhere: KeyError")


def test_json_that_is_too_deep_fails_and_the_next_request_does_not(ask) -> None:
    # In wasm it uses up the stack, which ends the sandbox.
    answer, _ = ask("/json", "POST", b"[" * 500_000)
    following, content = ask("/json", "POST", b"[[1]]")

    assert answer.status == 500
    assert (following.status, content) == (200, b"[[1]]")


def test_nothing_open_is_taken_from_one_request_to_the_next(ask, app) -> None:
    found = [json.loads(ask("/kept")[1]) for _ in range(12)]
    counts = [answer["served"] for answer in found]

    assert all(set(answer["closed"]) <= {True} for answer in found)
    assert any(answer["closed"] for answer in found)
    # Natively, all sandboxes have the same modules.
    assert max(counts) == (4 if app.host != "native" else counts[0] + 11)


@pytest.mark.parametrize("name", ["Authorization", "Cookie"])
def test_one_visitors_data_is_not_served_to_another(ask, app, name) -> None:
    found = [
        ask("/me", headers={name: visitor}, rest=f"&{app.host}-{name}")[1].decode()
        for visitor in ("alice", "bob", "alice")
    ]

    assert [text.replace("- ", "").replace(" -", "") for text in found] == ["alice", "bob", "alice"]


def test_a_cache_option_shares_a_response_among_visitors(ask, app) -> None:
    found = [
        ask("/me", headers={"Authorization": visitor}, rest=f"&shared-{app.host}")[1]
        for visitor in ("alice", "bob")
    ]

    # Viceroy has no readthrough cache.
    assert found == [b"alice -", b"bob -" if app.host == "viceroy" else b"alice -"]


def test_a_reused_sandbox_does_not_keep_a_requests_context(ask, app) -> None:
    found = [ask("/context")[1].decode().split(" ", 1) for _ in range(8)]

    assert {before for _, before in found} == {"nobody"}
    assert max(int(served) for served, _ in found) > 1


def test_the_answer_to_head_says_how_long_that_to_get_is(ask) -> None:
    lengths = [ask("/nowhere", method)[0].headers["content-length"] for method in ("HEAD", "GET")]

    assert lengths == ["18", "18"]
