"""The public names of every package: sorted, there, in its README, and with an example."""

import importlib
from pathlib import Path
from types import FunctionType

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {
    path.parent.name: path.parents[3]
    for path in sorted(ROOT.glob("packages/*/src/fastly_compute/*/__init__.py"))
}
# Their READMEs show how names are used, without a list of them all.
UNLISTED = {"cli", "kv_store", "local", "requests"}
# Its classes are used as those of urllib3 and http.client.
OF_LIBRARIES = {"urllib3"}
# Their functions are for other packages, or have their examples in the README.
WITHOUT_EXAMPLES = {"core", "http", "local", "requests"}


def constants_then_classes(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), not name[0].isupper(), name


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_are_sorted_and_there(name: str) -> None:
    module = importlib.import_module(f"fastly_compute.{name}")

    assert module.__all__ == sorted(module.__all__, key=constants_then_classes)
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


@pytest.mark.parametrize("name", sorted(PACKAGES.keys() - UNLISTED))
def test_public_names_are_in_the_readme(name: str) -> None:
    module = importlib.import_module(f"fastly_compute.{name}")
    readme = (PACKAGES[name] / "README.md").read_text(encoding="utf-8")
    listing = readme.partition("## Public names")[2] or readme

    assert module.__all__
    assert [public for public in module.__all__ if f"`{public}`" not in listing] == []


@pytest.mark.parametrize("name", sorted(PACKAGES.keys() - OF_LIBRARIES))
def test_public_classes_and_functions_have_an_example(name: str) -> None:
    module = importlib.import_module(f"fastly_compute.{name}")
    public = [getattr(module, public) for public in module.__all__]
    kinds = type if name in WITHOUT_EXAMPLES else type | FunctionType
    told = [item for item in public if isinstance(item, kinds)]
    told = [
        item for item in told if not (isinstance(item, type) and issubclass(item, BaseException))
    ]

    assert [item.__name__ for item in told if ">>> " not in (item.__doc__ or "")] == []
