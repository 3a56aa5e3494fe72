"""Building again while an app is served: from a base, on the real hosts."""

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from fastly_compute.cli.commands.build import Built, build
from fastly_compute.cli.commands.pack import pack
from fastly_compute.cli.commands.viceroy import INSTALL, find_viceroy
from fastly_compute.cli.component.base import Base, BaseError, find_base, make_base
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project import cache
from fastly_compute.cli.project.embedding import embedding
from fastly_compute.cli.project.roots import import_roots
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import Host, Incoming, WasmApp
from fastly_compute.local.runtime.wasm.separate import separate

Serving = Callable[..., AbstractContextManager[Any]]
Change = Callable[[Any, Path, str], None]
Write = Callable[[str, str], Path]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rebuild")]

APP = """
import json
import random

from fastly_compute.http import IncomingRequest, Response, service

MADE = random.Random()
CHOSEN = random.random()


def handle(request: IncomingRequest) -> Response:
    if request.path == "/late":
        import colorsys
        return Response.text(colorsys.__name__)
    if request.path == "/numbers":
        return Response.text(json.dumps([CHOSEN, random.random(), MADE.random()]))
    return Response.text("first")


HttpIncoming = service(handle)
"""


@pytest.fixture
def base(shared: Path) -> Base:
    """A base, made once for all that use the tests' cache."""
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if find_base() is None:
            make_base()
    found = find_base()
    assert found is not None
    return found


@pytest.fixture
def rebuilt(base: Base, built_app: Built, shared: Path) -> Built:
    """The app that `built_app` is a build of, built from a base."""
    folder = shared / "rebuilt"
    folder.mkdir(exist_ok=True)
    source = (built_app.output.parent.parent / "main.py").read_text(encoding="utf-8")
    # Its own text: what was built without a base is preferred.
    (folder / "main.py").write_text(f"{source}# rebuilt\n", encoding="utf-8")
    return build(Project(folder=folder), base)


def test_a_component_from_a_base_answers_as_one_from_componentize_py(
    rebuilt: Built, built_app: Built
) -> None:
    with Host() as host:
        first, second = (
            {
                path: host.request(wasm, Incoming(uri=f"http://localhost{path}"))
                for path in ("/environ", "/codecs", "/described", "/boom")
            }
            for wasm in (WasmApp(rebuilt.output), WasmApp(built_app.output))
        )

    names = [set(json.loads(found.pop("/environ").body)) for found in (first, second)]
    assert names[0] == names[1] >= {"FASTLY_HOSTNAME"}
    for path, answer in first.items():
        assert (answer.status, answer.body) == (second[path].status, second[path].body)
    # It is compiled already: its code is that of any other app.
    parts = [separate(path.read_bytes()) for path in (rebuilt.output, built_app.output)]
    assert parts[0] is not None
    assert parts[1] is not None
    assert parts[0].code == parts[1].code
    assert parts[0].component != parts[1].component
    folder = rebuilt.output.parent.parent
    assert sorted(path.name for path in folder.iterdir()) == ["bin", "main.py"]


def test_an_edit_does_without_the_passes_that_only_make_many_requests_faster(
    rebuilt: Built, built_app: Built, tmp_path: Path
) -> None:
    with Host() as host:
        found = {
            built.output: host.request(WasmApp(built.output), Incoming(uri="http://app/frozen"))
            for built in (rebuilt, built_app)
        }

    assert [answer.body for answer in found.values()] == [b"false", b"true"]
    (tmp_path / "fastly.toml").write_text('name = "app"\n', encoding="utf-8")
    with pytest.raises(CliError, match="was built by serve --watch for an edit"):
        pack(Project(folder=tmp_path, output=rebuilt.output))
    assert pack(Project(folder=tmp_path, output=built_app.output)).is_file()


def test_viceroy_serves_a_component_from_a_base_and_stops(rebuilt: Built, serving: Serving) -> None:
    if find_viceroy() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("viceroy is not on PATH or in $VICEROY")
        pytest.skip(f"needs Viceroy on PATH or in $VICEROY: {INSTALL}")
    folder = rebuilt.output.parent.parent
    with serving(folder, "--runtime", "viceroy", "--watch") as served:
        frozen = served.get("/frozen")
        numbers = {served.get("/random") for _ in range(3)}
        output = served.stop()

    assert frozen == (200, "false")
    assert len(numbers) == 3
    assert output.endswith("Stopped.\n")
    assert served.process.returncode == 0


def test_what_is_published_is_built_without_a_base(base: Base, rebuilt: Built) -> None:
    project = Project(folder=rebuilt.output.parent.parent)

    assert build(project, base).cached
    assert cache.look_up(cache.inputs_key(project, import_roots(project))) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise ValueError('no')", "importing it failed with ValueError: no"),
        (
            "from wit_world.imports import compute_runtime\ncompute_runtime.get_vcpu_ms()",
            "was called while the app is imported",
        ),
        ("x = 1", "HttpIncoming"),
        # Then componentize-py tries it, and the app writes to a closed pipe.
        ("print('x' * 20_000)", "no more than 10,000 bytes"),
    ],
)
def test_an_app_that_cannot_be_built_has_the_same_error(
    text: str, message: str, base: Base, write: Write
) -> None:
    app = write("main.py", text)

    with pytest.raises(CliError) as raised:
        build(Project(folder=app.parent), base)
    assert message in str(raised.value)
    assert "/guest/" not in str(raised.value.details)


