"""One does the work and the others wait, on every host; see tests/test_collapsing_app."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest

pytestmark = pytest.mark.xdist_group("collapsing")

APP = Path(__file__).parent / "test_collapsing_app"
PATIENCE = 20
MANY = 50


class SlowOrigin:
    """An origin that is asked, and answers when the test wants it to."""

    def __init__(self) -> None:
        self.here = 0
        self.asked = 0
        self._answers = {}
        self._changed = threading.Condition()
        waiting = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, content = waiting.wait() if self.path == "/" else waiting.note()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 2 * MANY

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def wait(self):
        with self._changed:
            self.asked += 1
            number = self.asked
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: number in self._answers, PATIENCE)
            return self._answers[number]

    def note(self):
        with self._changed:
            self.here += 1
            self._changed.notify_all()
            return 200, b"noted"

    def knows(self, number) -> None:
        """Wait until so many requests have come to the app."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.here >= number, PATIENCE), self.here

    def is_asked(self, times) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.asked >= times, PATIENCE)

    def answers(self, number, status, content) -> None:
        """Answer the request of this number, which may be still to come."""
        with self._changed:
            self._answers[number] = status, content
            self._changed.notify_all()


@pytest.fixture
def slow_origin():
    slow = SlowOrigin()
    thread = threading.Thread(target=slow.server.serve_forever)
    thread.start()
    yield slow
    slow.server.shutdown()
    thread.join()
    slow.server.server_close()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(MANY) as pool:
        yield pool


@pytest.fixture
def app(servers, host):
    limits = [] if host == "viceroy" else ["--max-sandboxes", str(2 * MANY)]
    return servers.get(host, APP, "collapsing_app", *limits)


@pytest.fixture
def ask(app, slow_origin):
    key = uuid4().hex

    def ask(path):
        url = f"{path}?key={key}&origin={quote(slow_origin.url, safe='')}"
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)) as connection:
            connection.request("GET", url)
            answer = connection.getresponse()
            return answer.status, answer.read()

    ask.key = key
    return ask


@pytest.mark.parametrize("path", ["/kept", "/passed_on", "/decorated"])
def test_of_many_that_miss_at_once_one_asks_the_origin(slow_origin, ask, pool, path) -> None:
    asking = [pool.submit(ask, path) for _ in range(MANY)]
    slow_origin.knows(MANY)
    slow_origin.is_asked(1)
    slow_origin.answers(1, 200, b"the answer")
    answers = {future.result() for future in asking}
    expected = b'{"said":"the answer"}' if path == "/decorated" else b"the answer"

    assert answers == {(200, expected)}
    assert slow_origin.asked == 1


@pytest.mark.parametrize("path", ["/kept", "/decorated"])
def test_one_that_fails_hands_over_to_the_next(slow_origin, ask, pool, path) -> None:
    asking = [pool.submit(ask, path) for _ in range(5)]
    slow_origin.knows(5)
    slow_origin.is_asked(1)
    slow_origin.answers(1, 503, b"not now")
    slow_origin.is_asked(2)
    slow_origin.answers(2, 200, b"the answer")
    statuses = sorted(future.result()[0] for future in asking)

    assert statuses == [200, 200, 200, 200, 500]
    assert slow_origin.asked == 2


@pytest.mark.parametrize("path", ["/forgets", "/raises"])
def test_an_obligation_that_is_not_met_is_the_next_ones(slow_origin, ask, pool, path) -> None:
    first = pool.submit(ask, path)
    slow_origin.is_asked(1)
    next_one = ask("/obliged")
    slow_origin.answers(1, 200, b"over")

    assert next_one == (200, b"true")
    assert json.loads(first.result()[1]) == [True, "over"]


def test_an_object_is_read_while_it_is_written(app, slow_origin, ask, pool) -> None:
    writing = pool.submit(ask, "/writes")
    slow_origin.is_asked(1)
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)) as connection:
        url = f"/reads?key={ask.key}&origin={quote(slow_origin.url, safe='')}"
        connection.request("GET", url)
        answer = connection.getresponse()
        begun = answer.read(len(b"begun, "))
        slow_origin.answers(1, 200, b"done")
        rest = answer.read()

    assert (begun, rest) == (b"begun, ", b"done")
    assert writing.result() == (200, b"written")


def test_a_value_that_breaks_off_is_made_anew(slow_origin, ask) -> None:
    slow_origin.answers(1, 200, b"it broke")
    slow_origin.answers(2, 200, b"the answer")
    try:
        broken = ask("/breaks")[0]
    except HTTPException:
        broken = 500

    assert broken == 500
    assert ask("/kept") == (200, b"the answer")
