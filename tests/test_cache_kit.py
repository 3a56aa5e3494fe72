"""examples/cache-starter-kit on every host, from the outside."""

import json
import re
import subprocess
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

pytestmark = pytest.mark.xdist_group("cache-kit")

APP = Path(__file__).parent.parent / "examples/cache-starter-kit"
LARGE = 30_000_000
KEY = "a key for this machine only"


@pytest.fixture
def kit(servers, host):
    return servers.get(host, APP, "main")


@pytest.fixture
def name():
    return uuid4().hex


@pytest.fixture
def ask(kit):
    """Asks for a path, and gives what came of it, and the ID of the request that was made."""

    def ask(path):
        with closing(HTTPConnection(urlsplit(kit.url).netloc, timeout=30)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            seen = json.loads(answer.read())
        assert answer.status == 200
        assert seen["path"] == "/" + path.rpartition("/")[2]
        return answer.headers["X-Cache"], dict(seen["headers"])["x-request-id"]

    return ask


@pytest.fixture
def purge(kit):
    def purge(name):
        with closing(HTTPConnection(urlsplit(kit.url).netloc, timeout=30)) as connection:
            connection.request("POST", f"/purge/{name}", headers={"Fastly-Key": KEY})
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"purged")

    return purge


@pytest.fixture
def readthrough_hit(host):
    # Viceroy sends every request to its backend.
    return "MISS" if host == "viceroy" else "HIT"


@pytest.mark.parametrize("path", ["/simple/", "/core/"])
def test_an_answer_is_fetched_once(ask, name, path) -> None:
    first, second = ask(path + name), ask(path + name)

    assert (first[0], second) == ("MISS", ("HIT", first[1]))


def test_a_response_is_kept_by_the_readthrough_cache(ask, name, readthrough_hit) -> None:
    first, second = ask(f"/readthrough/{name}"), ask(f"/readthrough/{name}")

    assert (first[0], second[0]) == ("MISS", readthrough_hit)
    assert (first[1] == second[1]) == (readthrough_hit == "HIT")


def test_the_browser_is_told_another_time(kit, name) -> None:
    with closing(HTTPConnection(urlsplit(kit.url).netloc, timeout=30)) as connection:
        connection.request("GET", f"/readthrough/{name}")
        answer = connection.getresponse()
        answer.read()

    assert answer.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("path", ["/readthrough/", "/simple/", "/core/"])
def test_what_is_purged_is_fetched_anew(ask, purge, name, path) -> None:
    first = ask(path + name)
    purge(name)
    second = ask(path + name)

    assert (first[0], second[0]) == ("MISS", "MISS")
    assert first[1] != second[1]


def test_what_is_stale_is_used_while_it_is_fetched_anew(ask, purge, name) -> None:
    first = ask(f"/core/{name}")
    purge(f"{name}?soft")
    second, third = ask(f"/core/{name}"), ask(f"/core/{name}")

    assert (first[0], second, third[0]) == ("MISS", ("STALE", first[1]), "HIT")
    assert third[1] != first[1]


def test_the_caches_keep_apart(ask, name) -> None:
    assert [ask(path + name)[0] for path in ("/simple/", "/core/", "/readthrough/")] == ["MISS"] * 3


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/core/", 404), ("/purge/x", 405)])
def test_what_cannot_be_asked_is_told(kit, path, status) -> None:
    with closing(HTTPConnection(urlsplit(kit.url).netloc, timeout=30)) as connection:
        connection.request("GET", path)

        assert connection.getresponse().status == status


@pytest.mark.parametrize("path", ["/simple/", "/core/"])
def test_an_error_of_the_origin_is_not_kept(kit, path) -> None:
    for _ in range(2):
        with closing(HTTPConnection(urlsplit(kit.url).netloc, timeout=30)) as connection:
            connection.request("GET", f"{path}status/503")
            answer = connection.getresponse()

            assert (answer.status, answer.read()) == (502, b"the origin has no answer")


@pytest.mark.parametrize("path", ["/simple/", "/core/"])
def test_a_large_value_is_kept_whole(kit, path) -> None:
    states = []
    for _ in range(2):
        with closing(HTTPConnection(urlsplit(kit.url).netloc, timeout=60)) as connection:
            connection.request("GET", f"{path}zeros/{LARGE}")
            answer = connection.getresponse()
            states.append(answer.headers["X-Cache"])

            assert answer.read() == bytes(LARGE)

    assert states == ["MISS", "HIT"]


def test_an_object_has_the_type_that_the_origin_gave_it(kit, name) -> None:
    kinds = []
    for _ in range(2):
        with closing(HTTPConnection(urlsplit(kit.url).netloc, timeout=30)) as connection:
            connection.request("GET", f"/core/{name}")
            kinds.append(connection.getresponse().headers["Content-Type"])

    assert kinds == ["application/json"] * 2


def test_the_readmes_requests_show_what_it_says(kit) -> None:
    readme = (APP / "README.md").read_text()
    asked = re.findall(r"^    (curl .+)$", readme, re.MULTILINE)
    states = []
    for command in asked:
        there = command.replace("http://127.0.0.1:7676", kit.url)
        done = subprocess.run(["bash", "-c", there], capture_output=True, text=True, check=True)
        states += re.findall(r"^x-cache: (\w+)", done.stdout, re.MULTILINE | re.IGNORECASE)

    assert states == ["MISS", "HIT", "STALE"]
