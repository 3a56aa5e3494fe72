"""Apps that are served by the real command, for the tests of a user's own run of pytest."""

import re
from pathlib import Path

import pytest

from fastly_compute.cli.commands.viceroy import find_viceroy
from fastly_compute.testing.served import ComputeServer, NotServed, Served

APP = """
from wit_world.imports import config_store, http_body, http_resp


class HttpIncoming:
    def handle(self, request, body):
        print("asked for", request.get_uri(1000), flush=True)
        settings = config_store.Store.open("settings")
        out = http_body.new()
        http_body.write(out, settings.get("greeting", 100).encode())
        http_resp.send_downstream(http_resp.Response.new(), out)
"""

CONFIG = """
[local_server.config_stores.settings]
format = "inline-toml"
contents = { greeting = "hello" }
"""

TESTS = """
from urllib.request import urlopen

import pytest


def ask(server, path):
    with urlopen(server.url + path) as answer:
        return answer.read()


def test_one(compute_server):
    assert ask(compute_server, "/one") == b"hello"
    assert "/one" in compute_server.wait_for_log("asked for")
    print("url of", compute_server.host, compute_server.url)


@pytest.mark.compute_runtime(skip={"viceroy": "of no use there"})
def test_two(compute_server):
    assert ask(compute_server, "/two") == b"hello"
    compute_server.wait_for_log("/two")
    print("url of", compute_server.host, compute_server.url)
    assert "asked for" not in "".join(compute_server.logs), "as it is meant to be"


def test_without(pytestconfig):
    assert pytestconfig.getini("compute_entry") == "edge"
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "edge.py").write_text(APP)
    (tmp_path / "local.toml").write_text(CONFIG)
    return tmp_path


def run(run_pytest, tests: str, *args: str) -> str:
    options = ["-o", "compute_entry=edge", "-o", "compute_config=local.toml"]
    return run_pytest(tests, *options, "-p", "no:randomly", "-p", "no:xdist", *args)


def test_an_app_is_served_once_and_its_log_is_shown_where_a_test_fails(run_pytest, app) -> None:
    said = run(run_pytest, TESTS, "-rA")

    assert "1 failed, 2 passed" in said
    # The passing test's own output stands in the summary, too.
    assert len(set(re.findall(r"url of native (http://127.0.0.1:\d+)\n", said))) == 1
    log = said.partition("compute_server log (native)")[2].partition("url of")[0]
    assert re.search(r"asked for http://127.0.0.1:\d+/two", log)
    assert not re.search(r"asked for \S+/one", log)


@pytest.mark.xdist_group("testing-server-wasm")
def test_a_test_runs_on_each_host_that_is_asked_for(run_pytest, app) -> None:
    hosts = ["native", "wasm", *(["viceroy"] if find_viceroy() else [])]
    tests = TESTS.partition('    assert "asked for" not')[0]
    said = run(run_pytest, tests, "-v", "--compute-runtime", ",".join(hosts))

    for host in hosts:
        assert f"test_one[{host}] PASSED" in said
    assert "test_two[wasm] PASSED" in said
    if "viceroy" in hosts:
        assert "test_two[viceroy] SKIPPED (of no use there)" in said
    assert f" {2 * len(hosts) - ('viceroy' in hosts)} passed" in said.splitlines()[-1]
    assert "error" not in said.splitlines()[-1]


def test_a_missing_viceroy_skips_and_says_how_to_get_it(run_pytest, app, monkeypatch) -> None:
    monkeypatch.setenv("VICEROY", "viceroy-that-is-nowhere")
    monkeypatch.delenv("CI", raising=False)
    said = run(run_pytest, TESTS, "-rs", "--compute-runtime=viceroy", "-k", "test_one")

    assert "1 skipped" in said
    assert "install it: cargo install viceroy" in said
    monkeypatch.setenv("CI", "true")
    said = run(run_pytest, TESTS, "--compute-runtime=viceroy", "-k", "test_one")
    assert "1 error" in said
    assert "install it: cargo install viceroy" in said


def test_an_app_that_cannot_be_served_fails_each_test_with_the_reason(run_pytest, app) -> None:
    (app / "edge.py").write_text("raise RuntimeError('at import')\n")
    said = run(run_pytest, TESTS)

    assert "1 passed, 2 errors" in said
    shown = said.partition("short test summary info")[0]
    assert shown.count("the app is not served on the host native:") == 2
    assert "importing it failed with RuntimeError: at import" in said


@pytest.mark.parametrize(
    ("mark", "rule"),
    [
        ('skip={"vicerory": "no"}', "'vicerory': 'no'}) must be a host, one of native, wasm, vice"),
        ('skip={"viceroy": ""}', "must be a host, one of native, wasm, viceroy, and a reason"),
        ('"viceroy"', 'write compute_runtime(skip={"viceroy": "the reason"})'),
        ('skip={}, only="wasm"', 'write compute_runtime(skip={"viceroy": "the reason"})'),
    ],
)
def test_a_mark_that_says_nothing_is_refused(run_pytest, mark, rule) -> None:
    said = run_pytest(f"""
import pytest

@pytest.mark.compute_runtime({mark})
def test_marked(compute_server):
    pass
""")

    assert rule in said


def test_an_unknown_host_is_refused(run_pytest) -> None:
    said = run_pytest("def test_it(): pass", "--compute-runtime=native,wams")

    assert "'wams' is not a host; give one or more of native, wasm, viceroy, with commas" in said


def test_without_the_command_it_says_what_to_install(run_pytest, app) -> None:
    said = run(
        run_pytest,
        """
import importlib.util

import pytest

@pytest.fixture(autouse=True)
def no_command(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *args: None if name == "fastly_compute.cli" else find(name, *args),
    )

def test_it(compute_server):
    pass
""",
    )

    assert "1 error" in said
    assert "pip install fastly-compute-cli" in said


def test_a_server_is_gone_when_it_is_stopped(app) -> None:
    served = Served(host="native", folder=app, entry="edge", config=app / "local.toml")
    server = ComputeServer(served)
    try:
        assert server.url.startswith("http://127.0.0.1:")
        with pytest.raises(AssertionError, match="no line of the log has 'never said'"):
            server.wait_for_log("never said", timeout=0.01)
    finally:
        server.stop()
    server.stop()

    assert server.logs[-1] == "Stopped."


def test_an_entry_that_is_not_there_is_told(app) -> None:
    with pytest.raises(NotServed, match="no module nothing in"):
        ComputeServer(Served(host="native", folder=app, entry="nothing"))
