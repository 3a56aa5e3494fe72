"""examples/url-shortener, with each host call failing that it makes."""

import json
import sys

import pytest

from fastly_compute.testing import ComputeClient, ComputeHost, inject_faults

pytestmark = pytest.mark.xdist_group("url-shortener-faults")

URL = "https://www.example.com/"


@pytest.fixture(params=["native", "wasm"])
def app(request, examples):
    loaded = examples.get(request.param, "url-shortener")
    close_endpoints()
    yield loaded
    close_endpoints()


def close_endpoints() -> None:
    """Natively, let the app open its log endpoint anew, as each sandbox does on the other hosts."""
    if module := sys.modules.get("url_shortener_main"):
        module.handler.close()


def shortening(compute_host, compute_client) -> None:
    """Store a link, and follow it: a link is there whole or not at all."""
    compute_host.kv["links"] = {}
    links = compute_host.kv["links"]
    made = compute_client.post("/", body=URL.encode())
    assert made.status in {201, 500, 503}
    assert set(links.values()) <= {URL.encode()}
    if made.status == 201 and made.complete:
        close_endpoints()
        followed = compute_client.get(made.headers["Location"])
        assert followed.status in {302, 404, 500, 503}
        if followed.status == 302:
            assert followed.headers["Location"] == URL
    close_endpoints()


def is_refused(compute_host, compute_client) -> None:
    """Send a client who is penalized, and a body that is not a URL: neither stores anything."""
    compute_host.kv["links"] = {}
    for _ in range(2):
        answer = compute_client.post("/", body=b"javascript:alert(1)")
        assert answer.status in {400, 429, 500}
        assert dict(compute_host.kv["links"]) == {}
        close_endpoints()


def is_broken(compute_host, compute_client) -> None:
    """Follow a link that something else stored: it leads nowhere."""
    compute_host.kv["links"] = {"planted": b"javascript:alert(1)"}
    answer = compute_client.get("/planted")
    assert answer.status in {500, 503, 404}
    assert "Location" not in answer.headers
    close_endpoints()


@pytest.mark.parametrize(
    "error", ["generic-error", "limit-exceeded", "unsupported", "too-many-requests"]
)
def test_no_host_call_that_fails_brings_the_app_down_or_spoils_a_link(app, error) -> None:
    swept = inject_faults(app, shortening, errors=[error])

    assert {
        "kv-store.store.open",
        "kv-store.await-insert",
        "kv-store.await-lookup",
        "erl.rate-counter.check-rate",
        "log.endpoint.open",
    } <= {call.name for call in swept.calls}


@pytest.mark.parametrize(("scenario", "least"), [(is_refused, 12), (is_broken, 8)])
def test_no_host_call_that_fails_lets_a_bad_url_in_or_out(app, scenario, least) -> None:
    assert len(inject_faults(app, scenario).calls) >= least


def send(app, **options):
    """Send one request to an app on a new host, and return its status and the records."""
    with ComputeHost() as compute_host:
        compute_host.kv["links"] = {}
        for interface, function in options.get("failing", ()):
            compute_host.fail(interface, function, "generic-error")
        if options.get("little"):
            compute_host.tiny_buffers()
            compute_host.short_writes(most=7)
        answer = ComputeClient(compute_host.host, app).post("/", body=URL.encode())
        values = list(compute_host.kv["links"].values())
        records = [json.loads(line) for line in compute_host.logs["requests"]]
    return answer.status, values, [record["level"] for record in records]


def test_without_a_log_links_are_added(app) -> None:
    assert send(app, failing=[("log", "endpoint.open")]) == (201, [URL.encode()], [])


def test_without_a_rate_limit_links_are_added_and_the_log_says_so(app) -> None:
    failing = [("erl", "rate-counter.check-rate")]

    assert send(app, failing=failing) == (201, [URL.encode()], ["WARNING", "INFO"])


def test_a_host_that_gives_and_takes_little_changes_nothing(app) -> None:
    assert send(app, little=True) == send(app) == (201, [URL.encode()], ["INFO"])
