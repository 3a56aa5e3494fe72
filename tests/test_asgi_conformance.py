"""Tests that run in a sandbox, and send their requests over sockets: see tests/asgi_conformance.

They are the sample in its folder; Starlette's own run with `hatch run asgi:conformance`.
"""

import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="hatch test installs what the app is made of")

pytestmark = pytest.mark.xdist_group("asgi-conformance")

HERE = Path(__file__).parent / "asgi_conformance"

sys.path.insert(0, str(HERE))
try:
    from socket_client import SocketClient
finally:
    sys.path.remove(str(HERE))


@pytest.fixture(scope="module")
def client():
    with SocketClient() as client:
        yield client


@pytest.fixture(scope="module")
def apps(servers, client, tmp_path_factory):
    running = type(servers)(tmp_path_factory.mktemp("conformance"), client.url)
    yield running
    running.stop()


@pytest.fixture
def run(client, apps, host):
    url = apps.get(host, HERE / "guest", "main").url
    return lambda name: client.run(url, f"tests/test_sample.py::{name}")


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        ("test_body_and_headers[asyncio]", 1),
        ("test_stream[asyncio]", 1),
        ("test_background_task_of_the_same_process[asyncio]", 1),
        ("test_exception_of_the_app[asyncio]", 2),
        ("test_lifespan_and_state[asyncio]", 2),
        ("test_more_requests_than_a_sandbox_serves[asyncio]", 7),
        ("test_parameters[asyncio-right]", 1),
    ],
)
def test_a_test_passes_whose_requests_go_over_a_socket(client, run, name, requests) -> None:
    before = client.requests

    assert run(name) == ("passed", "")
    assert client.requests - before == requests


@pytest.mark.parametrize("host", ["wasm", "viceroy"], indirect=True)
def test_files_that_a_test_writes_are_kept_in_the_sandbox(run) -> None:
    assert run("test_files[asyncio]") == ("passed", "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test_parameters[asyncio-wrong]", "AssertionError"),
        ("test_wrong_event[asyncio]", "AsgiError: the app sent http.response.body before"),
    ],
)
def test_a_failure_has_its_reason(run, name, reason) -> None:
    outcome, text = run(name)

    assert outcome == "failed"
    assert reason in text
