"""What the platform tells an app and does for it, on every host; see tests/platform_app."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("platform")

APP = Path(__file__).parent / "platform_app"


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "platform_app")


@pytest.fixture
def ask(app):
    """Has the app call one of its functions, and returns what that returned."""

    def ask(path, **headers):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
            connection.request("GET", f"/{path}", headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content.decode()
        return json.loads(content)

    return ask


def test_nothing_is_known_at_import(ask) -> None:
    early = ask("too_early")

    assert len(early) == 6
    for message in early.values():
        assert message.endswith("Move the call into the handler.")


def test_an_app_reads_where_it_runs(ask) -> None:
    facts = ask("facts")
    sandbox, trace = facts.pop("sandbox_id"), facts.pop("trace_id")

    assert facts == {
        "service_id": "0" * 22,
        "service_version": 0,
        "customer_id": "0" * 22,
        "namespace_id": "",
        "cache_generation": 0,
        "hostname": "localhost",
        "pop": "XXX",
        "region": "Somewhere",
        "is_staging": False,
    }
    assert sandbox == trace
    assert len(sandbox) == 32
    assert int(sandbox, 16) >= 0
    assert ask("facts")["sandbox_id"] != sandbox


def test_the_environment_says_the_same(ask) -> None:
    found = ask("environment")
    trace = found.pop("FASTLY_TRACE_ID")

    assert found == {
        "FASTLY_CACHE_GENERATION": "0",
        "FASTLY_CUSTOMER_ID": "0" * 22,
        "FASTLY_HOSTNAME": "localhost",
        "FASTLY_IS_STAGING": "0",
        "FASTLY_POP": "XXX",
        "FASTLY_REGION": "Somewhere",
        "FASTLY_SERVICE_ID": "0" * 22,
        "FASTLY_SERVICE_VERSION": "0",
    }
    assert len(trace) == 32
    assert ask("environment")["FASTLY_TRACE_ID"] != trace


def test_the_service_has_no_products(ask) -> None:
    assert ask("products") == [False, False, False]


def test_work_takes_cpu_time(host, ask) -> None:
    before, after, heap = ask("usage")

    assert after - before >= 0.02
    # Natively and on wasm, nobody measures the memory.
    assert heap > 10 if host == "viceroy" else heap == 0
