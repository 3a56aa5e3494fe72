import pytest
import stale_if_error


@pytest.fixture
def compute_app():
    return stale_if_error.HttpIncoming


@pytest.fixture
def origin(compute_host):
    origin = compute_host.backend("origin")
    origin.get("/news", text="news")
    return origin


@pytest.fixture
def fetch_twice(compute_host, compute_client):
    """Fetches the page, and once more after a time."""

    def fetch_twice(seconds):
        compute_client.get("/news")
        compute_host.clock.advance(seconds)
        return compute_client.get("/news")

    return fetch_twice


def test_a_page_survives_an_origin_that_cannot_be_reached(origin, fetch_twice, capsys):
    origin.error("connection-refused")
    answer = fetch_twice(61)

    assert (answer.status, answer.text) == (200, "news")
    assert "stale, because" in capsys.readouterr().out


def test_a_page_survives_an_error_of_the_origin(compute_host, origin, fetch_twice):
    origin.get("/news", status=503)

    assert fetch_twice(61).text == "news"
    assert len(compute_host.calls) == 2


def test_after_a_day_the_error_is_shown(origin, fetch_twice):
    origin.error("connection-refused")

    assert fetch_twice(24 * 3600 + 61).status == 502


def test_a_page_that_was_never_fetched_is_a_502(compute_host, compute_client):
    compute_host.backend("origin").error("connection-refused")
    answer = compute_client.get("/other")

    assert (answer.status, answer.headers["Retry-After"]) == (502, "30")


def test_each_query_is_a_separate_page(compute_client, origin):
    origin.get("/search", text="lamps", query={"q": "lamp"})
    origin.get("/search", text="sofas", query={"q": "sofa"})
    pages = [compute_client.get(f"/search?q={query}").text for query in ("lamp", "sofa", "lamp")]

    assert pages == ["lamps", "sofas", "lamps"]


def test_a_new_page_is_shown_after_a_minute(origin, fetch_twice):
    origin.get("/news", text="more news")

    assert fetch_twice(61).text == "more news"
