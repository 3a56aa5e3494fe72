"""Every public name has a docstring, a class an example, and its package a page that shows it."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import fastly_compute

PAGES = Path(__file__).parents[2] / "docs" / "reference"
PACKAGES = sorted(module.name for module in pkgutil.iter_modules(fastly_compute.__path__))


def public(package: str) -> dict[str, object]:
    module = importlib.import_module(f"fastly_compute.{package}")
    return {name: getattr(module, name) for name in module.__all__}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_a_page_that_shows_its_public_names(package: str) -> None:
    text = (PAGES / f"{package.replace('_', '-')}.md").read_text()

    assert f"{{readme}} fastly-compute-{package.replace('_', '-')}\n" in text
    assert f"{{api}} fastly_compute.{package}\n" in text
    assert f"\n{package.replace('_', '-')}\n" in (PAGES / "index.md").read_text()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_class_and_function_has_a_docstring(package: str) -> None:
    own = {
        name: thing
        for name, thing in public(package).items()
        if inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing)
    }
    bare = [name for name, thing in own.items() if not inspect.getdoc(thing)]

    assert bare == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_method_and_property_has_a_docstring(package: str) -> None:
    bare = [
        f"{name}.{member}"
        for name, thing in public(package).items()
        if inspect.isclass(thing) and thing.__module__.startswith("fastly_compute")
        for member, value in vars(thing).items()
        if not member.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod))
        and not inspect.getdoc(getattr(thing, member))
    ]

    assert bare == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_class_but_an_error_has_an_example(package: str) -> None:
    bare = [
        name
        for name, thing in public(package).items()
        if inspect.isclass(thing)
        and not issubclass(thing, BaseException)
        and ">>> " not in (thing.__doc__ or "")
    ]

    assert bare == []
