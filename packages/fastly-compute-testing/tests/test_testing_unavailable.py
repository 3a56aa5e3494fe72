"""An app that does what no sandbox can does not pass its tests."""

import pytest

APP = """
import socket

import pytest
from wit_world.imports import http_body, http_resp


class HttpIncoming:
    def handle(self, request, body):
        socket.socket().close()
        http_resp.send_downstream(http_resp.Response.new(), http_body.new())
"""

TEST = """
@pytest.fixture
def compute_app():
    return HttpIncoming


def test_it(compute_client):
    assert compute_client.get("/").status == 200
"""

SERVED = """
from urllib.request import urlopen


def test_it(compute_server):
    urlopen(compute_server.url).close()
    compute_server.wait_for_log("opens a socket")  # which may come later than the answer
"""


def test_it_is_an_error_by_default(run_pytest) -> None:
    said = run_pytest("import fastly_compute.local\n" + APP + TEST)

    assert "1 failed" in said
    assert "UnavailableInSandbox: test_inner:11 opens a socket, but a sandbox has no" in said


def test_it_can_be_a_warning(run_pytest) -> None:
    code = "import fastly_compute.local\n" + APP + TEST
    said = run_pytest(code, "-o", "compute_unavailable=warn", "-W", "default", "-p", "no:xdist")

    assert "1 passed, 1 warning" in said
    assert "UnavailableInSandboxWarning: test_inner:11 opens a socket" in said


def test_it_can_be_allowed(run_pytest) -> None:
    code = "import fastly_compute.local\n" + APP + TEST

    assert "1 passed" in run_pytest(code, "-o", "compute_unavailable=allow")


def test_another_setting_is_refused(run_pytest) -> None:
    said = run_pytest("def test_it(): pass", "-o", "compute_unavailable=off")

    assert "compute_unavailable = 'off': must be one of error, warn, allow" in said


def test_a_test_can_allow_it(run_pytest) -> None:
    said = run_pytest(
        "import fastly_compute.local\n"
        + APP
        + TEST
        + """

@pytest.fixture(autouse=True)
def allowed(compute_host):
    assert compute_host.unavailable == "error"
    compute_host.unavailable = "allow"
    with pytest.raises(ValueError, match="unavailable = 'off'"):
        compute_host.unavailable = "off"
"""
    )

    assert "1 passed" in said


def test_the_code_of_a_test_may_do_it(run_pytest) -> None:
    said = run_pytest("""
import socket
import threading


def test_it(compute_host, tmp_path):
    (tmp_path / "file").write_text("made")
    socket.socket().close()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
""")

    assert "1 passed" in said


def test_what_a_reply_does_is_not_the_apps(run_pytest) -> None:
    said = run_pytest("""
import fastly_compute.local
import pytest
from fastly_compute.http import Request, Response, service
from fastly_compute.testing import Reply


@pytest.fixture
def compute_app():
    def handle(request):
        return Response(body=Request("GET", "http://h.example/").send("origin").body.read())

    return service(handle)


def test_it(compute_host, compute_client, tmp_path):
    def reply(call):
        (tmp_path / "seen").write_text(call.path)
        return Reply.of(text="written")

    compute_host.backend("origin").callback("GET", "/", reply)
    assert compute_client.get("/").text == "written"
""")

    assert "1 passed" in said


@pytest.mark.parametrize(("setting", "outcome"), [("error", "1 failed"), ("warn", "1 passed")])
def test_a_served_app(run_pytest, tmp_path, setting: str, outcome: str) -> None:
    (tmp_path / "main.py").write_text(APP)
    options = ["-o", f"compute_unavailable={setting}", "-p", "no:xdist", "-rA"]
    said = run_pytest(SERVED, *options)

    assert outcome in said
    assert "main:10 opens a socket" in said
