import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fastly_compute.cli.commands.kits import KITS

Run = Callable[..., Result]
Write = Callable[[str, str], Path]

COMPONENT = b"\0asm\x0d\0\1\0"
MANIFEST = 'manifest_version = 3\nname = "edge proxy"\nlanguage = "other"\n'


@pytest.fixture
def packable(folder: Path, write: Write) -> Path:
    write("fastly.toml", MANIFEST)
    (folder / "bin").mkdir()
    (folder / "bin" / "main.wasm").write_bytes(COMPONENT)
    return folder


def test_a_new_app_is_complete(folder: Path, run: Run) -> None:
    result = run("new", "my-app")
    app = folder / "my-app"
    files = sorted(path.relative_to(app).as_posix() for path in app.rglob("*.*"))

    assert result.exit_code == 0
    assert "fastly-compute serve" in result.stdout
    assert files == [
        ".gitignore",
        "README.md",
        "fastly.toml",
        "main.py",
        "pyproject.toml",
        "test_main.py",
    ]
    pyproject = tomllib.loads((app / "pyproject.toml").read_text())
    assert pyproject["tool"]["fastly-compute"] == {"entry": "main"}
    manifest = tomllib.loads((app / "fastly.toml").read_text())
    assert (manifest["name"], manifest["language"]) == ("my-app", "other")
    assert manifest["scripts"]["build"] == "fastly-compute build"


def test_a_command_loads_the_local_hosts_only_to_run_them() -> None:
    loaded = "import sys, fastly_compute.cli; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, check=True)

    modules = set(found.stdout.decode().split())
    assert "fastly_compute.cli.commands.build" in modules
    assert modules.isdisjoint({"fastly_compute.local", "httpcore", "wasmtime", "watchfiles"})


def test_the_help_shows_each_template_with_what_it_is(run: Run) -> None:
    lines = run("new", "--help").stdout.splitlines()

    for name, kit in KITS.items():
        (line,) = [line for line in lines if line.split()[:1] == [name]]
        assert line.endswith(kit.summary)
    assert all(len(line) <= 80 for line in lines)


def test_an_unknown_template_is_refused(folder: Path, run: Run) -> None:
    result = run("new", "my-app", "--template", "rails")

    assert result.exit_code == 2
    assert "'rails' is not one of 'handler', 'flask'," in " ".join(result.stderr.split())
    assert list(folder.iterdir()) == []


def test_a_new_app_never_overwrites(folder: Path, run: Run) -> None:
    (folder / "my-app").mkdir()
    result = run("new", "my-app")

    assert result.exit_code == 1
    assert f"Error: {folder / 'my-app'} exists already" in result.stderr
    assert list((folder / "my-app").iterdir()) == []


@pytest.mark.parametrize("name", ["", "a", "My-App", "-app", "app-", "../app", "a b", "9app"])
def test_a_name_that_no_app_can_have_is_refused(name: str, folder: Path, run: Run) -> None:
    result = run("new", "--", name)

    assert result.exit_code == 2
    assert f"{name!r} cannot be an app's name" in result.stderr
    assert list(folder.iterdir()) == []


def test_a_package_has_the_component_and_the_manifest(packable: Path, run: Run) -> None:
    result = run("pack")

    assert result.exit_code == 0
    assert result.stdout == "pkg/edge-proxy.tar.gz  0.0 MB\n"
    with tarfile.open(packable / "pkg" / "edge-proxy.tar.gz") as tar:
        assert tar.getnames() == ["edge-proxy/bin/main.wasm", "edge-proxy/fastly.toml"]
        assert tar.extractfile("edge-proxy/bin/main.wasm").read() == COMPONENT
        assert tar.extractfile("edge-proxy/fastly.toml").read() == MANIFEST.encode()


def test_packing_the_same_again_makes_the_same_package(packable: Path, run: Run) -> None:
    package = packable / "pkg" / "edge-proxy.tar.gz"
    run("pack")
    first = package.read_bytes()
    (packable / "bin" / "main.wasm").touch()
    run("pack")

    assert package.read_bytes() == first


def test_a_package_without_a_manifest_is_an_error(packable: Path, run: Run) -> None:
    (packable / "fastly.toml").unlink()
    result = run("pack")

    assert result.exit_code == 1
    assert f"no fastly.toml in {packable}" in result.stderr


