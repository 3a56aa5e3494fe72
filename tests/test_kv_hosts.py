"""KV stores as an app sees them, on every host; see tests/test_kv_app."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import WasmApp
from fastly_compute.local.runtime.wasm import app as wasm_app
from fastly_compute.testing import ComputeClient

pytestmark = pytest.mark.xdist_group("kv")

APP = Path(__file__).parent / "test_kv_app"


@pytest.fixture
def ask(servers, host):
    """Has the app call one of its functions, and returns what that returned."""
    app = servers.get(host, APP, "kv_app")

    def ask(do, **arguments):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=120)) as connection:
            connection.request("POST", "/", body=json.dumps({"do": do, **arguments}))
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content.decode()
        return json.loads(content)

    return ask


@pytest.fixture
def key():
    return uuid4().hex


def test_a_call_at_import_is_an_error_that_says_where_it_belongs(ask) -> None:
    assert ask("too_early").endswith("Move the call into the handler.")


def test_a_value_of_the_configuration(ask) -> None:
    assert ask("seed") == ["beside", "planted"]


def test_a_value_is_stored_read_and_deleted(ask, key) -> None:
    assert ask("round_trip", key=key) == [
        *[True, ["euro", "euro", "7 €", True], "<7 €!", True, False]
    ]


def test_what_is_refused_is_told_apart(ask, key) -> None:
    assert ask("refusals", key=key) == [
        [
            *["KVStoreNotFound", "KVPreconditionFailed", "KVPreconditionFailed", "KVBadRequest"],
            "InvalidKey",
        ],
        "2",
    ]


def test_ten_thousand_keys_are_listed(ask, key) -> None:
    few = [f"{key}/0000{number}" for number in range(3)]

    assert ask("pages", prefix=key, count=10_000) == [
        *[10_000, True, f"{key}/09999", few, True, []]
    ]


def test_a_value_of_25_mb_is_written_and_read_in_pieces(ask, key) -> None:
    size = 25 << 20
    found, longest, same, copied, growth = ask("large", key=key, megabytes=25)

    assert (found, same, copied) == (size, True, size)
    assert longest <= 512 * 1024
    # MiB by which the guest's own memory grew, on Viceroy; local hosts report 0.
    assert growth <= 2


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [1, 25])
def test_a_value_of_any_size_goes_through_a_guest_with_little_memory(
    copy, monkeypatch, compute_host, megabytes
) -> None:
    # An app of which a sandbox has 20 MiB before it handles a request.
    monkeypatch.setattr(wasm_app, "_MEMORY_LIMIT", 28 << 20)
    app = WasmApp(build(Project(folder=copy(APP), entry="kv_app")).output)
    compute_host.kv["shelf"] = {}
    asked = {"do": "large", "key": "key", "megabytes": megabytes}
    answer = ComputeClient(compute_host.host, app).post("/", body=json.dumps(asked).encode())

    assert (answer.status, answer.json()[0]) == (200, megabytes << 20)


def test_of_several_writers_with_one_generation_one_wins(ask, key) -> None:
    ask("put", key=key, value="first")
    generation = ask("generation", key=key)

    def write(number):
        return ask("put", key=key, value=str(number), if_generation=generation)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))

    assert won.count(True) == 1
    assert ask("get", key=key) == str(won.index(True))


def test_operations_are_joined_with_requests(ask) -> None:
    assert ask("joined") == [True, "planted", 200]


def test_the_body_of_a_response_is_stored(ask, key) -> None:
    assert ask("response_body", key=key) == "as you wish"
