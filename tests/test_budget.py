"""What a request costs: the table of host calls and Python calls in docs/benchmarks.md."""

import importlib.util
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
    "http-resp.Response.get_header_names",
    *["http-resp.Response.get_header_values"] * 5,
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
def calls() -> ModuleType:
    spec = importlib.util.spec_from_file_location("budget", ROOT / "benchmarks/budget.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def origin(calls: ModuleType) -> Iterator[str]:
    with calls.origin() as url:
        yield url


@pytest.fixture(scope="module")
def published() -> dict[str, list[int]]:
    text = (ROOT / "docs/benchmarks.md").read_text()
    table = text.partition("\n## What a request calls\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return {name.strip(): list(map(int, figures)) for name, *figures in rows[2:]}


@pytest.mark.parametrize("name", HOST_CALLS)
def test_a_request_makes_no_more_calls_than_published(
    calls: ModuleType, origin: str, published: dict[str, list[int]], name: str
) -> None:
    found = calls.cost(calls.services()[name], origin)
    host, python, library = published[name]

    assert found.host == HOST_CALLS[name]
    assert len(found.host) == host
    assert found.python.total() <= python, found.python.most_common()
    assert found.library.total() <= library, found.library.most_common()


def test_what_is_counted(calls: ModuleType, origin: str) -> None:
    calling = calls.service(lambda _: calls.hello(None), reuse=calls.Reuse())
    found = calls.cost(calling, origin)

    assert found.python["fastly_compute.http.response.Response.text"] == 1
    assert found.python["fastly_compute.http.handler.Service._serve"] == 1
    assert not [name for name in found.python if name.startswith("fastly_compute.local")]
    assert sys.getprofile() is None
