import hashlib

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
