import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture
def origin(compute_host):
    return compute_host.backend("origin")


def test_the_origin_is_asked_again_after_30_seconds(compute_host, compute_client, origin):
    origin.get("/news", body=b"first", headers={"Cache-Control": "max-age=3600"})
    origin.get("/news", body=b"second", headers={"Cache-Control": "max-age=3600"})

    bodies = [compute_client.get("/news").body for _ in range(2)]
    assert bodies == [b"first", b"first"]
    assert len(compute_host.calls) == 1

    compute_host.clock.advance(31)
    assert compute_client.get("/news").body == b"second"
    assert len(compute_host.calls) == 2


def test_the_request_and_the_response_are_changed(compute_host, compute_client, origin):
    origin.get("/news", status=203, body=b"news", headers={"X-From": "origin"})
    answer = compute_client.get("/news", headers={"X-Own": "1"})

    assert (answer.status, answer.body) == (203, b"news")
    assert answer.headers["Cache-Control"] == "public, s-maxage=86400"
    assert answer.headers["X-From"] == "origin"
    sent = compute_host.calls[0].headers
    assert sent["X-Own"] == "1"
    assert sent["TheTime"].endswith("+00:00")


def test_an_origin_that_fails_is_a_502_that_says_why(compute_client, origin):
    origin.error("connection-timeout", path="/news")
    answer = compute_client.get("/news")

    assert answer.status == 502
    assert "did not accept the connection in time (connection-timeout)" in answer.text
