"""What a sandbox refuses, as docs/limits.md lists it, fails on each host, and nothing else does."""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import markupsafe._speedups
import pytest

from fastly_compute.local import Host, Incoming, NativeApp

pytestmark = pytest.mark.xdist_group("guest-limits")

APP = Path(__file__).parent / "guest_limits"
PAGE = (APP.parent.parent / "docs" / "limits.md").read_text()
ROW = re.compile(r"^\| (.+) \| `(\w+)` \| .+ \|$", re.MULTILINE)
ERRORS = {name: error for names, error in ROW.findall(PAGE) for name in names.split("; ")}
ALLOWED = (
    "reading",
    "listing",
    "SpooledTemporaryFile",
    "BytesIO",
    "print",
    "logging",
    "open(1)",
    "sqlite3 in memory",
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's folder, with a native extension of this interpreter's in its package."""
    folder = tmp_path_factory.mktemp("app") / "guest_limits"
    (folder / "fast").mkdir(parents=True)
    for name in ("main.py", "fast/__init__.py", "fast/data.txt"):
        (folder / name).write_bytes((APP / name).read_bytes())
    extension = Path(markupsafe._speedups.__file__)
    (folder / "fast" / extension.name).write_bytes(extension.read_bytes())
    return folder


@pytest.fixture
def native(app: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NativeApp]:
    monkeypatch.syspath_prepend(app)
    names = ("main", "fast", "fast._speedups")
    before = {name: sys.modules.pop(name, None) for name in names}
    yield NativeApp(importlib.import_module("main").HttpIncoming)
    for name in names:
        sys.modules.pop(name, None)
        if before[name] is not None:
            sys.modules[name] = before[name]


def asked(url: str, name: str) -> list[str]:
    with urlopen(f"{url}/{quote(name, safe='')}") as answer:
        return json.load(answer)


def test_the_page_lists_what_is_tried(native: NativeApp) -> None:
    main = sys.modules["main"]

    assert list(ERRORS) == list(main.ACTIONS)
    assert list(ALLOWED) == list(main.ALLOWED)


@pytest.mark.parametrize("host", ["wasm", "viceroy"], indirect=True)
def test_a_sandbox_refuses_it(servers, host: str, app: Path) -> None:
    url = servers.get(host, app, "main").url
    found = {name: asked(url, name) for name in [*ERRORS, *ALLOWED]}

    for name, error in ERRORS.items():
        assert error in found[name], name
    assert [name for name in ALLOWED if found[name]] == []


def test_the_native_host_refuses_it_with_the_same_error(native: NativeApp, app: Path) -> None:
    before = sorted(app.rglob("*"))
    with Host(unavailable="error") as host:
        found = {
            name: json.loads(host.request(native, Incoming(uri=f"http://h/{quote(name)}")).body)
            for name in [*ERRORS, *ALLOWED]
        }

    for name, error in ERRORS.items():
        assert "UnavailableInSandbox" in found[name], name
        # What a sandbox does not have at all is an AttributeError there.
        assert error in found[name] or error == "AttributeError", name
    assert [name for name in ALLOWED if found[name]] == []
    assert sorted(app.rglob("*")) == before
