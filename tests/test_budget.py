"""What a request costs: the table of host calls and Python calls in docs/benchmarks.md."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
WAIT = ["http-downstream.next_request", "http-downstream.await_request"]
METHOD = ["http-req.Request.get_method"]
FIELDS = ["http-req.Request.get_header_names", *["http-req.Request.get_header_values"] * 4]
BODY = ["http-body.new", "http-body.write"]
RESPOND = [
    *BODY,
    "http-resp.Response.new",
    "http-resp.Response.set_status",
    "http-resp.Response.append_header",
    "http-resp.send_downstream",
]
ENVIRON = [
    "http-req.Request.get_uri",
    "http-req.Request.get_version",
    "http-downstream.downstream_client_ip_addr",
    *FIELDS,
]
OPEN = ["backend.Backend.open", "http-body.new"]
REQUEST = ["http-req.Request.new", "http-req.Request.set_method", "http-req.Request.set_uri"]
FIELD = ["http-req.Request.append_header"]
SEND = ["http-req.send"]
READ = [
    "http-resp.Response.get_status",
    "http-resp.Response.get_header_values",  # Content-Encoding
    *["http-body.read"] * 2,
    "http-resp.Response.get_header_values",  # Content-Type
]
PASS_ON = ["http-resp.send_downstream"]

HOST_CALLS = {
    "hello": [*WAIT, *METHOD, *RESPOND],
    "hello, WSGI": [*WAIT, *METHOD, *ENVIRON, *RESPOND],
    "a GET passed on": [*WAIT, *METHOD, *OPEN, *REQUEST, *FIELD, *SEND, *PASS_ON],
    "a GET with three of the client's headers, passed on": [
        *[*WAIT, *METHOD, *FIELDS, *OPEN, *REQUEST],
        *[*FIELD * 4, *SEND, *PASS_ON],
    ],
    "JSON by `fastly_compute.requests`": [
        *[*WAIT, *METHOD, *OPEN, *REQUEST],
        *[*FIELD * 4, *SEND, *READ, *RESPOND],
    ],
}


@pytest.fixture(scope="module")
def calls() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(ROOT)
        yield importlib.import_module("benchmarks.budget")


@pytest.fixture(scope="module")
def origin(calls: ModuleType) -> Iterator[str]:
    with calls.origin() as url:
        yield url


def figures(text: str) -> dict[str, list[int]]:
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return {name.strip(): list(map(int, numbers)) for name, *numbers in rows[2:]}


@pytest.mark.parametrize("name", HOST_CALLS)
def test_a_request_makes_these_host_calls(calls: ModuleType, origin: str, name: str) -> None:
    assert calls.cost(calls.services()[name], origin).host == HOST_CALLS[name]


def test_the_published_counts_are_what_the_command_prints() -> None:
    text = (ROOT / "docs/benchmarks.md").read_text()
    published = figures(text.partition("\n## What a request calls\n")[2].partition("\n## ")[0])

    # In a process of its own: caches that other tests have filled save calls.
    command = [sys.executable, "-m", "benchmarks.budget", "-v"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for name, counts in figures(printed.partition("\n\n")[0]).items():
        if name in HOST_CALLS:
            assert counts[:2] == published[name][:2], printed
            assert counts[2] <= published[name][2], printed


def test_what_is_counted(calls: ModuleType, origin: str) -> None:
    calling = calls.service(lambda _: calls.hello(None), reuse=calls.Reuse())
    found = calls.cost(calling, origin)

    assert found.python["fastly_compute.http.response.Response.text"] == 1
    assert found.python["fastly_compute.http.handler.Service._serve"] == 1
    assert not [name for name in found.python if name.startswith("fastly_compute.local")]
    assert sys.getprofile() is None
