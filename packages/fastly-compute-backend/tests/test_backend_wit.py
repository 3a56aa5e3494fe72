import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from fastly_compute import backend, core
from fastly_compute.backend import Backend, BackendHealth, BackendOptions, DynamicBackendConfig
from fastly_compute.backend.errors import CLASSES, REGISTRATION
from fastly_compute.backend.options import OPTIONS, ConfigChanges

WIT = Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"


def interface() -> str:
    return re.search(r"^interface backend \{$(.*?)^\}$", WIT.read_text(), re.DOTALL | re.MULTILINE)[
        1
    ]


def functions(resource: str) -> list[str]:
    body = re.search(
        rf"^  resource {resource} \{{$(.*?)^  \}}$", interface(), re.DOTALL | re.MULTILINE
    )[1]
    return re.findall(r"^    ([a-z0-9-]+): ", body, re.MULTILINE)


def test_this_package_knows_everything_in_the_wit():
    declared = re.findall(
        r"^  (resource|enum|variant|record|flags) ([a-z-]+) \{$", interface(), re.MULTILINE
    )
    free = re.findall(r"^  ([a-z-]+): (?:async )?func", interface(), re.MULTILINE)

    assert declared == [
        ("resource", "dynamic-backend-options"),
        ("resource", "healthcheck-options"),
        ("enum", "backend-health"),
        ("resource", "backend"),
    ]
    assert free == ["register-dynamic-backend"]


def test_every_setter_of_the_wit_has_an_option():
    in_wit = functions("dynamic-backend-options")

    assert len(in_wit) >= 24
    assert sorted(o.setter.replace("_", "-") for o in OPTIONS) == sorted(in_wit)


def test_every_option_is_a_field_named_after_its_setter():
    for option in OPTIONS:
        assert option.setter.removesuffix("_ms").removesuffix("_secs") == option.field
    names = [field.name for field in fields(DynamicBackendConfig)]
    assert names == ["target", *(option.field for option in OPTIONS)]


def test_create_dynamic_takes_the_options_of_a_configuration():
    of_config = get_type_hints(DynamicBackendConfig)
    target = of_config.pop("target")

    assert get_type_hints(BackendOptions) == of_config
    assert get_type_hints(ConfigChanges) == {**of_config, "target": target}


def test_every_option_is_documented_with_its_setter():
    text = inspect.cleandoc(DynamicBackendConfig.__doc__)

    for option in OPTIONS:
        described = re.search(
            rf"^    {option.field}: (.*?)(?=^    \w+: |\Z)", text, re.DOTALL | re.MULTILINE
        )
        assert described is not None, option.field
        assert f"``{option.setter.replace('_', '-')}``" in described[1]
        assert described[1].startswith("*TLS.*") == (option.switches_on == "use_tls")


def test_every_setter_of_a_health_check_is_used():
    in_wit = set(functions("healthcheck-options")) - {"new", "host"}
    every = backend.HealthCheck(
        host="a.example",
        method="GET",
        path="/",
        expected_status=200,
        window=5,
        threshold=3,
        initial=4,
        interval=15,
        timeout=5,
    )

    used = [setter for setter, _ in backend.healthcheck.setters_of(every)]
    assert {setter.replace("_", "-") for setter in used} == in_wit


def test_every_getter_of_the_wit_has_a_property_that_calls_it():
    in_wit = set(functions("backend")) - {"open", "clone"}
    source = Path(backend.backend.__file__).read_text()
    documented = {
        function
        for value in vars(Backend).values()
        if isinstance(value, property)
        for function in re.findall(r"``((?:get|is)-[a-z-]+)``", value.__doc__)
    }
    # The name is known without calling the host.
    called = {
        node.attr.replace("_", "-")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self._resource"
    } | {"get-name"}

    assert len(in_wit) >= 17
    assert documented == in_wit
    assert called == in_wit


def test_the_health_of_the_wit_is_the_health_of_python():
    body = re.search(r"enum backend-health \{(.*?)\}", interface(), re.DOTALL)[1]

    assert [health.value for health in BackendHealth] == re.findall(r"[a-z]+", body)
    assert [health.name.lower() for health in BackendHealth] == re.findall(r"[a-z]+", body)


@pytest.mark.parametrize("table", [CLASSES, REGISTRATION])
def test_every_error_of_the_wit_becomes_an_error_of_this_package(table):
    assert set(table) == set(core.errors.CLASSES)
    for case, kind in table.items():
        error = kind("backend.backend.open", case=case, subject="origin")

        assert isinstance(error, backend.BackendError)
        assert isinstance(error, core.HostError)
        assert "'origin'" in str(error)
        assert f"({case})" in str(error)


@pytest.mark.parametrize("case", ["not-found", "unsupported", "invalid-argument", "limit-exceeded"])
@pytest.mark.parametrize("table", [CLASSES, REGISTRATION])
def test_an_error_is_also_the_matching_error_of_the_core(table, case):
    assert issubclass(table[case], core.errors.CLASSES[case])


@pytest.mark.parametrize("case", ["invalid-syntax", "name-too-long", "reserved"])
def test_a_name_that_the_host_refuses_is_a_value_error(case):
    assert issubclass(CLASSES[case], ValueError)


def test_disabled_dynamic_backends_are_distinguished_from_an_unsupported_property():
    assert REGISTRATION["unsupported"] is backend.DynamicBackendsDisabled
    assert CLASSES["unsupported"] is backend.BackendUnsupported
    assert issubclass(backend.DynamicBackendsDisabled, backend.BackendUnsupported)
