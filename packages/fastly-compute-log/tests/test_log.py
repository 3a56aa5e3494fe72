import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import core, log
from fastly_compute.log import InvalidEndpointName, LogEndpoint
from fastly_compute.log.errors import CLASSES
from fastly_compute.log.names import checked

ROOT = Path(__file__).parents[3]
WIT = ROOT / "packages/fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
PACKAGE = Path(log.__file__).parent
# One endpoint can be shared: nothing needs a second one.
LEFT_OUT = {"clone"}
FORBIDDEN = "\r\n:"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "not be empty"),
        ("a\rb", r"have no CR, LF, colon or surrogate, not 'a\rb'"),
        ("a\n", r"have no CR, LF, colon or surrogate, not 'a\n'"),
        ("a:b", "have no CR, LF, colon or surrogate, not 'a:b'"),
        ("\udc80", r"have no CR, LF, colon or surrogate, not '\udc80'"),
        (":" * 999, "have no CR, LF, colon or surrogate, not one of 999 characters"),
        ("stdout", "not be 'stdout': the platform keeps it for itself"),
        ("StdErr", "not be 'StdErr': the platform keeps it for itself"),
        ("fst_managed_waf", "not be 'fst_managed_waf': the platform keeps it for itself"),
    ],
)
def test_an_invalid_name_is_refused_before_the_host_is_called(name, rule) -> None:
    with pytest.raises(InvalidEndpointName) as caught:
        LogEndpoint.open(name)
    assert str(caught.value) == f"an endpoint name must {rule}"
    assert (caught.value.name, caught.value.rule) == (name, rule)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", [None, 1, b"name"])
def test_a_name_must_be_text(name) -> None:
    kind = type(name).__name__
    with pytest.raises(TypeError, match=rf"^an endpoint name must be a str, not {kind}$"):
        LogEndpoint.open(name)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=FORBIDDEN), min_size=1))
def test_any_other_name_is_accepted(name) -> None:
    if name.lower() in {"stdout", "stderr"} or name.lower().startswith("fst_managed_"):
        return
    assert checked(name) == name


@given(st.text(), st.sampled_from([*FORBIDDEN, "\ud800", "\udfff"]), st.text())
def test_a_forbidden_character_is_refused_wherever_it_stands(before, character, after) -> None:
    with pytest.raises(InvalidEndpointName):
        checked(before + character + after)


@given(st.sampled_from(["stdout", "stderr", "fst_managed_", "fst_managed_x"]), st.data())
def test_a_reserved_name_is_refused_in_any_case(name, data) -> None:
    shouted = data.draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    mixed = "".join(c.upper() if up else c for c, up in zip(name, shouted, strict=True))
    with pytest.raises(InvalidEndpointName, match="the platform keeps it for itself"):
        checked(mixed)


@pytest.mark.parametrize("name", ["stdout2", "my stdout", "fst-managed_x", "a/b", "größe"])
def test_a_name_that_is_only_like_a_reserved_one_is_accepted(name) -> None:
    assert checked(name) == name


def test_an_endpoint_cannot_be_created_directly() -> None:
    with pytest.raises(TypeError, match=r"^LogEndpoint cannot be created directly: use "):
        LogEndpoint()


def test_every_error_of_the_wit_becomes_an_error_of_this_package() -> None:
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("log.endpoint.open", case=case, subject="s")

        assert isinstance(error, log.LogError)
        assert isinstance(error, core.HostError)
        assert f"({case})" in str(error)


@pytest.mark.parametrize("case", ["not-found", "unsupported"])
def test_an_error_is_also_the_one_of_the_core_where_that_matters(case) -> None:
    assert issubclass(CLASSES[case], core.errors.CLASSES[case])


@pytest.mark.parametrize("case", ["invalid-syntax", "name-too-long", "reserved"])
def test_a_name_that_the_host_refuses_is_a_value_error(case) -> None:
    assert issubclass(CLASSES[case], ValueError)


@pytest.mark.parametrize(
    "error",
    [
        InvalidEndpointName("", "not be empty"),
        log.NoEndpoint("shop"),
        log.EndpointNotFound("endpoint.open", case="not-found", subject="s"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_every_function_of_the_interface_is_used() -> None:
    text = WIT.read_text(encoding="utf-8")
    (body,) = re.findall(r"^interface log \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE)
    functions = re.findall(r"^ +([a-z-]+): (?:static |async )*func", body, re.MULTILINE)
    used = (PACKAGE / "_wit.py").read_text(encoding="utf-8")

    unused = {name for name in functions if not re.search(rf"\.{name.replace('-', '_')}\(", used)}
    assert sorted(functions) == ["clone", "open", "write"]
    assert unused == LEFT_OUT


def test_only_one_module_touches_the_bindings() -> None:
    touching = {
        path.name
        for path in PACKAGE.glob("*.py")
        if re.search(r"wit_world|import bindings|bindings\.Err\b", path.read_text(encoding="utf-8"))
    }

    assert touching <= {"_wit.py", "errors.py"}
    assert "import bindings" not in (PACKAGE / "errors.py").read_text(encoding="utf-8")


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules() -> None:
    done = run(
        "import sys; before = set(sys.modules); import fastly_compute.log\n"
        "print(sorted({'asyncio', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert done.stdout == "[]\n"


def test_without_a_host_the_record_and_the_reason_go_to_the_standard_error() -> None:
    done = run(
        "import logging; from fastly_compute.log import FastlyLogHandler\n"
        "logging.raiseExceptions = False\n"
        "logging.getLogger().addHandler(FastlyLogHandler('early'))\n"
        "logging.warning('too %s', 'early')\n"
    )

    assert done.stdout == ""
    record, reason = done.stderr.splitlines()
    assert record == "too early"
    assert reason.startswith(
        "^ not logged: HostUnavailable: wit_world.imports.log.Endpoint needs a Fastly Compute host"
    )
