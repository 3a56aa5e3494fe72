"""URLs that a client makes, to have an app ask a host that it does not mean to ask."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("hostile-urls")

APP = Path(__file__).parent / "hostile_urls"
PROXY = Path(__file__).parent.parent / "examples/edge-proxy"
PATIENCE = 120
PASSWORD = "hunter2"

# {allowed} may be asked, and {secret} may not.
HOSTILE = [
    "http://{secret}/",
    "HTTP://{secret}/",
    "https://{secret}/",
    "http://{secret}\\@{allowed}/",
    "http://{secret}\\{allowed}/",
    "http://{secret}\\",
    "http://{allowed}\\@{secret}/",
    "http://{allowed}\\{secret}/",
    "http:\\\\{secret}/",
    "http:/\\{secret}/",
    "http:\\/{secret}/",
    "\\\\{secret}/",
    "//{secret}/",
    "///{secret}/",
    "http:{secret}/",
    "http:/{secret}/",
    "http:///{secret}/",
    "{secret}/",
    "http://{allowed}@{secret}/",
    "http://{allowed}:80@{secret}/",
    "http://x:" + PASSWORD + "@{secret}/",
    "http://x:" + PASSWORD + "\\@{secret}/",
    "http://{allowed}%40{secret}/",
    "http://{allowed}%2f@{secret}/",
    "http://{allowed} @{secret}/",
    "http://{allowed}\t@{secret}/",
    "http://{allowed}\n@{secret}/",
    "http://{allowed}\r\nHost: x\r\n@{secret}/",
    "http://{allowed}\x00@{secret}/",
    "http://{secret}\x00.{allowed}/",
    "http://{secret} .{allowed}/",
    "http://{secret}\t/",
    "http://127.0.0.1.{secret}/",
    "http://127.0.0.1:80:{port}/",
    "http://127.0.0.2:{port}:80/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.1:0x50/",
    "http://127.0.0.1:\u0661/",
    "http://127.2:{port}/",
    "http://127.0.2:{port}/",
    "http://2130706434:{port}/",
    "http://0x7f000002:{port}/",
    "http://0x7f.0.0.2:{port}/",
    "http://0177.0.0.2:{port}/",
    "http://127.0.0.02:{port}/",
    "http://127.0.0.2.:{port}/",
    "http://[::ffff:127.0.0.2]:{port}/",
    "http://[::ffff:7f00:2]:{port}/",
    "http://[::1]:{port}/",
    "http://[::1/",
    "http://[v1.x]/",
    "http://[fe80::1%25lo]:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://\u2460\u2461\u2466.0.0.2:{port}/",
    "http://127\u30020\u30020\u30022:{port}/",
    "http://\uff11\uff12\uff17.0.0.2:{port}/",
    "http://127.0.0.2%2e:{port}/",
    "http://%31%32%37.0.0.2:{port}/",
    "http://*/",
    "http://./",
    "http:///",
    "http://",
    "http:",
    "",
    " ",
    "ftp://{secret}/",
    "file:///etc/passwd",
    "gopher://{secret}/",
    "javascript:alert(1)",
    "data:text/plain,x",
]
# Where the allowed host redirects to: relative ones stay there.
REDIRECTS = [
    "http://{secret}/",
    "//{secret}/",
    "\\\\{secret}/",
    "/\\{secret}/",
    "\\/{secret}/",
    "http:\\\\{secret}/",
    "http://{secret}\\@{allowed}/",
    "http://{allowed}\\@{secret}/",
    "http://{allowed}@{secret}/",
    "http://{allowed}\t@{secret}/",
    "https://{secret}/",
    "http://[::ffff:127.0.0.2]:{port}/",
    "http://2130706434:{port}/",
    "ftp://{secret}/",
    "file:///etc/passwd",
    "http://{allowed}/to/http%3A%2F%2F{secret}%2F",
]


class Handler(BaseHTTPRequestHandler):
    """Redirects to what is asked for, and keeps count."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))
        to = unquote_to_bytes(self.path.removeprefix("/to/")).decode("latin-1")
        self.send_response(302 if self.path.startswith("/to/") else 200)
        if self.path.startswith("/to/"):
            self.send_header("Location", to)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"a page")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


