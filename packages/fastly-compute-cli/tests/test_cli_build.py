import filecmp
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fastly_compute.cli.commands.build import Built, package_size
from fastly_compute.local import Host, Incoming, WasmApp
from fastly_compute.local.runtime.wasm.compiled import compiled
from fastly_compute.local.runtime.wasm.engine import make_engine

Run = Callable[..., Result]
Write = Callable[[str, str], Path]

NOT_ON_A_COMPUTE_HOST = ("wasi:filesystem", "wasi:sockets")
PAGE = 4096


@pytest.fixture(scope="module")
def wasm(built_app: Built) -> WasmApp:
    return WasmApp(built_app.output)


def ask(wasm: WasmApp, path: str, output: list[str] | None = None) -> bytes:
    said = [] if output is None else output
    with Host(output=said.append) as host:
        return bytes(host.request(wasm, Incoming(uri=f"http://localhost{path}")).body)


def test_a_component_imports_only_what_a_compute_host_has_and_exports_only_the_handler(
    built_app: Built,
) -> None:
    engine = make_engine()
    kind = compiled(engine, built_app.output).component.type
    imports = list(kind.imports(engine))

    assert [name for name in imports if name.startswith(NOT_ON_A_COMPUTE_HOST)] == []
    assert "fastly:compute/http-resp@0.1.0" in imports
    assert list(kind.exports(engine)) == ["fastly:compute/http-incoming@0.1.0"]


def test_a_build_leaves_nothing_but_the_component_in_the_apps_folder(built_app: Built) -> None:
    folder = built_app.output.parent.parent

    assert sorted(path.name for path in folder.iterdir()) == ["bin", "main.py"]
    assert [path.name for path in built_app.output.parent.iterdir()] == ["main.wasm"]


def test_a_build_reports_the_sizes(built_app: Built) -> None:
    assert built_app.size == built_app.output.stat().st_size
    assert 3_000_000 < package_size(built_app) < built_app.size


def test_each_sandbox_has_random_numbers_of_its_own(wasm: WasmApp) -> None:
    numbers = {ask(wasm, "/random") for _ in range(3)}

    assert len(numbers) == 3


def test_the_environment_is_the_hosts_and_not_that_of_the_build(wasm: WasmApp) -> None:
    environ = json.loads(ask(wasm, "/environ"))

    assert "FASTLY_HOSTNAME" in environ
    assert "PYTHONPATH" not in environ


def test_what_the_standard_library_imports_late_is_there(wasm: WasmApp) -> None:
    assert json.loads(ask(wasm, "/codecs")) == ["xn--bcher-kva.example", "2026-11-21T00:00:00"]


def test_what_was_imported_is_out_of_the_garbage_collectors_way(wasm: WasmApp) -> None:
    assert ask(wasm, "/frozen") == b"true"


def test_what_was_imported_is_immortal(wasm: WasmApp) -> None:
    imported, made_later = json.loads(ask(wasm, "/immortal"))

    assert imported == [True] * 8
    assert made_later == [False] * 3


def test_only_the_sdk_and_the_bindings_lack_docstrings_and_annotations(wasm: WasmApp) -> None:
    documented, lean, annotated = json.loads(ask(wasm, "/described"))

    assert documented == [True] * 3
    assert lean == [False] * 4
    assert annotated == [True, False, False]


