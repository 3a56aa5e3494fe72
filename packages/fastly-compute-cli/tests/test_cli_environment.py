import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.cli.project.native_extensions import (
    find_native,
    find_upstream,
    loaded_native_extensions,
    native_dependencies,
)
from fastly_compute.cli.project.roots import find_module, import_roots
from fastly_compute.cli.project.settings import Project

Write = Callable[[str, str], Path]


def install(write: Write, name: str, *files: str, requires: str = "") -> None:
    metadata = f"Name: {name}\nVersion: 1.2\n"
    metadata += f"Requires-Dist: {requires}\n" if requires else ""
    write(f"site/{name}-1.2.dist-info/METADATA", metadata)
    write(f"site/{name}-1.2.dist-info/RECORD", "".join(f"{file},,\n" for file in files))
    for file in files:
        write(f"site/{file}", "")


def test_the_apps_own_roots_come_first_then_the_given_ones_then_the_environment(
    folder: Path,
) -> None:
    for name in ("src", "lib", "site"):
        (folder / name).mkdir()
    project = Project(folder=folder, python_path=(Path("lib"),))

    assert import_roots(project, [folder / "site", folder / "gone"]) == [
        folder,
        folder / "src",
        folder / "lib",
        folder / "site",
    ]


def test_the_folders_of_editable_installs_are_roots(folder: Path, write: Write) -> None:
    (folder / "editable").mkdir()
    (folder / "site" / "relative").mkdir(parents=True)
    write(
        "site/_editable.pth",
        f"# a comment\n\nimport hook; hook.install()\n{folder / 'editable'}\nrelative\ngone\n",
    )
    roots = import_roots(Project(folder=folder), [folder / "site"])

    assert roots[1:] == [folder / "site", folder / "editable", folder / "site" / "relative"]


def test_a_module_is_found_as_a_file_or_a_package_in_the_first_root_that_has_it(
    folder: Path, write: Write
) -> None:
    package = write("a/shop/__init__.py", "")
    write("b/shop.py", "")
    module = write("b/shop/edge.py", "")
    roots = [folder / "a", folder / "b"]

    assert find_module("shop", roots) == package
    assert find_module("shop.edge", roots) == module
    assert find_module("gone", roots) is None


def test_a_native_extension_is_found_with_its_distribution(folder: Path, write: Write) -> None:
    install(write, "fast", "fast/__init__.py", "fast/_core.cpython-313-x86_64-linux-gnu.so")
    found = find_native("fast._core", [folder, folder / "site"])

    assert found is not None
    assert found.distribution == "fast 1.2"
    assert found.file.name == "_core.cpython-313-x86_64-linux-gnu.so"
    assert find_native("fast", [folder / "site"]) is None


def test_a_native_extension_of_nobodys_goes_by_its_file(folder: Path, write: Write) -> None:
    write("site/_core.abi3.so", "")
    found = find_native("_core", [folder / "site"])

    assert found is not None
    assert found.distribution == "_core.abi3.so"


def test_native_code_is_found_among_the_dependencies_of_dependencies(
    folder: Path, write: Write
) -> None:
    install(write, "framework", "framework.py", requires="Fast_Core>=1")
    install(write, "fast-core", "fast_core.abi3.so")
    install(write, "unrelated", "unrelated.abi3.so")

    assert native_dependencies(["framework>=1; python_version > '3'"], [folder / "site"]) == [
        "fast-core 1.2"
    ]


def test_what_is_also_built_for_the_guest_is_left_out(
    folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(write, "fast", "fast/_core.cpython-313-x86_64-linux-gnu.so")
    install(write, "slow", "slow/_core.abi3.so", "slow/_core.py", "slow/_other.abi3.so")
    for file in ("fast/_core.cpython-313-x86_64-linux-gnu.so", "slow/_core.abi3.so"):
        module = ModuleType(file.split(".")[0].replace("/", "."))
        module.__file__ = str(folder / "site" / file)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    requirements, roots = ["fast", "slow"], [folder / "site"]
    loaded = ["fast._core", "slow._core"]

    assert native_dependencies(requirements, roots) == ["fast 1.2", "slow 1.2"]
    assert loaded_native_extensions(loaded, roots) == ["fast 1.2", "slow 1.2"]
    for name in ("fast", "slow"):
        write(f"site/{name}/_core.cpython-314-wasm32-wasi.so", "")
    assert native_dependencies(requirements, roots) == ["slow 1.2"]
    assert loaded_native_extensions(loaded, roots) == []


def test_the_regular_package_of_another_sdk_is_found(folder: Path, write: Write) -> None:
    install(write, "fastly-compute", "fastly_compute/__init__.py")

    assert find_upstream([folder, folder / "site"]) == f"fastly-compute 1.2 in {folder / 'site'}"
    assert find_upstream([folder]) is None
