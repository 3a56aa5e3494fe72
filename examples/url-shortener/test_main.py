import json

import main
import pytest

URL = "https://www.example.com/a/long/path?with=a&query"


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture(autouse=True)
def links(compute_host):
    compute_host.kv["links"] = {"fastly": b"https://www.fastly.com/"}
    return compute_host.kv["links"]


def test_a_short_name_leads_to_its_url(compute_client):
    answer = compute_client.get("/fastly")

    assert (answer.status, answer.headers["Location"]) == (302, "https://www.fastly.com/")


def test_a_url_gets_a_name(compute_client, links):
    made = compute_client.post("/", body=URL.encode())
    followed = compute_client.get(made.headers["Location"])

    assert (made.status, made.text) == (201, made.headers["Location"] + "\n")
    assert (followed.status, followed.headers["Location"]) == (302, URL)
    assert len(links) == 2


def test_a_name_that_is_taken_is_not_given_again(compute_client, links, monkeypatch):
    names = iter(["fastly", "other"])
    monkeypatch.setattr("secrets.token_urlsafe", lambda size: next(names))

    assert compute_client.post("/", body=URL.encode()).text == "/other\n"
    assert links["fastly"] == b"https://www.fastly.com/"


def test_a_name_expires(compute_client, compute_host):
    name = compute_client.post("/", body=URL.encode()).headers["Location"]
    compute_host.clock.advance(main.LIFETIME.total_seconds())

    assert compute_client.get(name).status == 404


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//a.example/",
        "javascript:alert(1)",
        "data:text/html,hello",
        "http://",
        "http:a.example",
        "http://[",
        "http://a.example:port/",
        "http://a.example:99999/",
        "https://www.bank.example@a.example/",
        "https://a.example\\@www.bank.example/",
        "https://a.example/\r\nX: y",
        "https://a.example/\tb",
        'https://a.example/"><script>',
        "https://\u00fc.example/",
        "https://a.example/" + "x" * 2000,
    ],
)
def test_what_is_not_a_url_is_refused(compute_client, links, url):
    assert compute_client.post("/", body=url.encode()).status == 400
    assert list(links) == ["fastly"]


@pytest.mark.parametrize(
    "value",
    [b"javascript:alert(1)", b"https://a.example/\r\nSet-Cookie: a=b", b"x" * 5000, b"\xff", b""],
)
def test_nobody_is_redirected_by_what_something_else_stored(compute_client, links, value):
    links["planted"] = value
    answer = compute_client.get("/planted")

    assert (answer.status, "Location" in answer.headers) == (500, False)


def test_a_url_may_be_as_long_as_the_limit(compute_client):
    url = "https://a.example/".ljust(main.LONGEST_URL, "x")
    made = compute_client.post("/", body=f" {url[:-2]} ".encode())

    assert compute_client.get(made.headers["Location"]).headers["Location"] == url[:-2]


@pytest.mark.parametrize("path", ["/", "/missing", "/a/b", "/..", "/a%23"])
def test_what_is_not_there(compute_client, path):
    assert compute_client.get(path).status == 404


@pytest.fixture
def add(compute_client):
    return lambda address: compute_client.post("/", body=URL.encode(), client_address=address)


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::ffff:0:0:2", "2001:db8:0:1::1"),
    ],
)
def test_who_adds_too_many_links_gets_a_429_for_a_minute(
    compute_host, compute_client, add, address, same, other
):
    statuses = [add(address).status for _ in range(101)]
    refused = add(same)

    assert statuses == [201] * 100 + [429]
    assert (refused.status, refused.headers["Retry-After"]) == (429, "60")
    assert add(other).status == 201
    assert compute_client.get("/fastly", client_address=address).status == 302
    compute_host.clock.advance(121)
    assert add(address).status == 201


def test_a_body_that_is_refused_counts_as_well(compute_client):
    statuses = [compute_client.post("/", body=b"no URL").status for _ in range(101)]

    assert statuses == [400] * 100 + [429]


@pytest.fixture
def logged(compute_host):
    return lambda: [json.loads(line) for line in compute_host.logs["requests"]]


def test_a_request_is_one_line_in_the_log(compute_client, logged):
    compute_client.get("/fastly")
    compute_client.get('/"%0a' + "x" * 500)
    first, second = logged()

    assert (first["message"], first["status"]) == ("GET /fastly", 302)
    assert (second["status"], len(second["message"])) == (404, len("GET ") + 100)
    assert first["request_id"] != second["request_id"]


def test_without_a_rate_limit_links_are_added_and_the_log_says_so(
    compute_host, compute_client, logged
):
    compute_host.fail("erl", "rate-counter.check-rate", "generic-error")

    assert compute_client.post("/", body=URL.encode()).status == 201
    warning, _ = logged()
    assert (warning["level"], warning["message"][:17]) == ("WARNING", "not rate limited:")


def test_a_store_that_is_too_busy_is_a_503(compute_host, compute_client):
    compute_host.fail("kv-store", "await-lookup", "too-many-requests")
    answer = compute_client.get("/fastly")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