def test_what_a_request_makes_lies_side_by_side(wasm: WasmApp) -> None:
    made = json.loads(ask(wasm, "/fresh"))
    pages = {address // PAGE for address, _ in made}

    assert len(pages) < sum(size for _, size in made) / PAGE * 1.4


def test_the_code_that_every_request_runs_lies_together(wasm: WasmApp) -> None:
    addresses = json.loads(ask(wasm, "/code"))

    assert max(addresses) - min(addresses) < 50 * PAGE


def test_a_traceback_in_the_guest_shows_the_lines_of_the_app(wasm: WasmApp) -> None:
    output: list[str] = []
    ask(wasm, "/boom", output)

    assert '    raise ValueError("boom")  # the line that a traceback shows' in output
    assert "ValueError: boom" in output


def test_a_second_build_of_the_same_app_elsewhere_takes_the_first_ones_result(
    built_app: Built, folder: Path, run: Run
) -> None:
    source = built_app.output.parent.parent / "main.py"
    (folder / "main.py").write_bytes(source.read_bytes())
    result = run("build")

    assert result.exit_code == 0
    # Their bytes would be shown where they differ, which takes longer than anybody waits.
    assert filecmp.cmp(folder / "bin" / "main.wasm", built_app.output, shallow=False)
    assert result.stdout.startswith("bin/main.wasm  ")
    assert result.stdout.endswith("MB as a package), unchanged\n")


def test_the_command_is_also_a_module_to_run(built_app: Built, folder: Path) -> None:
    source = built_app.output.parent.parent / "main.py"
    (folder / "edge.py").write_bytes(source.read_bytes())
    command = [sys.executable, "-m", "fastly_compute.cli", "build", "--entry", "gone"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: no module gone in ")


def test_a_missing_entry_module_is_an_error_that_says_how_to_name_one(
    folder: Path, run: Run
) -> None:
    result = run("build")

    assert result.exit_code == 1
    assert f"no module main in {folder}" in result.stderr
    assert "--entry" in result.stderr
    assert "[tool.fastly-compute]" in result.stderr


def test_an_entry_with_the_name_of_a_standard_module_is_refused(write: Write, run: Run) -> None:
    write("json.py", "")
    result = run("build", "--entry", "json")

    assert result.exit_code == 1
    assert "the entry module json has the name of a module of Python's standard" in result.stderr


@pytest.mark.slow
def test_an_exception_of_the_apps_own_is_shown_with_its_traceback(write: Write, run: Run) -> None:
    main = write("main.py", "import helper\n")
    helper = write(
        "src/helper.py", "def configure():\n    raise ValueError('no tariff')\nconfigure()\n"
    )
    result = run("build")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Importing main into CPython for WebAssembly",
        "Traceback (most recent call last):",
        f'  File "{main}", line 1, in <module>',
        "    import helper",
        f'  File "{helper}", line 3, in <module>',
        "    configure()",
        "    ~~~~~~~~~^^",
        f'  File "{helper}", line 2, in configure',
        "    raise ValueError('no tariff')",
        "ValueError: no tariff",
        "Error: cannot build main: importing it failed with ValueError: no tariff.",
    ]
    assert list(Path("bin").iterdir()) == []


@pytest.mark.slow
def test_a_module_without_httpincoming_is_an_error_that_says_how_to_make_one(
    write: Write, run: Run
) -> None:
    main = write("main.py", "def handle(request):\n    return None\n")
    result = run("build")

    assert result.exit_code == 1
    assert f"Error: {main} has no HttpIncoming." in result.stderr
    assert "HttpIncoming = service(handle)" in result.stderr


BAD_HANDLERS = [
    ("HttpIncoming = lambda request: None", "the function '<lambda>'"),
    ("def HttpIncoming(request): ...", "the function 'HttpIncoming'"),
    ("class HttpIncoming: ...", "the class 'HttpIncoming', which has no such method"),
    ("HttpIncoming = 5", "an object of type 'int'"),
]


@pytest.mark.parametrize(("code", "found"), BAD_HANDLERS)
@pytest.mark.parametrize(
    "command", [pytest.param(("build",), marks=pytest.mark.slow), ("serve", "--runtime", "native")]
)
def test_what_is_not_a_handler_is_an_error_that_says_what_to_write(
    write: Write, run: Run, command: tuple[str, ...], code: str, found: str
) -> None:
    name = f"bad{abs(hash(code))}"  # natively, a module of that name may be there from another test
    main = write(f"{name}.py", f"{code}\n")
    result = run(*command, "--entry", name)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"Error: HttpIncoming in {main} is {found}. It must be what service(handle) returns, or a "
        "class with a method handle(request, body). Write: from fastly_compute.http import "
        "service, then HttpIncoming = service(handle)"
    )
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [("build",), ("serve",), ("serve", "--runtime", "native")])
def test_an_entry_module_that_does_not_exist_is_named(
    folder: Path, run: Run, command: tuple[str, ...]
) -> None:
    result = run(*command, "--entry", "missing")

    assert result.exit_code == 1
    assert f"Error: no module missing in {folder}." in result.stderr


@pytest.mark.slow
def test_a_build_says_once_that_there_is_no_manifest(write: Write, folder: Path, run: Run) -> None:
    write("main.py", "class HttpIncoming:\n    def handle(self, request, body): ...\n")
    result = run("build")

    note = f"Note: no fastly.toml in {folder}: it cannot be packed or published.\n"
    assert result.exit_code == 0
    assert result.stderr.count(note) == 1


