"""The plugin's effects on a test run, seen from outside."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)

ASKING = """
from wit_world.imports import backend, http_body, http_req
from componentize_py_types import Err

def ask(path="/user?id=1", method="GET"):
    request = http_req.Request.new()
    request.set_method(method)
    request.set_uri("http://shop.example" + path)
    return http_req.send(request, http_body.new(), backend.Backend.open("origin"))
"""


def asking(test: str) -> str:
    return "import fastly_compute.local\n" + ASKING + test


def readme(*parts: str) -> str:
    """The README's Python blocks that have one of these in them."""
    return "\n".join(block for block in BLOCKS if any(part in block for part in parts))


APP, TEST = BLOCKS[:2]
SERVED = "compute_server"
WITH_APP = ("compute_client", "compute_app", SERVED)


def test_the_readmes_test_passes_and_is_short(run_pytest, tmp_path) -> None:
    (tmp_path / "main.py").write_text(APP)
    said = run_pytest(TEST, "-p", "no:randomly", "-q", "--import-mode=importlib", "-opythonpath=.")

    assert "1 passed" in said
    assert len(TEST.splitlines()) <= 15


def test_the_readmes_other_tests_of_the_app_pass(run_pytest, tmp_path) -> None:
    (tmp_path / "main.py").write_text(APP)
    code = "import requests\nfrom fastly_compute.testing import inject_faults\n" + readme(*WITH_APP)
    said = run_pytest(code, "-p", "no:xdist", "--import-mode=importlib", "-opythonpath=.")

    assert "4 passed" in said


def test_the_readmes_other_tests_pass(run_pytest) -> None:
    other = [block for block in BLOCKS[1:] if not any(part in block for part in WITH_APP)]
    code = "from fastly_compute.local import KvItem\nfrom fastly_compute.testing import Reply\n"

    assert "3 passed" in run_pytest(code + "\n".join(other))


def test_a_request_without_a_reply_fails_a_test_that_does_not_notice(run_pytest) -> None:
    said = run_pytest(
        asking("""
def test_unmatched(compute_host):
    origin = compute_host.backend("origin")
    origin.get("/users")
    origin.post("/user")
    origin.get("/user", query={"id": "2"})
    try:
        ask()
    except Err as err:
        assert type(err.value.detail) is http_req.SendErrorDetail_DestinationNotFound
""")
    )

    assert "1 failed" in said
    assert "error" not in said.splitlines()[-1]
    shown = README.partition("No reply is registered")[2].partition("\n```")[0]
    assert "No reply is registered" + shown in said
    assert "has GET /user with the query {'id': ['2']}: the query is {'id': ['1']}" in said


def test_a_reply_that_is_never_used_fails_the_test_that_registers_it(run_pytest) -> None:
    said = run_pytest(
        asking("""
import pytest

@pytest.fixture
def origin(compute_host):
    compute_host.backend("origin").get("/user", json=7)
    return compute_host.backend("origin")

def test_hidden(origin):
    origin.get("/user", status=503)
    ask()
""")
    )

    assert "1 failed" in said
    assert "error" not in said.splitlines()[-1]
    shown = README.partition("Reply 2 of backend 'origin', ")[2].partition("\n```")[0]
    assert shown
    assert "Reply 2 of backend 'origin', " + shown in said


def test_a_request_without_a_reply_fails_a_fixture_that_makes_it_at_its_end(run_pytest) -> None:
    said = run_pytest(
        asking("""
import pytest

@pytest.fixture
def late(compute_host):
    compute_host.backend("origin")
    yield
    with pytest.raises(Err):
        ask()

def test_late(late):
    pass
""")
    )

    assert "1 passed, 1 error" in said
    assert "backend 'origin' has no replies registered" in said


def test_a_test_that_fails_otherwise_shows_the_hosts_lines_and_the_requests(run_pytest) -> None:
    said = run_pytest(
        asking("""
def test_failing(compute_host):
    compute_host.backend("origin")
    compute_host.host.log("a line of the host")
    try:
        ask()
    except Err:
        assert not "otherwise"
""")
    )

    assert "1 failed" in said
    assert "error" not in said.splitlines()[-1]
    assert re.search(r"- Captured compute_host output call -+\na line of the host", said)
    assert "assert not 'otherwise'" in said
    assert re.search(r"- Captured compute_host problems call -+\nNo reply is registered", said)


