"""ASGI apps on every host; see tests/asgi_app."""

import hashlib
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

pytest.importorskip("starlette", reason="hatch test installs what the app is made of")

pytestmark = pytest.mark.xdist_group("asgi-app")

APP = Path(__file__).parent / "asgi_app"
LARGE = 100_000_000
PIECE = 1_000_000
PATIENCE = 180


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "asgi_app")


def ask(app, path, method="GET", body=None, headers=()):
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)) as connection:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer, answer.read()


@pytest.mark.parametrize("framework", ["", "/middleware", "/django"])
def test_a_coroutine_makes_the_page(app, framework) -> None:
    answer, content = ask(app, f"{framework}/hello/Zo%C3%AB")

    assert (answer.status, content.decode()) == (200, "Hello, Zoë!")
    assert answer.headers["content-length"] == "12"
    assert answer.headers["x-middleware"] == ("was here" if framework == "/middleware" else None)


@pytest.mark.parametrize("framework", ["", "/django"])
def test_synchronous_code_runs_inline(app, framework) -> None:
    answer, content = ask(app, f"{framework}/blocking")

    assert (answer.status, content) == (200, b"inline")


@pytest.mark.parametrize("framework", ["", "/plain", "/django"])
def test_what_is_not_there_is_the_apps_own_404(app, framework) -> None:
    assert ask(app, f"{framework}/nowhere")[0].status == 404


def test_the_scope_is_the_requests(app) -> None:
    answer, content = ask(app, "/facts/caf%C3%A9%2Fb?a=%20b", headers={"Host": "shop.example:81"})
    found = json.loads(content)

    assert answer.status == 200
    assert found == {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/facts/café/b",
        "raw_path": "/facts/caf%C3%A9%2Fb",
        "query_string": "a=%20b",
        "root_path": "",
        "client": ["127.0.0.1", 0],
        "server": ["shop.example", 81],
        "twice": [],
        "visits": 1,
    }


def test_repeated_headers_stay_apart(app) -> None:
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)) as connection:
        connection.putrequest("GET", "/facts/x")
        connection.putheader("X-Twice", "one")
        connection.putheader("x-twice", "two")
        connection.endheaders()
        assert json.loads(connection.getresponse().read())["twice"] == ["one", "two"]


def test_each_sandbox_has_its_lifespan(app) -> None:
    assert [json.loads(ask(app, "/facts/x")[1])["visits"] for _ in range(2)] == [1, 1]


def test_a_form_with_a_file_is_read(app) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nto be kept\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + bytes(100_000) + b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer, content = ask(app, "/form", "POST", body, kind)

    assert answer.status == 200
    assert json.loads(content) == ["to be kept", "a.bin", 100_000]


def test_an_embedded_file_is_sent(app) -> None:
    answer, content = ask(app, "/file")
    part, piece = ask(app, "/file", headers={"Range": "bytes=3-8"})

    assert (answer.status, content) == (200, (APP / "static/page.html").read_bytes())
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (part.status, piece) == (206, b"A page")


def test_a_background_task_runs_after_the_response(app) -> None:
    mark = uuid4().hex

    assert ask(app, f"/background?{mark}")[1] == b"first"
    assert app.says(f"then {mark}")


def test_an_app_asks_its_origin(app) -> None:
    answer, content = ask(app, "/mirrored")

    assert (answer.status, content) == (200, b"x" * 100_000)
    assert answer.headers["x-statuses"] == "200,200"


def test_an_exception_is_the_frameworks_500_with_a_traceback_in_the_log(app) -> None:
    answer, content = ask(app, "/broken")

    assert (answer.status, content) == (500, b"Internal Server Error")
    assert app.says("LookupError: this page is broken")


def test_an_exception_after_the_head_aborts_the_response(app) -> None:
    # Viceroy may end the connection before it has sent the head.
    with pytest.raises((IncompleteRead, RemoteDisconnected)):
        ask(app, "/torn")

    assert app.says("LookupError: this stream is torn")


def test_early_hints_come_first(app) -> None:
    if app.host == "viceroy":
        pytest.skip("Viceroy does not send early hints")
    address = urlsplit(app.url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as client:
        client.sendall(b"GET /plain/hints HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(65536), b""))

    assert received.startswith(b"HTTP/1.1 103 ")
    assert b"</a.css>; rel=preload" in received.partition(b"HTTP/1.1 200 ")[0]
    assert received.endswith(b"hello")


def test_a_response_with_trailers_is_whole(app) -> None:
    answer, content = ask(app, "/plain/trailers", headers={"TE": "trailers"})

    assert (answer.status, content) == (200, b"hello")


def test_other_tasks_run_while_the_response_is_sent(app) -> None:
    assert ask(app, "/plain/ticking")[1] == b"piece " * 10 + b"ticked"


def test_an_async_generator_is_streamed_by_django(app) -> None:
    assert ask(app, "/django/streamed")[1] == b"0 1 2 "


def some_bytes(size: int) -> Iterator[bytes]:
    """Yield bytes no two pieces of which are the same: one lost or sent twice is noticed."""
    for number in range(size // PIECE):
        yield (hashlib.sha512(number.to_bytes(8)).digest() * (PIECE // 64 + 1))[:PIECE]


def sha256(pieces) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def upload(app, size, query="") -> None:
    headers = {"Content-Length": str(size)}
    answer, content = ask(app, f"/hashed{query}", "POST", some_bytes(size), headers)
    assert answer.status == 200
    assert json.loads(content) == {"size": size, "sha256": sha256(some_bytes(size))}


def download(app, size, query="") -> None:
    with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)) as connection:
        connection.request("GET", f"/download/{size}{query}")
        answer = connection.getresponse()
        assert answer.headers["content-length"] == str(size)
        assert sum(map(len, iter(lambda: answer.read(PIECE), b""))) == size


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("host", ["native", "wasm"], indirect=True)
def test_100_mb_are_streamed_both_ways_and_not_kept(app) -> None:
    def most_memory() -> int:
        status = Path(f"/proc/{app.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+([0-9]+) kB", status)[1]) // 1024

    upload(app, PIECE)
    download(app, PIECE)
    before = most_memory()
    upload(app, LARGE)
    download(app, LARGE)

    assert most_memory() - before < 30


@pytest.mark.parametrize("host", ["viceroy"], indirect=True)
def test_the_guest_keeps_nothing_of_100_mb_on_viceroy(app) -> None:
    def heap(transfer, size) -> float:
        mark = f"?{uuid4().hex}"
        transfer(app, size, mark)
        request = app.says("handling request", mark).partition("request{")[2].partition("}")[0]
        line = app.says(f"{{{request}}}", "WebAssembly heap")
        return float(re.search(r"using ([0-9.]+) MiB", line)[1])

    for transfer in (upload, download):
        assert heap(transfer, LARGE) - heap(transfer, PIECE) < 1
