"""examples/edge-guard, with each host call failing that it makes."""

import pytest

from fastly_compute.local import NativeApp, WasmApp
from fastly_compute.testing import inject_faults

pytestmark = pytest.mark.xdist_group("edge-guard")

VISITORS = {"192.0.2.0/24": "BLOCK", "198.51.100.0/24": "ALLOW"}


@pytest.fixture(params=["native", "wasm"])
def app(request, examples) -> NativeApp | WasmApp:
    return examples.get(request.param, "edge-guard")


@pytest.mark.parametrize(
    ("address", "statuses", "least"),
    [("192.0.2.1", {403, 500, 503}, 4), ("198.51.100.1", {200, 403, 500, 503}, 8)],
)
@pytest.mark.parametrize("error", ["generic-error", "unsupported", "limit-exceeded"])
def test_no_host_call_that_fails_brings_the_app_down_or_a_blocked_client_in(
    app, address, statuses, least, error
) -> None:
    def scenario(compute_host, compute_client) -> None:
        compute_host.acls["visitors"] = VISITORS
        compute_host.geolocation[address] = {"country_name": "norway"}
        asked = compute_client.prepare("GET", "/", client_address=address)
        (answer,) = compute_client.requests([asked])

        assert answer.status in statuses

    assert len(inject_faults(app, scenario, errors=[error]).calls) >= least