def test_a_callback_that_raises_fails_the_test_with_its_traceback(run_pytest) -> None:
    said = run_pytest(
        asking("""
def test_callback(compute_host):
    compute_host.backend("origin").callback("GET", "/user", lambda call: call.nothing)
    try:
        ask()
    except Err as err:
        assert type(err.value.detail) is http_req.SendErrorDetail_InternalError
""")
    )

    assert "1 failed" in said
    assert "AttributeError: 'Call' object has no attribute 'nothing'" in said


def test_a_client_without_an_app_says_what_to_define(run_pytest) -> None:
    said = run_pytest("def test_app(compute_client):\n    pass\n")

    assert "1 error" in said
    assert "define a fixture named compute_app" in said


def test_tests_in_parallel_and_in_any_order_do_not_see_each_other(run_pytest) -> None:
    said = run_pytest(
        asking("""
import pytest

@pytest.mark.parametrize("number", range(40))
def test_alone(compute_host, number):
    compute_host.backend("origin").get("/user", text=str(number))
    assert not compute_host.calls
    assert "vault" not in compute_host.secrets
    compute_host.secrets["vault"]["number"] = b"%d" % number
    response, body = ask()
    assert http_body.read(body, 100) == b"%d" % number
    assert len(compute_host.calls) == 1

def test_nothing_is_left():
    with pytest.raises(Exception, match="while no request is being handled"):
        ask()
"""),
        "-n2",
    )

    assert "41 passed" in said


def test_the_plugin_imports_no_host_until_a_test_wants_one(run_pytest) -> None:
    said = run_pytest("""
import sys

def test_light(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("fastly_compute")
    assert "fastly_compute.testing.plugin" in sys.modules
    assert not {"wasmtime", "httpcore", "fastly_compute.local", "wit_world"} & sys.modules.keys()
""")

    assert "1 passed" in said


def test_the_package_needs_none_of_the_guests() -> None:
    code = """
import sys
import fastly_compute.testing as testing
for name in testing.__all__:
    getattr(testing, name)
guests = {"backend", "http", "requests", "secret_store"}
print(*sorted(name for name in guests if f"fastly_compute.{name}" in sys.modules))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "\n"


CREDENTIALS = """
import pytest
from fastly_compute import requests
from fastly_compute.http import Headers, Request, Response, service

TOKEN = "".join(["correct", " ", "horse"])  # or it would be in the source that pytest shows
NAMES = ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Grip-Sig"]
FIELDS = dict.fromkeys(NAMES, TOKEN)


def handle(request):
    requests.get("https://api.example/", headers=dict(request.headers.items()), backend="origin")
    return Response()


@pytest.fixture
def compute_app():
    return service(handle)


def test_a_request_without_a_reply(compute_host, compute_client):
    compute_host.backend("origin").get("/other", text="x")
    compute_client.get("/", headers=FIELDS)


def test_a_callback_that_fails(compute_host, compute_client):
    def reply(call):
        raise ZeroDivisionError(call)

    compute_host.backend("origin").callback("GET", "/", reply)
    compute_client.get("/", headers=FIELDS)


def test_an_assertion_about_a_call(compute_host, compute_client):
    compute_host.backend("origin").get("/", headers={"Set-Cookie": TOKEN})
    answer = compute_client.get("/", headers=FIELDS)
    assert (compute_host.calls, answer) == ([], None)


def test_a_request_to_no_backend(compute_host):
    Request("GET", "https://api.example/", headers=FIELDS).send("nothing")


def test_a_request_of_the_facade_to_no_backend(compute_host):
    requests.get("https://api.example/", headers=FIELDS, backend="nothing")


def test_a_session(compute_host):
    session = requests.Session()
    session.headers.update(FIELDS)
    session.auth = ("me", TOKEN)
    session.cookies["a"] = TOKEN
    session.get("https://api.example/")


def test_a_header_that_cannot_be_sent():
    Headers({"Authorization": TOKEN + chr(10)})


def test_a_header_that_the_facade_cannot_send(compute_host):
    requests.get("https://api.example/", headers={"Authorization": TOKEN + chr(10)})
"""


def test_no_report_shows_a_credential(run_pytest) -> None:
    said = run_pytest(CREDENTIALS, "-vv")

    assert "8 failed" in said
    assert "horse" not in said
