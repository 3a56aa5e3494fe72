"""The examples in the docstrings are run, on the native host."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import fastly_compute
from fastly_compute.testing import ComputeHost

# What runs in the guest alone is imported there.
ELSEWHERE = "fastly_compute.cli.component.guest"


def modules() -> list[str]:
    found = pkgutil.walk_packages(fastly_compute.__path__, "fastly_compute.")
    return [module.name for module in found if not module.name.startswith(ELSEWHERE)]


def examples(name: str) -> list[doctest.DocTest]:
    module = importlib.import_module(name)
    # A module that replaces itself is no module; it has no examples.
    if not inspect.ismodule(module) or module.__name__ != name:
        return []
    found = doctest.DocTestFinder(exclude_empty=True).find(module)
    return [test for test in found if test.examples]


EXAMPLES = [test for name in modules() if not name.endswith("__main__") for test in examples(name)]


@pytest.mark.parametrize("test", EXAMPLES, ids=[test.name for test in EXAMPLES])
def test_the_example_of_the_docstring_runs(test: doctest.DocTest) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    with ComputeHost():
        failed = runner.run(test, out=said.append, clear_globs=False).failed

    assert failed == 0, "".join(said)


def test_most_public_classes_have_an_example() -> None:
    assert len(EXAMPLES) > 100
