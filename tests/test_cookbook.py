"""examples/cookbook on every host: all recipes in one component, from the outside."""

import base64
import hmac
import json
import ssl
import threading
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

pytestmark = pytest.mark.xdist_group("cookbook")

ROOT = Path(__file__).parent.parent
APP = ROOT / "examples/cookbook"
PAGES = ROOT / "docs/cookbook"
# Their code is in other examples.
ELSEWHERE = {"json-logs", "upload-to-s3", "url-shortener"}


class Bank(BaseHTTPRequestHandler):
    """Answers with the names in the client's certificate."""

    def do_GET(self) -> None:
        names = [value for _, value in self.request.getpeercert()["subjectAltName"]]
        body = json.dumps({"path": self.path, "client": names}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        pass


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bank(authority):
    """The port of an origin that demands a client certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("bank.example").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bank)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def manifest(authority, bank, tmp_path_factory) -> Path:
    """The example's fastly.toml, with real certificates."""
    leaf = authority.issue_cert("edge.example")
    text = (APP / "fastly.toml").read_text()
    for placeholder, value in {
        "127.0.0.1:9443": f"127.0.0.1:{bank}",
        "the authority of the origin, in PEM": authority.cert_pem.bytes().decode(),
        "the certificate of this machine, in PEM": leaf.cert_chain_pems[0].bytes().decode(),
        "the key of this machine, in PEM": leaf.private_key_pem.bytes().decode(),
    }.items():
        assert text.count(f'"{placeholder}"') == 1
        text = text.replace(f'"{placeholder}"', json.dumps(value))
    path = tmp_path_factory.mktemp("cookbook") / "fastly.toml"
    path.write_text(text)
    return path


@pytest.fixture
def app(servers, host, manifest):
    return servers.get(host, APP, "main", manifest=manifest)


@pytest.fixture
def ask(app):
    """Sends a request to a recipe, and returns the response with its content."""

    def ask(recipe, path, method="GET", body=None, **headers) -> tuple[HTTPResponse, str]:
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=30)) as connection:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Host": f"{recipe}.example", **sent})
            answer = connection.getresponse()
            return answer, answer.read().decode()

    return ask


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_gateway(ask) -> None:
    answer, content = ask("gateway", "/lamps?page=2", Cookie="a=b")
    seen = json.loads(content)
    wrong, _ = ask("gateway", "/purge", "POST", Authorization="Bearer wrong")
    purged, _ = ask(
        "gateway", "/purge", "POST", Authorization="Bearer a token for this machine only"
    )

    assert (answer.status, seen["path"]) == (200, "/lamps?page=2")
    assert ["authorization", "Bearer an API key for this machine only"] in seen["headers"]
    assert "cookie" not in dict(seen["headers"])
    assert (wrong.status, purged.status) == (403, 204)


def test_ab_cookie(ask) -> None:
    answer, content = ask("ab-cookie", "/lamp")
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    again, _ = ask("ab-cookie", "/lamp", Cookie=cookie)

    assert (answer.status, json.loads(content)["path"]) == (200, "/lamp")
    assert cookie in {"__Host-variant=a", "__Host-variant=b"}
    assert "Set-Cookie" not in again.headers


def test_country_redirect(ask) -> None:
    answer, _ = ask("country-redirect", "/")

    assert (answer.status, answer.headers["Location"]) == (302, "/no/")


def test_rate_limit(ask) -> None:
    assert ask("rate-limit", "/")[0].status == 200


def test_jwt_check(ask) -> None:
    claims = {"sub": "ada", "aud": "shop", "exp": time.time() + 3600}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims))
    key = b"a key of 32 bytes for this machine only"
    token = f"{signed}.{encoded(hmac.digest(key, signed.encode(), 'sha256'))}"
    answer, content = ask("jwt-check", "/orders", Authorization=f"Bearer {token}")
    refused, _ = ask("jwt-check", "/orders", Authorization=f"Bearer {signed}.")

    assert ["x-user", '"ada"'] in json.loads(content)["headers"]
    assert (answer.status, refused.status) == (200, 401)


def test_image_links(ask) -> None:
    answer, content = ask("image-links", "/320/lamp.jpg")

    # None of these hosts has the Image Optimizer: the original is sent.
    assert (answer.status, json.loads(content)["path"]) == (200, "/lamp.jpg")


def test_stale_if_error(ask, host) -> None:
    # Viceroy cannot do this: the app says so with a 500.
    assert ask("stale-if-error", "/news")[0].status == (500 if host == "viceroy" else 200)


def test_fan_in(ask) -> None:
    answer, content = ask("fan-in", "/products/lamp")

    assert answer.status == 200
    assert {part["path"] for part in json.loads(content).values()} == {"/lamp"}


def test_server_sent_events(ask) -> None:
    answer, content = ask("server-sent-events", "/jobs/7/events")
    kinds = [line for line in content.splitlines() if line.startswith("event: ")]

    assert answer.headers["Content-Type"] == "text/event-stream"
    assert kinds == ["event: progress", "event: done"]


def test_graphql_cache(ask) -> None:
    body = json.dumps({"operationName": "Product", "variables": {"id": "lamp"}})
    answer, content = ask("graphql-cache", "/graphql", "POST", body)

    assert (answer.status, json.loads(content)["path"]) == (200, "/graphql")


def test_maintenance(ask) -> None:
    answer, content = ask("maintenance", "/")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "600")
    assert "Back at 5 o&#x27;clock." in content


def test_html_rewriting(ask) -> None:
    assert ask("html-rewriting", "/html")[1] == '<img loading="lazy" src=a>'


def test_mtls_origin(ask) -> None:
    answer, content = ask("mtls-origin", "/rates")

    assert (answer.status, json.loads(content)) == (
        200,
        {"path": "/rates", "client": ["edge.example"]},
    )


def test_each_recipe_has_a_test_and_a_page() -> None:
    recipes = {path.stem.removeprefix("test_") for path in APP.glob("test_*.py")}
    pages = {path.stem for path in PAGES.glob("*.md")} - {"index"}
    mounted = {path.stem for path in APP.glob("*.py")} - {"main"}

    assert {name.replace("_", "-") for name in recipes} | ELSEWHERE == pages
    assert {name for name in mounted if not name.startswith("test_")} == recipes
    assert {f"test_{name}" for name in recipes} <= set(globals())
