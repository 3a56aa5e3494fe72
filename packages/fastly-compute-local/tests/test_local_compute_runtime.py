"""The facts that a guest reads: `compute-runtime`, and the `FASTLY_*` variables."""

import os
import threading
import time
from unittest import mock

import pytest
from wit_world.imports import compute_runtime

from fastly_compute.local import Host, HostConfig, Incoming, NativeApp
from fastly_compute.local import ServiceInfo as Service
from fastly_compute.local.runtime.environment import NAMES, variables

ELSEWHERE = Service(
    service_id="SU1Z0isxPaozGVKXdv0eY",
    service_version=7,
    customer_id="x4xCwxxJxGCx123Rx5xTx",
    namespace_id="n",
    cache_generation=3,
    hostname="cache-lhr1",
    pop="LHR",
    region="EU-West",
    is_staging=True,
    products=["image_optimizer", "domain_inspector"],
)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in NAMES}


def test_a_guest_reads_what_viceroy_would_answer() -> None:
    with Host() as host, host.guest_context() as sandbox:
        assert compute_runtime.get_service_id() == "0" * 22
        assert (compute_runtime.get_pop(), compute_runtime.get_region()) == ("XXX", "Somewhere")
        assert environment() == {
            "FASTLY_CACHE_GENERATION": "0",
            "FASTLY_CUSTOMER_ID": "0" * 22,
            "FASTLY_HOSTNAME": "localhost",
            "FASTLY_IS_STAGING": "0",
            "FASTLY_POP": "XXX",
            "FASTLY_REGION": "Somewhere",
            "FASTLY_SERVICE_ID": "0" * 22,
            "FASTLY_SERVICE_VERSION": "0",
            "FASTLY_TRACE_ID": sandbox.id,
        }


def test_a_guest_reads_what_the_host_was_configured_with() -> None:
    with Host(HostConfig(service=ELSEWHERE)) as host, host.guest_context() as sandbox:
        functions = {
            "FASTLY_CACHE_GENERATION": str(compute_runtime.get_cache_generation()),
            "FASTLY_CUSTOMER_ID": compute_runtime.get_customer_id(),
            "FASTLY_HOSTNAME": compute_runtime.get_hostname(),
            "FASTLY_IS_STAGING": str(int(compute_runtime.get_is_staging())),
            "FASTLY_POP": compute_runtime.get_pop(),
            "FASTLY_REGION": compute_runtime.get_region(),
            "FASTLY_SERVICE_ID": compute_runtime.get_service_id(),
            "FASTLY_SERVICE_VERSION": str(compute_runtime.get_service_version()),
            "FASTLY_TRACE_ID": compute_runtime.get_sandbox_id(),
        }
        namespace = compute_runtime.get_namespace_id()

        assert functions == environment() == variables(sandbox)
        assert (functions["FASTLY_POP"], functions["FASTLY_IS_STAGING"]) == ("LHR", "1")
        assert namespace == "n"


def test_a_guest_learns_which_products_the_service_has() -> None:
    with Host(HostConfig(service=ELSEWHERE)) as host, host.guest_context():
        products = compute_runtime.Products.new()
        found = [
            products.has_domain_inspector(),
            products.has_image_optimizer(),
            products.has_origin_inspector(),
        ]

    assert found == [True, True, False]


def test_sandboxes_side_by_side_have_their_own_variables() -> None:
    together = threading.Barrier(2, timeout=30)
    seen: dict[str, str] = {}

    def guest(pop: str) -> None:
        with Host(HostConfig(service=Service(pop=pop))) as host, host.guest_context() as sandbox:
            together.wait()
            seen[pop] = os.environ["FASTLY_POP"]
            assert os.environ["FASTLY_TRACE_ID"] == sandbox.id
            together.wait()

    threads = [threading.Thread(target=guest, args=(pop,)) for pop in ("LHR", "OSL")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {"LHR": "LHR", "OSL": "OSL"}


def test_an_app_has_the_variables_and_nobody_else(monkeypatch) -> None:
    monkeypatch.setenv("FASTLY_SERVICE_ID", "the developer's")
    monkeypatch.delenv("FASTLY_POP", raising=False)
    seen = []

    class HttpIncoming:
        def handle(self, request, body):
            seen.append((os.environ["FASTLY_SERVICE_ID"], os.getenv("FASTLY_POP"), environment()))

    with Host(HostConfig(service=ELSEWHERE)) as host:
        host.request(NativeApp(HttpIncoming), Incoming())
        assert os.environ["FASTLY_SERVICE_ID"] == "the developer's"
        assert "FASTLY_POP" not in os.environ

    assert seen[0][:2] == ("SU1Z0isxPaozGVKXdv0eY", "LHR")
    assert set(seen[0][2]) == set(NAMES)


def test_what_a_guest_changes_is_gone_with_its_sandbox() -> None:
    before = dict(os.environ)
    with Host() as host:
        with host.guest_context():
            os.environ["FASTLY_POP"] = "LHR"
            del os.environ["FASTLY_REGION"]
            assert os.environ.get("FASTLY_POP") == "LHR"
            assert set(environment()) == {*NAMES} - {"FASTLY_REGION"}
            assert len(os.environ) == len(list(os.environ))
        with host.guest_context():
            assert os.environ["FASTLY_POP"] == "XXX"
            with mock.patch.dict(os.environ, {"FASTLY_POP": "OSL"}, clear=True):
                assert dict(os.environ) == {"FASTLY_POP": "OSL"}
            assert set(environment()) == {*NAMES}

    assert dict(os.environ) == before


def test_the_other_variables_stay_the_developers(monkeypatch) -> None:
    monkeypatch.setenv("MINE", "yes")
    with Host() as host, host.guest_context():
        assert os.environ["MINE"] == "yes"
        os.environ["ALSO_MINE"] = "yes"

    assert os.environ.pop("ALSO_MINE") == "yes"


@pytest.mark.skipif(not os.supports_bytes_environ, reason="Windows has no os.environb")
def test_the_variables_are_there_as_bytes_too() -> None:
    with Host() as host, host.guest_context():
        assert os.environb[b"FASTLY_POP"] == b"XXX"


def test_the_cpu_time_is_that_of_the_sandbox() -> None:
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
    with Host() as host, host.guest_context():
        before = compute_runtime.get_vcpu_ms()
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass
        after = compute_runtime.get_vcpu_ms()

    assert before < 200
    assert after - before >= 99


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ({"products": "image_optimizer"}, TypeError, "products: must be a collection of names"),
        ({"products": ["waf"]}, ValueError, "products: must be of domain_inspector, "),
        ({"service_version": -1}, ValueError, "service_version: must be between 0 and 2"),
        ({"service_version": True}, TypeError, "service_version: must be int, not bool"),
        ({"cache_generation": 1 << 64}, ValueError, "cache_generation: must be between 0"),
        ({"is_staging": 1}, TypeError, "is_staging: must be bool, not int"),
        ({"pop": None}, TypeError, "pop: must be str, not NoneType"),
        ({"pop": "a\0"}, ValueError, "pop: must not contain a NUL"),
    ],
)
def test_what_no_service_has_is_refused(values, kind, message) -> None:
    with pytest.raises(kind, match=message):
        Service(**values)
