"""examples/flask-app, bottle-app and django-app on every host, from the outside."""

import hashlib
import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest

pytestmark = pytest.mark.xdist_group("wsgi-examples")

EXAMPLES = Path(__file__).parent.parent / "examples"
LARGE = 20_000_000
BLOCK = b"All work and no play makes Jack a dull boy.\n" * 1024


@pytest.fixture(params=["flask", "bottle", "django"])
def framework(request):
    return request.param


@pytest.fixture
def app(servers, host, framework):
    return servers.get(host, EXAMPLES / f"{framework}-app", "main")


def ask(app, path, method="GET", body=None, headers=()):
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=120)
    connection.request(method, path, body=body, headers=dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def some_megabytes(size: int = LARGE) -> Iterator[bytes]:
    """Bytes that are no text, and no two parts of which are the same."""
    number = 0
    while size:
        part = hashlib.sha512(number.to_bytes(8)).digest() * 1024
        part = part[:size]
        size -= len(part)
        number += 1
        yield part


def test_the_page_is_made_of_a_template(app) -> None:
    answer, content = ask(app, "/")

    assert answer.status == 200
    assert answer.headers["content-type"].lower() == "text/html; charset=utf-8"
    assert b"<h1>Who are you?</h1>" in content
    assert b'<link rel="stylesheet" href="/static/style.css">' in content


def test_a_form_sets_cookies_and_redirects(app, framework) -> None:
    form, headers = {"name": "Zoë & Ünal"}, {}
    if framework == "django":
        page, content = ask(app, "/")
        (form["csrfmiddlewaretoken"],) = re.findall(
            rb'name="csrfmiddlewaretoken" value="(.*?)"', content
        )
        headers["Cookie"] = page.headers["set-cookie"].partition(";")[0]
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer, _ = ask(app, "/name", "POST", urlencode(form), headers)
    cookies = answer.headers.get_all("set-cookie")

    assert answer.status == 303
    assert answer.headers["location"] == "/"
    assert len(cookies) == 2
    assert "httponly" in cookies[0].lower()
    assert cookies[1].startswith("seen=yes")
    both = "; ".join(cookie.partition(";")[0] for cookie in cookies)
    assert "Hello, Zoë &amp; Ünal" in ask(app, "/", headers={"Cookie": both})[1].decode()


def test_a_static_file_comes_from_the_package(app, framework) -> None:
    answer, content = ask(app, "/static/style.css")
    known = {"If-None-Match": str(answer.headers["etag"])}
    again, nothing = ask(app, "/static/style.css", headers=known)

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert content == (next(EXAMPLES.glob(f"{framework}-app/**/style.css"))).read_bytes()
    assert (again.status, nothing) == (304, b"")


@pytest.mark.parametrize("path", ["/nowhere", "/static/nothing.css"])
def test_what_is_not_there_is_the_apps_own_404(app, path) -> None:
    answer, content = ask(app, path)

    assert answer.status == 404
    assert b"<h1>404 Not Found</h1>" in content


def test_what_fails_is_the_apps_own_500_and_its_traceback_is_in_the_log(app) -> None:
    answer, content = ask(app, "/broken")

    assert answer.status == 500
    assert b"<h1>500 Internal Server Error</h1>" in content
    assert b"this page is broken" not in content
    assert app.says("RuntimeError: this page is broken")


def test_a_file_of_20_mb_is_uploaded_by_a_form(app) -> None:
    content = b"".join(some_megabytes())
    boundary = "a-boundary-of-my-own"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nto be kept\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body = head + content + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer, said = ask(app, "/upload", "POST", body, kind)

    assert answer.status == 200
    assert json.loads(said) == {
        "name": "large.bin",
        "note": "to be kept",
        "size": LARGE,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_20_mb_are_uploaded_as_they_are(app) -> None:
    content = b"".join(some_megabytes())
    answer, said = ask(app, "/upload", "PUT", content)

    assert answer.status == 200
    assert json.loads(said) == {"size": LARGE, "sha256": hashlib.sha256(content).hexdigest()}


def test_20_mb_are_downloaded_with_their_length(app) -> None:
    answer, content = ask(app, f"/download/{LARGE}")

    assert answer.status == 200
    assert answer.headers["content-length"] == str(LARGE)
    assert answer.headers["content-disposition"] == 'attachment; filename="dull.txt"'
    expected = (BLOCK * (LARGE // len(BLOCK) + 1))[:LARGE]
    assert hashlib.sha256(content).digest() == hashlib.sha256(expected).digest()


def test_head_says_how_long_a_download_is_and_sends_nothing(app) -> None:
    answer, content = ask(app, "/download/1000", "HEAD")

    assert (answer.status, answer.headers["content-length"]) == (200, "1000")
    assert content == b""


def test_a_body_goes_to_the_origin_and_back(app) -> None:
    answer, content = ask(app, "/origin/some/path", "POST", b"a body " * 1000)
    seen = json.loads(content)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert (seen["method"], seen["path"], seen["body"]) == (
        "POST",
        "/some/path",
        "a body " * 1000,
    )


def test_the_origins_status_goes_through(app) -> None:
    answer, content = ask(app, "/origin/status/404")

    assert (answer.status, content) == (404, b"as you wish")


@pytest.fixture
def measured(app):
    """Asks the app, and returns how many MiB of heap the guest needed."""

    def measured(path, *arguments) -> float:
        marked = f"{path}?{uuid4().hex}"
        answer, _ = ask(app, marked, *arguments)
        assert answer.status == 200
        request = app.says("handling request", marked).partition("request{")[2].partition("}")[0]
        line = app.says(f"{{{request}}}", "WebAssembly heap")
        return float(re.search(r"using ([0-9.]+) MiB", line)[1])

    return measured


# Of the three hosts, only Viceroy says what a guest needed.
on_viceroy = pytest.mark.parametrize("host", ["viceroy"], indirect=True)


@on_viceroy
def test_an_upload_takes_no_memory(measured) -> None:
    small = measured("/upload", "PUT", b"small")
    large = measured("/upload", "PUT", bytes(LARGE))

    assert large - small < 1


@on_viceroy
def test_what_is_passed_on_takes_no_memory(measured, framework) -> None:
    # Django's answer goes through the guest, so that is a short one.
    path = "/origin/status/200" if framework == "django" else "/origin/echo"
    small = measured(path, "POST", b"small")
    large = measured(path, "POST", b"x" * LARGE)

    assert large - small < 1


@on_viceroy
def test_a_download_takes_no_memory(measured) -> None:
    small = measured("/download/1000")
    large = measured(f"/download/{LARGE}")

    assert large - small < 1
