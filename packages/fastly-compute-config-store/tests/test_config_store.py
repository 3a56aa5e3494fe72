import doctest
import importlib
import pickle
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute import config_store, core
from fastly_compute.config_store import ConfigStore, InvalidConfigName
from fastly_compute.config_store.errors import LOOKUP, OPENING
from fastly_compute.config_store.names import checked

ROOT = Path(__file__).parents[3]
WIT = ROOT / "packages/fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
README = Path(__file__).parents[1] / "README.md"
PACKAGE = Path(config_store.__file__).parent
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "a store name has 1 to 255 characters, not 0"),
        ("x" * 256, "a store name has 1 to 255 characters, not 256"),
        ("a\ud800", r"a store name must be valid Unicode, not 'a\ud800' (surrogates)"),
    ],
)
def test_an_invalid_store_name_is_refused_before_the_host_is_called(name, message) -> None:
    with pytest.raises(InvalidConfigName) as caught:
        ConfigStore.open(name)
    assert str(caught.value) == message
    assert (caught.value.what, caught.value.name) == ("store name", name)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", [None, 1, b"name"])
def test_a_store_name_must_be_text(name) -> None:
    kind = type(name).__name__
    with pytest.raises(TypeError, match=rf"^a store name must be a str, not {kind}$"):
        ConfigStore.open(name)


@given(TEXT, st.sampled_from([("store name", 255), ("key", 256)]))
def test_names_are_refused_by_their_length_only(text, kind) -> None:
    what, longest = kind
    name = (text * longest)[:longest]

    assert checked(text, what) == text
    assert checked(name, what) == name
    with pytest.raises(InvalidConfigName, match=rf"^a {what} has 1 to {longest} characters, not "):
        checked(name + "x", what)


@given(TEXT, st.characters(categories=["Cs"]), st.sampled_from(["store name", "key"]))
def test_what_is_not_unicode_is_refused(text, surrogate, what) -> None:
    with pytest.raises(InvalidConfigName, match=r"must be valid Unicode"):
        checked(text + surrogate, what)


def test_a_store_cannot_be_created_directly() -> None:
    with pytest.raises(TypeError, match=r"^ConfigStore cannot be created directly: use "):
        ConfigStore()


@pytest.mark.parametrize("classes", [OPENING, LOOKUP])
def test_every_error_of_the_wit_becomes_an_error_of_this_package(classes) -> None:
    assert set(classes) == set(core.errors.CLASSES)
    for case, kind in classes.items():
        error = kind("config-store.store.open", case=case, subject="s")

        assert isinstance(error, config_store.ConfigStoreError)
        assert isinstance(error, core.HostError)
        assert f"({case})" in str(error)


@pytest.mark.parametrize("case", ["not-found", "unsupported"])
def test_an_error_is_also_the_one_of_the_core_where_that_matters(case) -> None:
    assert issubclass(OPENING[case], core.errors.CLASSES[case])


@pytest.mark.parametrize(
    "kind",
    [
        *(OPENING[case] for case in ("invalid-syntax", "name-too-long", "reserved")),
        *(LOOKUP[case] for case in ("invalid-argument", "unsupported")),
    ],
)
def test_a_name_that_the_host_refuses_is_a_value_error(kind) -> None:
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize(
    "error",
    [
        InvalidConfigName("key", "", "has 1 to 256 characters, not 0"),
        config_store.ConfigKeyNotFound("settings", "greeting"),
        config_store.ConfigStoreNotFound("store.open", case="not-found", subject="s"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@pytest.mark.parametrize("interface", ["config-store", "dictionary"])
def test_every_function_of_the_interface_is_used(interface) -> None:
    text = WIT.read_text(encoding="utf-8")
    (body,) = re.findall(rf"^interface {interface} \{{$(.*?)^\}}$", text, re.DOTALL | re.MULTILINE)
    functions = re.findall(r"^ +([a-z-]+): (?:static |async )*func", body, re.MULTILINE)
    used = (PACKAGE / "_wit.py").read_text(encoding="utf-8")

    assert len(functions) == 2
    for function in functions:
        assert re.search(rf"\.{function.replace('-', '_')}\b", used), function


def test_only_one_module_touches_the_bindings() -> None:
    touching = {
        path.name
        for path in PACKAGE.glob("*.py")
        if re.search(r"wit_world|\bbindings\b", path.read_text(encoding="utf-8"))
    }

    assert touching <= {"_wit.py", "errors.py"}
    assert "import bindings" not in (PACKAGE / "errors.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules([str(PACKAGE)])])
def test_the_examples_of_a_module_run(name) -> None:
    module = importlib.import_module(f"fastly_compute.config_store.{name}")

    assert doctest.testmod(module).failed == 0


def run(code: str) -> str:
    """Run code in a new interpreter, and return its output."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules() -> None:
    printed = run(
        "import sys; before = set(sys.modules); import fastly_compute.config_store\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert printed == "[]\n"


def test_a_function_that_needs_a_host_says_so_without_one() -> None:
    printed = run(
        "from fastly_compute.core import HostUnavailable\n"
        "from fastly_compute.config_store import ConfigStore\n"
        "try:\n"
        "    ConfigStore.open('s')\n"
        "except HostUnavailable as error:\n"
        "    print(error)\n"
    )

    assert printed.startswith("wit_world.imports.config_store.Store needs a Fastly Compute host")
