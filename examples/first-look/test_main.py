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


@pytest.mark.parametrize("name", ["Authorization", "Cookie"])
def test_what_is_one_visitors_own_is_not_cached(compute_client, origin, name):
    origin.get("/account", body=b"the account of Ada")
    origin.get("/account", body=b"the account of Max")
    answers = [compute_client.get("/account", headers={name: who}) for who in ("ada", "max")]

    assert [answer.body for answer in answers] == [b"the account of Ada", b"the account of Max"]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"private"}


def test_a_response_that_sets_a_cookie_is_private(compute_client, origin):
    origin.get("/login", headers={"Set-Cookie": "session=1"})

    assert compute_client.get("/login").headers["Cache-Control"] == "private"


@pytest.mark.parametrize("name", main.NOT_FORWARDED)
def test_a_client_cannot_choose_the_links_of_others(compute_host, compute_client, origin, name):
    origin.get("/news", body=b"news")
    compute_client.get("/news", headers={name: "evil.example"})

    assert name not in compute_host.calls[0].headers
