import hashlib
from urllib.parse import quote

import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


def test_visitors_are_greeted_by_their_names(compute_client):
    stranger = compute_client.get("/")
    friend = compute_client.get("/", headers={"Cookie": "name=Ada"})

    assert "<h1>Who are you?</h1>" in stranger.text
    assert "<h1>Hello, Ada</h1>" in friend.text


def test_an_upload_is_hashed(compute_client):
    answer = compute_client.put("/upload", body=b"content")

    assert answer.json() == {"size": 7, "sha256": hashlib.sha256(b"content").hexdigest()}


def test_the_origin_is_asked(compute_host, compute_client):
    compute_host.backend("origin").post("/cart", status=201, json={"items": 3})
    answer = compute_client.post("/origin/cart", body=b"one more")

    assert (answer.status, answer.json()) == (201, {"items": 3})
    assert compute_host.calls[0].body == b"one more"


def test_an_origin_that_is_down_is_a_502(compute_host, compute_client):
    compute_host.backend("origin").error("connection-refused", path="/cart")
    answer = compute_client.post("/origin/cart", body=b"one more")

    assert answer.status == 502
    assert "<h1>502 Bad Gateway</h1>" in answer.text


@pytest.mark.parametrize("path", ["a%3Fadmin=1", "a%23b", "a%20b", "%C3%A9"])
def test_what_is_encoded_in_a_path_stays_encoded(compute_host, compute_client, path):
    compute_host.backend("origin").get("/" + path.replace("=", "%3D"), text="there")

    assert compute_client.get(f"/origin/{path}").text == "there"


@pytest.mark.parametrize("size", ["-1", "1e3", "\u0663", "50000001", "9" * 5000, "x"])
def test_a_size_that_is_absurd_is_refused(compute_client, size):
    answer = compute_client.get(f"/download/{quote(size)}")

    assert answer.status == 400
    assert "<h1>400 Bad Request</h1>" in answer.text


def test_a_form_without_its_fields_is_refused(compute_client):
    kind = {"Content-Type": "multipart/form-data; boundary=b"}

    assert compute_client.post("/upload", headers=kind, body=b"--b--\r\n").status == 400