class Places:
    """A host that may be asked, and one that may not, on the same port."""

    def __init__(self) -> None:
        self.allowed = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.allowed.server_port
        self.secret = ThreadingHTTPServer(("127.0.0.2", self.port), Handler)
        for server in (self.allowed, self.secret):
            server.asked = []
            threading.Thread(target=server.serve_forever, args=(0.05,)).start()

    def close(self) -> None:
        for server in (self.allowed, self.secret):
            server.shutdown()
            server.server_close()

    def url(self, template: str) -> str:
        return (
            template.replace("{allowed}", f"127.0.0.1:{self.port}")
            .replace("{secret}", f"127.0.0.2:{self.port}")
            .replace("{port}", str(self.port))
        )


@pytest.fixture(scope="module")
def both() -> Iterator[Places]:
    places = Places()
    yield places
    places.close()


@pytest.fixture
def places(both) -> Places:
    both.secret.asked.clear()
    both.allowed.asked.clear()
    return both


@pytest.fixture(params=["native", "wasm"])
def app(servers, request):
    return servers.get(request.param, APP, "urls_app")


@pytest.fixture(params=["native", "wasm"])
def proxy(servers, request):
    return servers.get(request.param, PROXY, "main")


def ask(app, path, method="GET", body=None):
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def outcome(app, way: str, url: str):
    status, content = ask(app, "/", "POST", json.dumps({"way": way, "url": url}))
    assert status == 200
    return json.loads(content)


WAYS = ["by_requests", "by_a_session", "by_http", "by_a_backend"]


@pytest.mark.parametrize("way", WAYS)
def test_no_url_leads_to_a_host_that_is_not_allowed(app, places, way) -> None:
    for template in HOSTILE:
        told = outcome(app, way, places.url(template))
        label = (template, told)

        assert places.secret.asked == [], label
        assert "error" in told, label
        assert PASSWORD not in told["message"], label
        # The app's own mistake, such as a ValueError of the standard library's, is none of these.
        assert {"RequestException", "HttpError", "BackendError"} & set(told["error"]), label


@pytest.mark.parametrize("way", WAYS)
def test_a_url_of_an_allowed_host_leads_there(app, places, way) -> None:
    assert outcome(app, way, places.url("http://{allowed}/there")) == {"text": "a page"}


@pytest.mark.parametrize("way", ["by_requests", "by_a_session"])
def test_no_redirect_leads_to_a_host_that_is_not_allowed(app, places, way) -> None:
    for template in REDIRECTS:
        location = quote(places.url(template), safe="")
        told = outcome(app, way, places.url("http://{allowed}/to/") + location)

        assert places.secret.asked == [], (template, told)
        assert "RequestException" in told["error"], (template, told)


def test_the_edge_proxy_asks_no_host_that_it_does_not_allow(proxy, places) -> None:
    for template in HOSTILE:
        if "localhost" in template:  # it allows that one
            continue
        status, content = ask(proxy, "/dynamic?url=" + quote(places.url(template), safe=""))

        assert places.secret.asked == [], template
        assert status in {400, 403, 502}, (template, content)
        assert PASSWORD.encode() not in content


def test_the_edge_proxy_follows_no_redirect_to_a_host_that_it_does_not_allow(proxy, places) -> None:
    for template in REDIRECTS:
        url = places.url("http://{allowed}/to/") + quote(places.url(template), safe="")
        status, content = ask(proxy, "/dynamic?url=" + quote(url, safe=""))

        assert places.secret.asked == [], template
        assert status in {400, 403, 502}, (template, content)


@pytest.mark.parametrize(
    "path",
    [
        "/origin@evil.example/x",
        "/origin.evil.example/x",
        "/origin:81/x",
        "/origin%40evil.example/x",
        "/originx",
        "/origin\\@evil.example/x",
    ],
)
def test_no_path_chooses_the_host_that_the_edge_proxys_origin_sees(proxy, path) -> None:
    assert ask(proxy, path)[0] == 404
