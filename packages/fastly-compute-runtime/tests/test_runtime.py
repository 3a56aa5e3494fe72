"""The facts about a running app, as a guest reads them."""

import doctest
import importlib
import os
import pickle
import pkgutil
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import FunctionType

import pytest
from componentize_py_types import Err
from hypothesis import given
from hypothesis import strategies as st
from wit_world.imports import types

from fastly_compute import core, runtime
from fastly_compute.core import HostUnavailable, case_of
from fastly_compute.local import Host, HostConfig, ServiceInfo
from fastly_compute.runtime import Products, RuntimeCallFailed, RuntimeUnsupported
from fastly_compute.runtime.errors import CLASSES

WIT = Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
FUNCTIONS = [
    getattr(runtime, name)
    for name in runtime.__all__
    if isinstance(getattr(runtime, name), FunctionType)
]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NUMBER = st.integers(0, 2**64 - 1)
SERVICES = st.builds(
    ServiceInfo,
    service_id=TEXT,
    service_version=NUMBER,
    customer_id=TEXT,
    namespace_id=TEXT,
    cache_generation=NUMBER,
    hostname=TEXT,
    pop=TEXT,
    region=TEXT,
    is_staging=st.booleans(),
    products=st.sets(st.sampled_from(["domain_inspector", "image_optimizer", "origin_inspector"])),
)


@given(SERVICES)
def test_a_guest_reads_what_the_host_knows(service) -> None:
    with Host(HostConfig(service=service)) as host, host.guest_context() as sandbox:
        for name in ("service_id", "customer_id", "hostname", "pop", "region"):
            found = getattr(runtime, name)()
            assert found == getattr(service, name) == os.environ[f"FASTLY_{name.upper()}"]
        for name in ("service_version", "cache_generation"):
            found = getattr(runtime, name)()
            assert found == getattr(service, name) == int(os.environ[f"FASTLY_{name.upper()}"])
        assert runtime.namespace_id() == service.namespace_id
        assert runtime.is_staging() is service.is_staging
        assert os.environ["FASTLY_IS_STAGING"] == str(int(service.is_staging))
        found = runtime.products()
        assert {name for name in found.__slots__ if getattr(found, name)} == service.products
        assert runtime.sandbox_id() == runtime.trace_id() == sandbox.id


def test_the_sandbox_is_the_one_that_the_environment_names() -> None:
    with Host() as host:
        with host.guest_context():
            first = runtime.sandbox_id()
            assert first == runtime.trace_id() == os.environ["FASTLY_TRACE_ID"]
        with host.guest_context():
            assert runtime.sandbox_id() != first


def test_cpu_time_grows_with_work_and_not_with_waiting() -> None:
    with Host() as host, host.guest_context():
        before = runtime.vcpu_time()
        time.sleep(0.2)
        waited = runtime.vcpu_time()
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass
        worked = runtime.vcpu_time()

    assert waited - before < timedelta(milliseconds=150)
    assert worked - waited >= timedelta(milliseconds=99)


def test_memory_is_a_number_of_mebibytes() -> None:
    with Host() as host, host.guest_context():
        host.interpose = lambda name, function, args: 17
        assert runtime.heap_mib() == 17


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_function_that_is_called_at_import_says_where_it_belongs(function) -> None:
    with pytest.raises(HostUnavailable, match="Move the call into the handler"):
        function()


def test_every_error_of_the_wit_becomes_an_error_of_this_package() -> None:
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("compute-runtime.products.new", case=case)

        assert isinstance(error, runtime.ComputeRuntimeError)
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (types.Error_Unsupported(), RuntimeUnsupported),
        (types.Error_GenericError(), RuntimeCallFailed),
        (types.Error_BufferLen(1), RuntimeCallFailed),
    ],
)
@pytest.mark.parametrize("product", ["domain_inspector", "image_optimizer", "origin_inspector"])
def test_a_product_that_the_host_does_not_tell_is_an_error(error, kind, product) -> None:
    def refuse(name, function, args):
        if name == f"compute-runtime.Products.has_{product}":
            raise Err(error)
        return function(*args)

    with Host() as host, host.guest_context():
        host.interpose = refuse
        with pytest.raises(kind) as failed:
            runtime.products()

    assert failed.value.case == case_of(error)
    assert failed.value.operation == f"compute-runtime.products.has-{product.replace('_', '-')}"
    assert failed.value.__cause__ is None


def test_products_are_released() -> None:
    with Host() as host, host.guest_context():
        made = []

        def watch(name, function, args):
            found = function(*args)
            if name == "compute-runtime.Products.new":
                made.append(found)
            return found

        host.interpose = watch
        assert runtime.products() == Products(
            domain_inspector=False, image_optimizer=False, origin_inspector=False
        )

    assert [handle.gone for handle in made] == [True]


def test_everything_that_the_wit_offers_is_used() -> None:
    text = WIT.read_text(encoding="utf-8")
    (interface,) = re.findall(
        r"^interface compute-runtime \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE
    )
    functions = re.findall(r"^  get-([a-z-]+): func", interface, re.MULTILINE)
    products = re.findall(r"^    has-([a-z-]+): func", interface, re.MULTILINE)
    offered = {function.__name__ for function in FUNCTIONS}

    assert len(functions) == 12
    assert {name.replace("-", "_") for name in functions} - {"vcpu_ms"} <= offered
    assert [name.replace("-", "_") for name in products] == list(Products.__slots__)


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules() -> None:
    code = (
        "import sys; before = set(sys.modules); import fastly_compute.runtime\n"
        "print(sorted({'asyncio', 'logging', 'email', 'json', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))\n"
        "try:\n    fastly_compute.runtime.pop()\n"
        "except fastly_compute.core.HostUnavailable as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("[]\nwit_world.imports.compute_runtime.get_pop needs a Fastly")


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(runtime.__path__)])
def test_the_examples_of_a_module_run(name) -> None:
    result = doctest.testmod(importlib.import_module(f"fastly_compute.runtime.{name}"))

    assert result.failed == 0


def test_every_function_has_an_example() -> None:
    assert [function.__name__ for function in FUNCTIONS if ">>> " not in function.__doc__] == []
