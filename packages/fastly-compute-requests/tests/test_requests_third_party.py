"""Libraries that were written for `requests`, with `install()`: each in a separate process.

In this one pytest's plugins have imported the real `requests`.
"""

import subprocess
import sys
import textwrap

import pytest

for name in ("cachecontrol", "gitlab", "requests_mock", "requests_toolbelt", "responses"):
    pytest.importorskip(name, reason="hatch test installs it")

BEGIN = """\
import json, sys
from fastly_compute import requests
from fastly_compute.local import BackendConfig, Host, HostConfig

requests.install()
url = sys.argv[1]
session = requests.Session()
with Host(HostConfig(backends={"origin": BackendConfig(url=url)})) as host, host.guest_context():
"""


@pytest.fixture
def run(echo):
    """Run code as a guest, whose `url` is an origin, and return what it prints."""

    def run(code):
        program = BEGIN + textwrap.indent(textwrap.dedent(code), "    ")
        finished = subprocess.run(
            [sys.executable, "-c", program, echo.url], capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.splitlines()

    return run


def test_toolbelt_sends_a_form_piece_by_piece_and_dumps_it(run, echo):
    (dumped,) = run("""
        from requests_toolbelt import MultipartEncoder
        from requests_toolbelt.sessions import BaseUrlSession
        from requests_toolbelt.utils import dump
        form = MultipartEncoder(fields={"a": "b", "file": ("n.txt", b"hello", "text/plain")})
        session = BaseUrlSession(f"{url}/base/")
        response = session.post("x", data=form, headers={"Content-Type": form.content_type})
        print(dump.dump_all(response).splitlines()[0].decode())
        """)

    assert dumped == "< POST /base/x HTTP/1.1"
    (seen,) = echo.seen
    assert seen["headers"]["content-length"] == str(len(seen["body"]))
    assert 'filename="n.txt"' in seen["body"]


def test_toolbelt_authenticates_by_what_the_origin_asks_for(run, echo):
    run("""
        from requests_toolbelt.auth.guess import GuessAuth
        asks = {"status": "401", "www-authenticate": 'Basic realm="x"'}
        session.get(url, params=asks, auth=GuessAuth("user", "pass"))
        """)

    assert [seen["headers"].get("authorization") for seen in echo.seen] == [
        None,
        "Basic dXNlcjpwYXNz",
    ]


def test_an_adapter_that_sets_up_connections_is_refused(run):
    said = run("""
        from requests_toolbelt.adapters.fingerprint import FingerprintAdapter
        from requests_toolbelt.adapters.host_header_ssl import HostHeaderSSLAdapter
        try:
            FingerprintAdapter("aa:bb")
        except NotImplementedError as error:
            print(error)
        session.mount("http://", HostHeaderSSLAdapter())
        try:
            session.get(url)
        except AttributeError as error:
            print(error)
        """)

    assert said[0].startswith("FingerprintAdapter overrides init_poolmanager(), which is never")
    assert said[1].startswith("'HostHeaderSSLAdapter' object has no attribute 'poolmanager': it se")


def test_python_gitlab_reads_and_writes(run, echo):
    said = run("""
        import gitlab
        client = gitlab.Gitlab(url, private_token="t0ken", timeout=3)
        json = {"content-type": "application/json"}
        print(client.http_get("/projects/1", query_data=json)["path"].partition("?")[0])
        print(client.http_post("/projects", json, {"name": "x"})["method"])
        """)

    assert said == ["/api/v4/projects/1", "POST"]
    assert [seen["headers"]["private-token"] for seen in echo.seen] == ["t0ken", "t0ken"]
    assert echo.seen[1]["body"] == '{"name": "x"}'


def test_cachecontrol_keeps_a_response_and_gives_it_again(run, echo):
    said = run("""
        from cachecontrol import CacheControl
        session = CacheControl(session)
        for _ in range(2):
            response = session.get(f"{url}/fresh", params={"cache-control": "private, max-age=60"})
            print(response.from_cache, response.json()["path"].partition("?")[0])
        """)

    assert said == ["False /fresh", "True /fresh"]
    assert len(echo.seen) == 1


def test_cachecontrol_keeps_a_response_that_is_read_as_a_stream(run, echo):
    said = run("""
        from cachecontrol import CacheControl
        session = CacheControl(session)
        asked = {"params": {"cache-control": "private, max-age=60"}, "stream": True}
        for _ in range(2):
            response = session.get(f"{url}/fresh", **asked)
            print(response.from_cache, len(b"".join(response.iter_content(7))))
        """)

    assert said[0].removeprefix("False") == said[1].removeprefix("True")
    assert len(echo.seen) == 1


def test_cachecontrol_asks_whether_what_it_keeps_is_current(run, echo):
    run("""
        from cachecontrol import CacheControl
        session = CacheControl(session)
        for _ in range(2):
            session.get(url, params={"cache-control": "private, max-age=0", "etag": '"a"'})
        """)

    assert [seen["headers"].get("if-none-match") for seen in echo.seen] == [None, '"a"']


def test_cachecontrol_applies_a_heuristic(run, echo):
    said = run("""
        from cachecontrol import CacheControl
        from cachecontrol.heuristics import ExpiresAfter
        session = CacheControl(session, heuristic=ExpiresAfter(days=1))
        for _ in range(2):
            response = session.get(url, params={"cache-control": "private, max-age=0"})
            print(response.from_cache, response.headers["cache-control"])
        """)

    assert said == ["False public", "True public"]


def test_responses_answers_instead_of_the_origin(run, echo):
    said = run("""
        import responses
        session.mount("https://api.example/v1/", requests.BackendAdapter("origin"))
        with responses.RequestsMock() as mock:
            for path in ("v1/x", "v2/x"):
                headers = {"Set-Cookie": "k=v; Path=/"}
                mock.get(f"https://api.example/{path}", json={"a": path}, headers=headers)
                response = session.get(f"https://api.example/{path}", timeout=3)
                print(response.json(), response.cookies["k"], session.cookies["k"])
            try:
                requests.get("https://api.example/unknown")
            except requests.ConnectionError as error:
                print(str(error).partition(" - ")[0])
            try:
                requests.gather([requests.Request("GET", "https://api.example/v1/x")])
            except NotImplementedError as error:
                print(error)
            print(len(mock.calls))
        print(session.get(f"{url}/after").json()["path"])
        """)

    assert said[:2] == ["{'a': 'v1/x'} v v", "{'a': 'v2/x'} v v"]
    assert said[2] == "Connection refused by Responses"
    assert said[3].startswith("HTTPAdapter cannot send without waiting: its send() is not the ")
    assert said[4:] == ["3", "/after"]
    assert len(echo.seen) == 1


def test_responses_answers_as_often_as_a_retry_asks(run):
    said = run("""
        import responses, urllib3
        from responses.registries import OrderedRegistry
        retry = urllib3.Retry(total=3, status_forcelist=[503])
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retry))
        with responses.RequestsMock(registry=OrderedRegistry) as mock:
            for status in (503, 503, 200):
                mock.get("https://api.example/", status=status)
            print(session.get("https://api.example/").status_code)
        """)

    assert said == ["200"]


def test_requests_mock_answers_instead_of_the_origin(run, echo):
    said = run("""
        import requests_mock
        with requests_mock.Mocker() as mock:
            headers = {"Set-Cookie": "k=v; Path=/"}
            mock.get("https://api.example/x", json={"a": 1}, headers=headers)
            response = session.get("https://api.example/x")
            print(response.json(), response.cookies["k"], mock.call_count)
            try:
                requests.get("https://api.example/unknown")
            except requests_mock.NoMockAddress as error:
                print(error)
            try:
                requests.gather([requests.Request("GET", "https://api.example/x")])
            except NotImplementedError as error:
                print(error)
        """)

    assert said[:2] == ["{'a': 1} v 1", "No mock address: GET https://api.example/unknown"]
    assert said[2].startswith("Session cannot send without waiting: its send() is not the usual")
    assert echo.seen == []


def test_the_fixture_of_requests_mock_needs_its_plugin_to_wait(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "from fastly_compute import requests\n"
        "requests.install()\n"
        "pytest_plugins = ['requests_mock.contrib._pytest_plugin']\n"
    )
    (tmp_path / "test_app.py").write_text(
        "from fastly_compute import requests\n"
        "def test_it(requests_mock):\n"
        "    requests_mock.get('https://api.example/', text='mocked')\n"
        "    assert requests.get('https://api.example/').text == 'mocked'\n"
    )

    def ran(*options):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    waiting = ran("-p", "no:requests_mock")
    assert "1 passed" in waiting.stdout, waiting.stdout + waiting.stderr
    early = ran()
    assert "requests was imported before: call install() before" in early.stdout + early.stderr
