import subprocess
import sys
import textwrap

import pytest

from fastly_compute.core import HostUnavailable, bindings


def run(code: str, folder) -> str:
    """Run code in a new interpreter in *folder*, which is on its path, and return its output."""
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, '.')\n{textwrap.dedent(code)}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_use_of_an_interface_without_a_host_says_how_to_get_one():
    no_such = bindings.interface("no_such_interface")

    with pytest.raises(HostUnavailable, match="needs a Fastly Compute host") as caught:
        no_such.open("x")
    assert "wit_world.imports.no_such_interface.open" in str(caught.value)


def test_the_placeholder_can_be_inspected_without_a_host():
    no_such = bindings.interface("no_such_interface")

    assert not hasattr(no_such, "__path__")
    assert "no_such_interface" in repr(no_such)


def test_an_interface_is_found_even_if_the_host_comes_later(tmp_path):
    printed = run(
        """
        from fastly_compute.core import HostUnavailable, bindings
        early = bindings.interface("log")
        caught = bindings.Err
        try:
            early.Endpoint
        except HostUnavailable:
            print("none yet")
        import fastly_compute.local
        from componentize_py_types import Err
        import wit_world.imports.log
        print(early.Endpoint is wit_world.imports.log.Endpoint)
        print(bindings.interface("log") is wit_world.imports.log)
        print(bindings.Err is Err, caught is Err)
        """,
        tmp_path,
    )

    assert printed.split("\n") == ["none yet", "True", "True", "True False", ""]


def test_bindings_that_lack_a_module_are_not_mistaken_for_missing_bindings(tmp_path):
    folder = tmp_path / "wit_world" / "imports"
    folder.mkdir(parents=True)
    (folder / "log.py").write_text("import a_module_that_is_missing\n")

    printed = run(
        """
        from fastly_compute.core import bindings
        try:
            bindings.interface("log")
        except ModuleNotFoundError as error:
            print(error.name)
        """,
        tmp_path,
    )

    assert printed == "a_module_that_is_missing\n"


def test_importing_the_package_takes_no_heavy_modules(tmp_path):
    heavy = "asyncio logging email http.client urllib.request socket ssl typing_extensions"

    printed = run(
        f"""
        before = set(sys.modules)
        import fastly_compute.core
        print(sorted(set({heavy.split()}) & (set(sys.modules) - before)))
        """,
        tmp_path,
    )

    assert printed == "[]\n"


def test_there_is_nothing_else_in_the_module_of_the_bindings():
    with pytest.raises(AttributeError, match="no attribute 'Ok'"):
        _ = bindings.Ok