@pytest.mark.slow
def test_what_the_ignore_file_names_is_not_built(write: Write, folder: Path, run: Run) -> None:
    write("main.py", "import extra\n")
    write("extra.py", "class HttpIncoming:\n    def handle(self, request, body): ...\n")
    write(".fastlyignore", "# not for the edge\nextra.*\n!extra.txt\n")
    result = run("build")

    assert result.exit_code == 1
    assert "importing it failed with ModuleNotFoundError: No module named 'extra'" in result.stderr
    assert not (folder / "bin" / "main.wasm").exists()


@pytest.mark.slow
def test_a_host_call_while_importing_is_named_and_sent_into_the_handler(
    write: Write, run: Run
) -> None:
    main = write(
        "main.py",
        """
        from fastly_compute.secret_store import SecretStore

        store = SecretStore.open("tariffs")
        """,
    )
    result = run("build")

    assert result.exit_code == 1
    assert f'  File "{main}", line 4, in <module>' in result.stderr
    assert "secret_store.Store.open was called while the app is imported." in result.stderr
    assert "Move the call into the handler." in result.stderr
    assert "HostUnavailable" in result.stderr


@pytest.mark.slow
def test_a_native_extension_is_named_with_its_distribution(write: Write, run: Run) -> None:
    write("main.py", "import watchfiles\n")
    result = run("build")

    assert result.exit_code == 1
    assert "watchfiles 1." in result.stderr
    assert "needs the native extension _rust_notify." in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: cannot build main: watchfiles 1.")
    assert "has to be built for the guest, as _rust_notify.cpython-314-wasm32-wasi.so" in last


@pytest.mark.slow
def test_a_package_can_do_without_a_native_extension_that_it_catches(
    write: Write, folder: Path, run: Run
) -> None:
    (folder / "fast.abi3.so").write_bytes(b"\x7fELF")
    write(
        "main.py",
        """
        from fastly_compute.http import Response, service

        try:
            import fast
        except ModuleNotFoundError as error:
            assert "fast.abi3.so is for another machine" in str(error)

        HttpIncoming = service(lambda request: Response.text("slow"))
        """,
    )

    assert run("build").exit_code == 0


@pytest.mark.slow
def test_a_thread_at_import_is_refused_with_the_apps_own_lines(write: Write, run: Run) -> None:
    write(
        "main.py",
        """
        import threading

        threading.Thread(target=print).start()
        """,
    )

    result = run("build")

    assert result.exit_code == 1
    assert "RuntimeError: a sandbox has one thread, and cannot start another" in result.stderr
    assert "threading.Thread(target=print).start()" in result.stderr
    assert "fastly_compute_refusals" not in result.stderr


@pytest.mark.slow
def test_only_the_environment_of_the_command_is_imported_from(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # componentize-py asks whatever python3 is on PATH for further folders, if it is let to.
    write("elsewhere/stray.py", "")
    python = write("path/python3", f"#!/bin/sh\necho '{Path.cwd() / 'elsewhere'}'\n")
    python.chmod(0o755)
    monkeypatch.setenv("PATH", str(python.parent), prepend=os.pathsep)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    write("main.py", "import stray\n")
    result = run("build")

    assert result.exit_code == 1
    assert "importing it failed with ModuleNotFoundError: No module named 'stray'" in result.stderr
    assert f"stray is neither in the app's folder nor installed in {sys.prefix}." in result.stderr


@pytest.mark.slow
def test_an_end_inside_the_interpreter_is_told_without_its_innards(write: Write, run: Run) -> None:
    write(
        "main.py",
        """
        import sys

        sys.setrecursionlimit(10**9)

        def down(n):
            return [down(n + 1)]

        down(0)
        """,
    )
    result = run("build")

    assert result.exit_code == 1
    assert "wasm trap: call stack exhausted" in result.stderr
    assert "componentize-py could not import main" in result.stderr
    assert "libpython" not in result.stderr


def test_another_sdk_that_hides_this_ones_packages_is_refused(write: Write, run: Run) -> None:
    write("main.py", "")
    site = write("site/fastly_compute/__init__.py", "").parent.parent
    write("site/fastly_compute-0.1.3.dist-info/METADATA", "Name: fastly-compute\nVersion: 0.1.3\n")
    write("site/fastly_compute-0.1.3.dist-info/RECORD", "fastly_compute/__init__.py,,\n")
    result = run("build", "-p", str(site))

    assert result.exit_code == 1
    assert f"fastly-compute 0.1.3 in {site} owns the package fastly_compute" in result.stderr
    assert "pip uninstall fastly-compute" in result.stderr


def test_an_output_that_cannot_be_written_is_an_error_at_once(write: Write, run: Run) -> None:
    write("main.py", "")
    taken = write("bin", "a file where the folder should be")
    result = run("build")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: cannot write {taken}: ")
