"""examples/cookbook on every host: all recipes in one component, from the outside."""

import base64
import hmac
import json
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("cookbook")

ROOT = Path(__file__).parent.parent
APP = ROOT / "examples/cookbook"
PAGES = ROOT / "docs/cookbook"
# Their code is in other examples.
ELSEWHERE = {"json-logs", "upload-to-s3", "url-shortener"}


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "main", manifest=APP / "fastly.toml")


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
    # What fastly.toml has is not a certificate; tests of backends do real handshakes.
    assert ask("mtls-origin", "/balance")[0].status == 502


def test_each_recipe_has_a_test_and_a_page() -> None:
    recipes = {path.stem.removeprefix("test_") for path in APP.glob("test_*.py")}
    pages = {path.stem for path in PAGES.glob("*.md")} - {"index"}
    mounted = {path.stem for path in APP.glob("*.py")} - {"main"}

    assert {name.replace("_", "-") for name in recipes} | ELSEWHERE == pages
    assert {name for name in mounted if not name.startswith("test_")} == recipes
    assert {f"test_{name}" for name in recipes} <= set(globals())
