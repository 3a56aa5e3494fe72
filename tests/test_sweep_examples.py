"""The examples that serve pages, with each host call failing that a request makes."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from fastly_compute.cli.build import build
from fastly_compute.cli.project import Project
from fastly_compute.local import NativeApp, WasmApp
from fastly_compute.testing import sweep

pytestmark = pytest.mark.xdist_group("wsgi-examples")

EXAMPLES = Path(__file__).parent.parent / "examples"
FORM = {
    "body": b"name=Ada",
    "headers": {"Content-Type": "application/x-www-form-urlencoded"},
}
# What is sent, and how many host calls it takes at least.
PAGES = [
    ("GET", "/", {"headers": {"Cookie": "name=Ada"}}, 8),
    ("GET", "/static/style.css", {}, 8),
    ("GET", "/nowhere", {}, 8),
    ("GET", "/broken", {}, 8),
    ("POST", "/name", FORM, 8),
    ("PUT", "/upload", {"body": b"content"}, 8),
    ("GET", "/download/200000", {}, 8),
    ("HEAD", "/download/200000", {}, 8),
    ("GET", "/origin/cart", {}, 8),
    ("POST", "/origin/cart", {"body": b"one more"}, 8),
]
SENT = [
    *(("first-look", method, "/cart", options, 8) for method, _, options, _ in PAGES[-2:]),
    *((f"{framework}-app", *page) for framework in ("bottle", "django", "flask") for page in PAGES),
]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Load an example, natively or as a component, once."""
    apps: dict[tuple[str, str], NativeApp | WasmApp] = {}

    def load(host: str, name: str) -> NativeApp | WasmApp:
        if host == "wasm":
            copy = tmp_path_factory.mktemp("sweep") / name
            ignored = shutil.ignore_patterns("bin", "__pycache__")
            shutil.copytree(EXAMPLES / name, copy, ignore=ignored)
            return WasmApp(build(Project(folder=copy)).output)
        main = f"{name.replace('-', '_')}_main"
        spec = importlib.util.spec_from_file_location(main, EXAMPLES / name / "main.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[main] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return NativeApp(module.HttpIncoming)

    def loaded(host: str, name: str) -> NativeApp | WasmApp:
        if (host, name) not in apps:
            sys.path.insert(0, str(EXAMPLES / name))
            try:
                apps[host, name] = load(host, name)
            finally:
                sys.path.remove(str(EXAMPLES / name))
        return apps[host, name]

    return loaded


@pytest.mark.parametrize("host", ["native", "wasm"])
@pytest.mark.parametrize(("name", "method", "path", "options", "least"), SENT)
def test_no_host_call_that_fails_brings_an_example_down(
    loaded, host, name, method, path, options, least
) -> None:
    def scenario(compute_host, compute_client) -> None:
        compute_host.load(EXAMPLES / name / "fastly.toml")
        origin = compute_host.backend("origin")
        origin.get("/cart", chunks=[b"one", b"two"])
        origin.post("/cart", status=201, json={"items": 3})
        compute_client.requests([compute_client.prepare(method, path, **options)])

    swept = sweep(loaded(host, name), scenario)

    assert len(swept.calls) >= least
