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
    compute_host.clock.advance(main.LIFETIME)

    assert compute_client.get(name).status == 404


@pytest.mark.parametrize(
    "url",
    [
        *["", "example.com", "javascript:alert(1)", "http://", "http://["],
        *[
            "https://a.example/\r\nX: y",
            "https://a.example/" + "x" * 2000,
            "https://\u00fc.example/",
        ],
    ],
)
def test_what_is_not_a_url_is_refused(compute_client, links, url):
    assert compute_client.post("/", body=url.encode()).status == 400
    assert list(links) == ["fastly"]


@pytest.mark.parametrize("path", ["/", "/missing", "/a/b", "/..", "/a%23"])
def test_what_is_not_there(compute_client, path):
    assert compute_client.get(path).status == 404
