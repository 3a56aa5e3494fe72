"""Building again while an app is served: from a base, on the real wasm runtime."""

import fcntl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.component.base import Base, find_base, make_base
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import Host, Incoming, WasmApp

Serving = Callable[..., AbstractContextManager[Any]]
Change = Callable[[Any, Path, str], None]
Write = Callable[[str, str], Path]

pytestmark = pytest.mark.xdist_group("rebuild")

APP = """
import json
import os
import random

from fastly_compute.http import IncomingRequest, Response, service

MADE = random.Random()


def handle(request: IncomingRequest) -> Response:
    if request.path == "/late":
        import colorsys
        return Response.text(colorsys.__name__)
    if request.path == "/facts":
        facts = [random.random(), MADE.random(), sorted(os.environ)]
        return Response.text(json.dumps(facts))
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


def test_a_component_from_a_base_does_what_one_from_componentize_py_does(
    base: Base, write: Write
) -> None:
    app = write("main.py", APP)
    built = build(Project(folder=app.parent), base)
    wasm = WasmApp(built.output)
    with Host() as host:

        def get(path: str) -> bytes:
            return bytes(host.request(wasm, Incoming(uri=f"http://localhost{path}")).body)

        facts = {get("/facts") for _ in range(3)}
        assert get("/") == b"first"
        assert get("/late") == b"colorsys"

    # Each sandbox has its own random numbers, and the environment of its host.
    assert len(facts) == 3
    assert all(b"FASTLY_HOSTNAME" in found and b"PYTHON" not in found for found in facts)
    assert sorted(path.name for path in app.parent.iterdir()) == ["bin", "main.py"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import gone", "gone is neither in the app's folder nor installed"),
        ("def handle(:", "importing it failed with SyntaxError"),
        ("raise ValueError('no')", "importing it failed with ValueError: no"),
        (
            "from wit_world.imports import compute_runtime\ncompute_runtime.get_vcpu_ms()",
            "was called while the app is imported",
        ),
        ("x = 1", "HttpIncoming"),
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


def test_what_is_served_changes_with_the_app_and_no_request_is_lost(
    base: Base, write: Write, serving: Serving, change_until_noticed: Change
) -> None:
    app = write("main.py", APP)
    seen: list[tuple[int, str]] = []
    stop = threading.Event()
    with serving(app.parent, "--runtime", "wasm", "--watch") as served:

        def load() -> None:
            while not stop.is_set():
                seen.append(served.get())

        seen.append(served.get())
        served.wait_for("GET / 200")
        change_until_noticed(served, app, APP.replace("first", "a second"))
        client = threading.Thread(target=load, daemon=True)
        client.start()
        try:
            served.wait_for(r"Reloaded in [\d.]+ s")
            after = served.get()
            app.write_text("import gone\n")
            served.wait_for("gone is neither in the app's folder nor installed")
            served.wait_for("Build failed; still serving the previous version.")
            still = served.get()
            app.write_text(APP.replace("first", "a third"))
            served.wait_for(r"Reloaded in [\d.]+ s")
            last = served.get()
        finally:
            stop.set()
            client.join()
        served.stop()

    assert after == still == (200, "a second")
    assert last == (200, "a third")
    answers = [body for status, body in seen if status == 200]
    assert len(answers) == len(seen)
    assert list(dict.fromkeys(answers)) == ["first", "a second", "a third"]