def test_each_build_imports_the_files_that_are_there_now(
    base: Base, write: Write, tmp_path: Path
) -> None:
    def said() -> str:
        with pytest.raises(CliError) as raised:
            build(project, base)
        return str(raised.value)

    def install(version: str) -> None:
        library = write("venv/site-packages/library.py", f"VERSION = {version!r}")
        os.utime(library, (1, 1))  # an installer may give each version the same time
        record = f"venv/site-packages/library-{version}.dist-info/METADATA"
        write(record, f"Metadata-Version: 2.1\nName: library\nVersion: {version}\n")

    app = write("main.py", "import part, library\nraise ValueError(part.NAME, library.VERSION)")
    part = write("part.py", "NAME = 'part one'")
    install("1.0")
    project = Project(folder=app.parent, python_path=(tmp_path / "venv" / "site-packages",))

    assert "('part one', '1.0')" in said()
    part.write_text("import added\nNAME = added.NAME\n")
    write("added.py", "NAME = 'part two'")
    shutil.rmtree(tmp_path / "venv" / "site-packages" / "library-1.0.dist-info")
    install("2.0")
    assert "('part two', '2.0')" in said()
    part.unlink()
    assert "part is neither in the app's folder nor installed" in said()


def test_a_native_extension_for_webassembly_is_left_to_componentize_py(
    base: Base, write: Write, tmp_path: Path
) -> None:
    app = write("main.py", "try:\n    import fast\nexcept ImportError:\n    pass\n")
    write("fast.cpython-314-wasm32-wasi.so", "")
    project = Project(folder=app.parent)
    roots = import_roots(project)
    work = tmp_path / "work"
    work.mkdir()

    with pytest.raises(BaseError, match="native extension"):
        base.build(work, "main", ["/0/"], roots, (), embedding(project, roots).described())


@pytest.mark.parametrize(
    "place", ["componentize-py.toml", "sdk/componentize-py.toml", "venv/site-packages/sdk/in/it"]
)
def test_a_package_with_its_own_wit_world_is_left_to_componentize_py(
    place: str, base: Base, write: Write, tmp_path: Path
) -> None:
    app = write("app/main.py", APP)
    installed = tmp_path / "venv" / "site-packages"
    installed.mkdir(parents=True)
    project = Project(folder=app.parent, python_path=(installed,))
    roots = import_roots(project)

    def try_base(name: str) -> None:
        work = tmp_path / name
        work.mkdir()
        base.build(work, "main", ["/0/"], roots, (), embedding(project, roots).described())

    if place.startswith("venv"):
        try_base("before")  # what is installed is searched once for as long as it is the same
        write("venv/site-packages/sdk-1.dist-info/METADATA", "Name: sdk\nVersion: 1\n")
        write(f"{place}/componentize-py.toml", "")
    else:
        write(f"app/{place}", "")
    with pytest.raises(BaseError, match=r"componentize-py\.toml in .* is for componentize-py"):
        try_base("after")


def test_an_import_that_does_not_end_can_be_interrupted(
    base: Base, write: Write, serving: Serving, change_until_noticed: Change
) -> None:
    app = write("main.py", APP)
    with serving(app.parent, "--runtime", "wasm", "--watch") as served:
        change_until_noticed(served, app, "while True:\n    pass\n")
        output = served.stop()

    assert output.endswith("Stopped.\n")
    assert served.process.returncode == 0


def test_what_is_served_changes_with_the_app_and_no_request_is_lost(
    base: Base, write: Write, serving: Serving, change_until_noticed: Change
) -> None:
    app = write("main.py", APP)
    seen: list[tuple[int, str]] = []
    stop = threading.Event()
    with serving(app.parent, "--runtime", "wasm", "--watch") as served:

        def load() -> None:
            while not stop.wait(0.05):
                seen.append(served.get())

        seen.append(served.get())
        served.wait_for("GET / 200")
        change_until_noticed(served, app, APP.replace("first", "a second"))
        client = threading.Thread(target=load, daemon=True)
        client.start()
        try:
            served.wait_for(r"Reloaded in [\d.]+ s")
            after = served.get()
            late = served.get("/late")
            numbers = [json.loads(served.get("/numbers")[1]) for _ in range(3)]
            app.write_text("import gone\n")
            served.wait_for("gone is neither in the app's folder nor installed")
            served.wait_for("Build failed; still serving the previous version.")
            still = served.get()
            app.write_text(APP.replace("first", "a third"))
            served.wait_for(r"Reloaded in [\d.]+ s")
            last = served.get()
            numbers.append(json.loads(served.get("/numbers")[1]))
        finally:
            stop.set()
            client.join()
        served.stop()

    assert after == still == (200, "a second")
    assert last == (200, "a third")
    assert late == (200, "colorsys")
    # No two sandboxes have the same random numbers, nor two builds.
    chosen, *by_sandbox = (set(found) for found in zip(*numbers, strict=True))
    assert len(chosen) == 2
    assert [len(found) for found in by_sandbox] == [4, 4]
    seen.append(last)  # the client in the thread may have been stopped before that
    answers = [body for status, body in seen if status == 200]
    assert len(answers) == len(seen)
    assert list(dict.fromkeys(answers)) == ["first", "a second", "a third"]