def test_a_package_without_a_component_is_an_error(packable: Path, run: Run) -> None:
    (packable / "bin" / "main.wasm").unlink()
    result = run("pack")

    assert result.exit_code == 1
    assert "run fastly-compute build first" in result.stderr


def test_a_core_module_is_not_packed(packable: Path, run: Run) -> None:
    (packable / "bin" / "main.wasm").write_bytes(b"\0asm\1\0\0\0")
    result = run("pack")

    assert result.exit_code == 1
    assert "bin/main.wasm is not a WebAssembly component" in result.stderr


def test_the_doctor_lists_what_is_well(
    folder: Path, write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = write("main.py", "")
    monkeypatch.setenv("VICEROY", sys.executable)
    result = run("doctor")

    assert result.exit_code == 0, result.stdout
    assert f"ok     entry main at {main}\n" in result.stdout
    assert "ok     componentize-py 0.25." in result.stdout
    assert "ok     fastly-compute-cli " in result.stdout
    assert f"ok     Viceroy at {sys.executable}\n" in result.stdout


def test_the_doctor_says_how_to_install_viceroy(
    folder: Path, write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", "")
    monkeypatch.setenv("VICEROY", str(folder / "gone"))
    result = run("doctor")

    assert result.exit_code == 0
    assert "cargo install viceroy --version 0.22.0 --locked" in result.stdout


def test_the_doctor_recommends_a_list_of_hosts_until_there_is_one(write: Write, run: Run) -> None:
    write("main.py", "")
    before = run("doctor")
    write("main.py", "from policy import allowed\n")
    write("policy.py", "from fastly_compute.backend import allow_dynamic_backends\n")
    after = run("doctor")

    assert (before.exit_code, after.exit_code) == (0, 0)
    assert "note   a URL can lead to any host" in before.stdout
    assert "a URL can lead to any host" not in after.stdout


def test_the_doctor_finds_a_missing_entry(folder: Path, run: Run) -> None:
    result = run("doctor")

    assert result.exit_code == 1
    assert f"wrong  no entry module main in {folder}" in result.stdout
    assert "Error: 1 thing wrong; see above" in result.stderr


def test_the_doctor_finds_another_sdk_and_machine_code(write: Write, run: Run) -> None:
    write("main.py", "")
    write("pyproject.toml", '[project]\ndependencies = ["watchfiles"]\n')
    write("fastly_compute/__init__.py", "")
    result = run("doctor")

    assert result.exit_code == 1
    assert "wrong  a package fastly_compute in " in result.stdout
    assert "note   dependencies with machine code: watchfiles 1." in result.stdout


PORTED = """\
    import json
    from fastly_compute import requests, wsgi
    from fastly_compute.exceptions.types.error import (
        CannotRead,
        BufferLen as TooLong,
    )
    from wit_world.imports import kv_store, types
    import fastly_compute.runtime_patching.patches

    def later():
        from fastly_compute.requests.timeout import TimeoutConfig
        return requests.get("https://api.example/", fastly_timeout=TimeoutConfig(connect=1))
    """


def test_the_doctor_names_each_line_that_upstream_has_and_what_to_write(
    write: Write, run: Run
) -> None:
    write("main.py", PORTED)
    write("tests/test_main.py", "from fastly_compute.testing import ViceroyTestBase\n")
    write(".venv/pyvenv.cfg", "")
    write(".venv/lib/other.py", "import fastly_compute.exceptions\n")
    write("templates/app.py", "from {{ module }} import app\n")
    manifest = 'manifest_version = 3\nname = "shop"\nlanguage = "other"  # not fastly-compute-py\n'
    write("fastly.toml", manifest + '[scripts]\nbuild = "fastly-compute-py build"\n')
    write("pyproject.toml", '[project]\ndependencies = ["fastly_compute>=0.1", "flask"]\n')
    result = run("doctor")
    lines = [line for line in result.stdout.splitlines() if re.search(r"\w\.(py|toml):", line)]
    errors = "fastly_compute.exceptions.types.error"
    fixtures = "compute_host and compute_client of fastly-compute-testing"
    raw = "is the raw interface, whose errors are componentize_py_types.Err here"
    wrapped = "fastly_compute.kv_store checks values and names its errors"
    dependency = "pyproject.toml: the dependency fastly-compute is upstream's SDK"
    expected = [
        ("fastly.toml:5: fastly-compute-py", "fastly-compute"),
        (f"main.py:4: {errors}.CannotRead", "from fastly_compute.core import CannotRead"),
        (f"main.py:5: {errors}.BufferLen", "from fastly_compute.core import BufferTooSmall"),
        (
            "main.py:8: fastly_compute.runtime_patching.patches",
            "nothing: importing a package patches nothing",
        ),
        (
            "main.py:11: fastly_compute.requests.timeout.TimeoutConfig",
            "from fastly_compute.requests import TimeoutConfig",
        ),
        (
            "tests/test_main.py:1: fastly_compute.testing.ViceroyTestBase",
            f"the fixtures {fixtures}, which need no import",
        ),
    ]

    assert result.exit_code == 1
    assert [line for line in lines if line.startswith("note")] == [
        f"note   main.py:7: wit_world.imports.kv_store {raw}: {wrapped}"
    ]
    assert [line for line in lines if line.startswith("wrong")] == [
        *(f"wrong  {found} is upstream's. Write instead: {instead}" for found, instead in expected),
        f"wrong  {dependency}. Write instead: the fastly-compute-* packages that the app imports",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deploy"], "No such command 'deploy'"),
        (["build", "--entry", "main:app"], "'main:app' is not a module's name; write it as in"),
        (["build", "--entry", "main.py"], "'main.py' is a file; write the module's name, main"),
        (["build", "--entry", "shop/edge.py"], "is a file; write the module's name, shop.edge"),
        (["build", "-p", "gone"], "Directory 'gone' does not exist"),
        (["build", "--without", "links"], "unknown pass 'links'; the passes are warm-up,"),
        (["serve", "gone.wasm"], "File 'gone.wasm' does not exist"),
        (["serve", "--addr", "7676"], "--addr '7676' is not an address; write it as 127.0.0.1:"),
        (["serve", "--addr", "[::1]:65536"], "not an address: its port must be from 0 to 65535"),
        (["serve", "--time-limit", "-1"], "-1.0 is not a number of seconds (0 or more)"),
        (["serve", "--max-sandboxes", "0"], "0 is not in the range x>=1"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_has_exit_code_2(
    arguments: list[str], said: str, write: Write, run: Run
) -> None:
    write("main.py", "")
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_new_app_that_cannot_be_written_is_an_error(folder: Path) -> None:
    command = f"ulimit -f 0 && exec {sys.executable} -m fastly_compute.cli new my-app"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == (
        f"Error: cannot write into {folder}/my-app: File too large; remove the folder and try "
        "again\n"
    )


@pytest.mark.parametrize("arguments", [["build"], ["serve"], ["pack"], ["doctor"], ["new", "app"]])
def test_a_current_directory_that_is_gone_is_an_error(
    arguments: list[str], folder: Path, run: Run
) -> None:
    (folder / "gone").mkdir()
    os.chdir(folder / "gone")
    (folder / "gone").rmdir()
    result = run(*arguments)

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: the current directory does not exist any more; change to the app's folder\n"
    )


@pytest.mark.parametrize("command", ["build", "pack"])
def test_an_output_that_is_a_folder_is_refused_before_the_build(
    command: str, folder: Path, write: Write, run: Run
) -> None:
    write("main.py", "")
    write("fastly.toml", 'name = "app"\n')
    write("pyproject.toml", '[tool.fastly-compute]\noutput = "out"\n')
    (folder / "out").mkdir()
    result = run(command)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {folder}/out is a folder; set the component's file ")


def test_a_cache_that_cannot_be_written_is_an_error_before_the_build(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("main.py", "")
    taken = write("taken", "a file where the folder should be")
    monkeypatch.setenv("FASTLY_COMPUTE_CACHE", str(taken / "cache"))
    result = run("build")

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: cannot write to the cache folder {taken}/cache: Not a directory; set "
        "FASTLY_COMPUTE_CACHE to a folder that can be written to\n"
    )


COMPLETE = """
eval "$(_FASTLY_COMPUTE_COMPLETE=bash_source fastly-compute)"
show() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _fastly_compute_completion "$1"
    echo "${COMPREPLY[@]}"
}
show fastly-compute s
show fastly-compute build --op
show fastly-compute new --template f
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_options_and_values(folder: Path) -> None:
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    completed = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE],
        env={**os.environ, "PATH": search},
        capture_output=True,
        text=True,
        check=True,
    )

    assert completed.stdout.splitlines() == ["serve", "--optimize", "flask fanout"]
