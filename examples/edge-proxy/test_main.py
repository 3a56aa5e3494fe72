import hashlib
import hmac
from urllib.parse import quote

import main
import pytest

KEY = b"a key for this machine only"


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture(autouse=True)
def origin(compute_host):
    compute_host.secrets["edge-proxy"]["signing-key"] = KEY
    return compute_host.backend("origin")


def test_the_page_is_about_the_client(compute_client):
    answer = compute_client.get("/", client_address="192.0.2.1")

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "You came from 192.0.2.1" in answer.text


def test_the_origin_gets_a_signed_request(compute_host, compute_client, origin):
    origin.post("/cart", status=201, json={"items": 3})
    answer = compute_client.post("/origin/cart?size=2", body=b"one more")
    (call,) = compute_host.calls

    assert (answer.status, answer.json()) == (201, {"items": 3})
    assert (call.path, call.query, call.body) == ("/cart", "size=2", b"one more")
    expected = hmac.new(KEY, b"POST /cart", hashlib.sha256).hexdigest()
    assert call.headers["X-Signature"] == expected


def test_an_upload_that_is_too_large_is_refused(compute_host, compute_client):
    answer = compute_client.post("/origin/cart", body=bytes(main.LARGEST_UPLOAD + 1))

    assert (answer.status, list(compute_host.calls)) == (413, [])


def test_an_allowed_host_gets_a_request_without_the_signature(compute_host, compute_client):
    compute_host.target("www.fastly.com").get("/there", text="hello")
    answer = compute_client.get("/dynamic?url=" + quote("https://www.fastly.com/there"))
    (call,) = compute_host.calls

    assert (answer.status, answer.text) == (200, "hello")
    assert "X-Signature" not in call.headers


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://evil.example/", 403),
        ("https://www.fastly.com@evil.example/", 403),
        ("https://www.fastly.com.evil.example/", 403),
        ("ftp://www.fastly.com/", 400),
        ("/there", 400),
        ("", 400),
    ],
)
def test_nothing_else_gets_a_request(compute_host, compute_client, url, status):
    assert compute_client.get("/dynamic?url=" + quote(url, safe="")).status == status
    assert list(compute_host.calls) == []


def test_no_redirect_leads_to_another_host(compute_host, compute_client):
    elsewhere = {"Location": "https://evil.example/"}
    compute_host.target("www.fastly.com").get("/there", status=302, headers=elsewhere)
    answer = compute_client.get("/dynamic?url=" + quote("https://www.fastly.com/there"))

    assert (answer.status, len(compute_host.calls)) == (403, 1)


def test_an_origin_that_is_down_is_a_502(compute_client, origin):
    origin.error("connection-refused")

    assert compute_client.get("/origin/cart").status == 502


def test_introspection_shows_the_backend_and_no_secret(compute_client):
    answer = compute_client.get("/backends")

    assert answer.json()["origin"]["name"] == "origin"
    assert KEY not in answer.body
