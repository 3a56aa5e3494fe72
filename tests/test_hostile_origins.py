"""Origins that are down, or answer wrongly: what each example makes of it, and the next request."""

import contextlib
import gzip
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("hostile-origins")

PATIENCE = 120
EXAMPLES_FOLDER = Path(__file__).parent.parent / "examples"
LONG = 300_000
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngood"
OK = b"HTTP/1.1 200 OK\r\n"
FOUND = b"HTTP/1.1 302 Found\r\nLocation: "

HOSTILE = {
    "says nothing": b"",
    "speaks something else": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a status line": b"HTTP/1.1 2",
    "half a head": OK + b"Content-Type: text/pl",
    "status 99": b"HTTP/1.1 99 Odd\r\nContent-Length: 0\r\n\r\n",
    "status 1000": b"HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n",
    "status minus one": b"HTTP/1.1 -1 Odd\r\nContent-Length: 0\r\n\r\n",
    "status 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx",
    "a head without end": OK + b"X: " + b"a" * LONG,
    "many fields": OK + b"X: a\r\n" * 90 + b"\r\n",
    "a NUL in a value": OK + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "a CR in a value": OK + b"Content-Type: a\rSet-Cookie: evil=1\r\nContent-Length: 0\r\n\r\n",
    "a blank in a name": OK + b"Set Cookie: evil=1\r\nContent-Length: 0\r\n\r\n",
    "a negative length": OK + b"Content-Length: -1\r\n\r\nx",
    "a length that is no number": OK + b"Content-Length: 0x4\r\n\r\nevil",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 4\r\n\r\nevil",
    "a body that is too short": OK + b"Content-Length: 1000\r\n\r\nhalf",
    "a chunk without a size": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n0\r\n\r\n",
    "chunks that end too early": OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    "another coding": OK + b"Transfer-Encoding: evil\r\n\r\nx",
    "a Location without an end": FOUND + b"http://[::1\r\nContent-Length: 0\r\n\r\n",
    "a Location elsewhere": FOUND + b"http://a\\@localhost/\r\nContent-Length: 0\r\n\r\n",
    "a Location of binary": FOUND + b"/\xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "a type in latin-1": OK + b"Content-Type: text/\xff; charset=\xfe\r\n\r\nx",
    "an unknown charset": OK + b"Content-Type: text/plain; charset=evil\r\n\r\nx",
    "cookies that are none": OK + b"Set-Cookie: =;;=,\xff\r\nContent-Length: 1\r\n\r\nx",
    "gzip that is none": OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nevil",
    "gzip that is cut": (
        OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"x" * 99)[:-9]
    ),
    "odd caching": OK + b"Cache-Control: max-age=-1, =,,\r\nAge: -5\r\nContent-Length: 1\r\n\r\nx",
}
EXAMPLES = {
    "bottle-app": ["/origin/x"],
    "cache-starter-kit": ["/readthrough/x", "/simple/x", "/core/x"],
    "django-app": ["/origin/x"],
    "edge-proxy": ["/origin/x"],
    "first-look": ["/x"],
    "flask-app": ["/origin/x"],
    "requests-libraries": ["/signed", "/with-token", "/geocoded", "/listed"],
}


class Origin:
    """Sends the same bytes to everyone, whatever is asked."""

    def __init__(self) -> None:
        self.answer = GOOD
        self.port = 0
        self.start()

    def start(self) -> None:
        self._ended = False
        self._server = socket.create_server(("127.0.0.1", self.port))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._ended = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while True:
            peer, _ = self._server.accept()
            with peer, contextlib.suppress(OSError):
                if self._ended:
                    return
                peer.settimeout(PATIENCE)
                head = b""
                while b"\r\n\r\n" not in head and (part := peer.recv(65536)):
                    head += part
                peer.sendall(self.answer)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    origin = Origin()
    yield origin
    origin.stop()


@pytest.fixture(scope="module")
def apps(servers, origin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile-origins")
    running = type(servers)(folder, f"http://127.0.0.1:{origin.port}")
    yield running
    running.stop()


@pytest.fixture(params=EXAMPLES)
def name(request) -> str:
    return request.param


@pytest.fixture(params=["native", "wasm"])
def app(apps, request, name):
    return apps.get(request.param, EXAMPLES_FOLDER / name, "main")


def ask(app, path: str) -> tuple[int, list[tuple[str, str]]]:
    with contextlib.closing(HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)) as client:
        client.request("GET", path)
        answer = client.getresponse()
        with contextlib.suppress(HTTPException):  # of a truncated response
            answer.read()
        return answer.status, answer.getheaders()


def test_an_origin_that_is_down_is_a_502(app, name, origin) -> None:
    origin.stop()
    try:
        statuses = [ask(app, f"{path}?down")[0] for path in EXAMPLES[name]]
    finally:
        origin.start()

    assert set(statuses) == {502}


def test_an_origin_that_answers_wrongly_brings_no_example_down(app, name, origin) -> None:
    for number, (case, sent) in enumerate(HOSTILE.items()):
        for path in EXAMPLES[name]:
            # What has no answer in a cache yet.
            here = f"{path}?name={number}" if name == "requests-libraries" else f"{path}/{number}"
            origin.answer = sent
            status, headers = ask(app, here)
            origin.answer = GOOD
            after, _ = ask(app, here.replace(str(number), f"after-{number}"))

            label = (case, path, status, headers)
            assert 200 <= status <= 599, label
            assert not {"evil=1", "set cookie", "Set Cookie"} & set(sum(headers, ())), label
            # What a library makes of a page that is no JSON is its own.
            assert name == "requests-libraries" or after == 200, label
