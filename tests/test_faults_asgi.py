"""tests/asgi_app, with each host call failing that a request makes."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import NativeApp, WasmApp
from fastly_compute.testing import inject_faults

from .conftest import copied

pytest.importorskip("starlette", reason="hatch test installs what the app is made of")

pytestmark = pytest.mark.xdist_group("asgi-app")

APP = Path(__file__).parent / "asgi_app"
SENT = [
    ("GET", "/hello/me", {}),
    ("HEAD", "/hello/me", {}),
    ("GET", "/facts/x?a", {}),
    ("POST", "/hashed", {"body": b"content"}),
    ("GET", "/download/100000", {}),
    ("GET", "/background", {}),
    ("GET", "/middleware/download/100000", {}),
    ("GET", "/plain/trailers", {"headers": {"TE": "trailers"}}),
    ("GET", "/plain/hints", {}),
    ("GET", "/django/hello/me", {}),
    ("POST", "/django/hashed", {"body": b"content"}),
    ("GET", "/django/streamed", {}),
]


@pytest.fixture(scope="module")
def own_django():
    """Django without the settings of another app of this process, of which it allows only one."""

    def forget() -> dict[str, ModuleType]:
        names = [
            name for name in sys.modules if name.partition(".")[0] in {"django", "django_part"}
        ]
        return {name: sys.modules.pop(name) for name in names}

    before = forget()
    yield
    forget()
    sys.modules.update(before)


@pytest.fixture(scope="module")
def loaded(own_django, tmp_path_factory):
    """The app in this process, once per host."""
    found = {}

    def load(host: str) -> NativeApp | WasmApp:
        if host in found:
            return found[host]
        if host == "wasm":
            folder = copied(APP, tmp_path_factory.mktemp("asgi") / "app")
            found[host] = WasmApp(build(Project(folder=folder, entry="asgi_app")).output)
        else:
            spec = importlib.util.spec_from_file_location("asgi_app", APP / "asgi_app.py")
            module = importlib.util.module_from_spec(spec)
            sys.path.insert(0, str(APP))
            try:
                spec.loader.exec_module(module)
            finally:
                sys.path.remove(str(APP))
            found[host] = NativeApp(module.HttpIncoming)
        return found[host]

    return load


@pytest.mark.parametrize("host", ["native", "wasm"])
@pytest.mark.parametrize(("method", "path", "options"), SENT)
def test_no_host_call_that_fails_brings_the_app_down(loaded, host, method, path, options) -> None:
    def scenario(compute_host, compute_client) -> None:
        compute_client.requests([compute_client.prepare(method, path, **options)])

    assert len(inject_faults(loaded(host), scenario).calls) >= 8
