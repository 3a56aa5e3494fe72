import main
import pytest


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture
def origin(compute_host):
    return compute_host.backend("origin")


KEY = "a key for this machine only"


@pytest.fixture
def purge(compute_host, compute_client):
    compute_host.fastly_keys = [KEY]
    return lambda path: compute_client.post(f"/purge/{path}", headers={"Fastly-Key": KEY})


@pytest.fixture
def ask(compute_client):
    def ask(path):
        answer = compute_client.get(path)
        return answer.headers["X-Cache"], answer.text

    return ask


@pytest.mark.parametrize("path", ["/readthrough/news", "/simple/news", "/core/news"])
def test_the_origin_is_asked_again_after_30_seconds(compute_host, origin, ask, path):
    origin.get("/news", text="first", headers={"Cache-Control": "max-age=3600"})
    origin.get("/news", text="second", headers={"Cache-Control": "max-age=3600"})
    answers = [ask(path), ask(path)]
    compute_host.clock.advance(31)
    answers.append(ask(path))

    assert [body for _, body in answers[:2]] == ["first", "first"]
    assert [state for state, _ in answers[:2]] == ["MISS", "HIT"]
    # The core cache gives the old one while it fetches the new one.
    assert answers[2] == (("STALE", "first") if path == "/core/news" else ("MISS", "second"))
    assert ask(path) == ("HIT", "second")
    assert len(compute_host.calls) == 2


@pytest.mark.parametrize("path", ["/readthrough/news", "/simple/news", "/core/news"])
def test_what_is_purged_is_fetched_anew(purge, origin, ask, path):
    origin.get("/news", text="first")
    origin.get("/news", text="second")
    first = ask(path)
    purge("news")

    assert (first, ask(path)) == (("MISS", "first"), ("MISS", "second"))


def test_an_object_has_the_type_that_the_origin_gave_it(compute_client, origin):
    origin.get("/news", json=[])
    answers = [compute_client.get("/core/news") for _ in range(2)]

    assert [answer.headers["Content-Type"] for answer in answers] == ["application/json"] * 2


@pytest.mark.parametrize("path", ["/simple/news", "/core/news"])
def test_an_error_of_the_origin_is_not_kept(compute_client, origin, ask, path):
    origin.get("/news", status=500)
    origin.error("connection-timeout", path="/news")
    origin.get("/news", text="news")
    statuses = [compute_client.get(path).status for _ in range(2)]

    assert (statuses, ask(path)) == ([502, 502], ("MISS", "news"))


def test_the_old_one_is_whole_where_the_origin_has_no_new_one(compute_host, origin, ask):
    origin.get("/news", text="old")
    origin.error("connection-timeout", path="/news")
    origin.get("/news", text="new")
    ask("/core/news")
    compute_host.clock.advance(31)

    assert [ask("/core/news") for _ in range(3)] == [
        ("STALE", "old"),
        ("STALE", "old"),
        ("HIT", "new"),
    ]


def test_a_new_one_that_breaks_off_is_not_kept(compute_host, origin, ask):
    origin.get("/news", text="old")
    origin.get("/news", text="broken", truncate_at=3)
    origin.get("/news", text="new")
    ask("/core/news")
    compute_host.clock.advance(31)

    assert [ask("/core/news") for _ in range(2)] == [("STALE", "old"), ("MISS", "new")]


@pytest.mark.parametrize("headers", [{}, {"Fastly-Key": ""}, {"Fastly-Key": "another"}])
def test_nobody_else_can_purge(purge, compute_client, origin, ask, headers):
    origin.get("/news", text="first")
    ask("/core/news")
    answer = compute_client.post("/purge/news", headers=headers)

    assert answer.status == 403
    assert ask("/core/news") == ("HIT", "first")


@pytest.mark.parametrize("path", ["readthrough", "simple", "core"])
def test_a_name_that_is_too_long_to_be_a_key_is_refused(compute_host, compute_client, path):
    answer = compute_client.get(f"/{path}/" + "x" * 5000)

    assert answer.status == 414
    assert compute_host.calls == []
