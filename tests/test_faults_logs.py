"""examples/structured-logs, with each host call failing that it makes."""

import json
import sys
from collections import Counter

import pytest

from fastly_compute.testing import ComputeClient, ComputeHost, inject_faults

pytestmark = pytest.mark.xdist_group("logs-faults")


@pytest.fixture(params=["native", "wasm"])
def logs_app(request, examples):
    app = examples.get(request.param, "structured-logs")
    close_endpoints()
    yield app
    close_endpoints()


def close_endpoints() -> None:
    """Natively, let the app open its endpoints anew, as each sandbox does on the other hosts."""
    if module := sys.modules.get("structured_logs_main"):
        module.handler.close()


def scenario(compute_host, compute_client) -> None:
    send(compute_host, compute_client)
    close_endpoints()


def send(compute_host, compute_client) -> None:
    compute_host.config_stores["settings"] = {"greeting": "Hei", "level": "DEBUG"}
    for path, status in (("/?name=Ada", 200), ("/?name=" + "x" * 101, 400)):
        answer = compute_client.get(path)

        assert answer.status in {status, 500}
        if answer.status == 200:
            assert answer.text in {"Hei, Ada!", "Hello, Ada!"}


@pytest.mark.parametrize("error", ["generic-error", "limit-exceeded", "not-found", "unsupported"])
def test_no_host_call_that_fails_brings_the_app_down(logs_app, error) -> None:
    swept = inject_faults(logs_app, scenario, errors=[error])

    failed = {call.name for call in swept.calls}
    assert {"config-store.store.open", "log.endpoint.open"} <= failed


@pytest.mark.parametrize("times", [0, 1])
def test_an_endpoint_that_fails_once_gets_every_record_once(logs_app, times) -> None:
    with ComputeHost() as compute_host:
        if times:
            compute_host.fail("log", "endpoint.open", "generic-error", on_call=1)
        compute_host.config_stores["settings"] = {"level": "DEBUG"}
        client = ComputeClient(compute_host.host, logs_app)
        answers = [client.get(f"/{number}").status for number in range(3)]
        lines = [json.loads(line) for line in compute_host.logs["requests"]]

    assert answers == [200] * 3
    # Of each request a debug record and an info record, in this order.
    assert [line["message"] for line in lines] == [
        text for number in range(3) for text in ("the name is 'visitor'", f"GET /{number}")
    ]
    assert Counter(Counter(line["request_id"] for line in lines).values()) == {2: 3}


def test_a_host_with_small_buffers_changes_nothing(logs_app) -> None:
    with ComputeHost() as compute_host:
        compute_host.tiny_buffers()
        compute_host.config_stores["settings"] = {"greeting": "Hei"}
        client = ComputeClient(compute_host.host, logs_app)

        assert client.get("/?name=Ada").text == "Hei, Ada!"
