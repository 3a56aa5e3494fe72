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


@pytest.mark.parametrize("reused", [False, True], ids=["fresh", "reused"])
@pytest.mark.parametrize("failures", [0, 1])
def test_an_endpoint_that_fails_once_gets_every_record_once(
    logs_app, request, failures, reused
) -> None:
    opened = []

    def count(label, function, args):
        opened.extend([label] * (label == "log.Endpoint.open"))
        return injected(label, function, args)

    with ComputeHost() as compute_host:
        injected = compute_host.host.interpose
        compute_host.host.interpose = count
        if failures:
            compute_host.fail("log", "endpoint.open", "generic-error", on_call=1)
        compute_host.config_stores["settings"] = {"level": "DEBUG"}
        client = ComputeClient(compute_host.host, logs_app)
        paths = ["/0", "/1", "/2"]
        answers = client.requests(paths) if reused else [client.get(path) for path in paths]
        lines = [json.loads(line) for line in compute_host.logs["requests"]]

    assert [answer.status for answer in answers] == [200] * 3
    # Of each request a debug record and an info record, in this order.
    assert [line["message"] for line in lines] == [
        text for path in paths for text in ("the name is 'visitor'", f"GET {path}")
    ]
    assert Counter(Counter(line["request_id"] for line in lines).values()) == {2: 3}
    # Natively, the handler is the same in every sandbox.
    once = reused or "native" in request.node.name
    assert len(opened) == failures + (1 if once else 3)


def test_a_host_with_small_buffers_changes_nothing(logs_app) -> None:
    with ComputeHost() as compute_host:
        compute_host.tiny_buffers()
        compute_host.config_stores["settings"] = {"greeting": "Hei"}
        client = ComputeClient(compute_host.host, logs_app)

        assert client.get("/?name=Ada").text == "Hei, Ada!"
