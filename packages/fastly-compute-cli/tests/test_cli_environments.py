"""Native serving where the Python environment lies in the app's folder."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from fastly_compute.cli.project.app_modules import forget_modules
from fastly_compute.cli.project.settings import Project
from fastly_compute.cli.project.watching import AppFilter

Serving = Callable[..., AbstractContextManager[Any]]
Change = Callable[[Any, Path, str], None]

APP = """
from shop.prices import PRICE

from fastly_compute.http import Response, service

HttpIncoming = service(lambda request: Response.text(f"first {PRICE}"))
"""
PRICES = "PRICE = 1\n"
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


def install(packages: Path) -> None:
    """Put what the command needs into an environment: the SDK as files, the rest as links."""
    here = Path(sysconfig.get_path("purelib"))
    for item in here.iterdir():
        if item.name != "fastly_compute" and not item.name.endswith((".pth", ".virtualenv")):
            target = packages / item.name
            if not target.exists():
                target.symlink_to(item)
    for root in map(Path, sys.path):
        if (root / "fastly_compute").is_dir():
            shutil.copytree(
                root / "fastly_compute", packages / "fastly_compute", dirs_exist_ok=True
            )


def by_venv(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    install(folder / "lib" / VERSION / "site-packages")
    return folder / "bin" / "python"


def by_uv(folder: Path) -> Path:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv on PATH")
    command = [uv, "venv", "--quiet", "--offline", "--python", sys.executable, folder]
    subprocess.run(command, check=True)
    install(folder / "lib" / VERSION / "site-packages")
    return folder / "bin" / "python"


def as_conda_does(folder: Path) -> Path:
    """An environment that has its own interpreter and no pyvenv.cfg."""
    packages = folder / "lib" / VERSION / "site-packages"
    packages.mkdir(parents=True)
    (folder / "conda-meta").mkdir()
    install(packages)
    start = folder / "python"
    start.write_text(f'#!/bin/sh\nPYTHONPATH="{packages}" exec "{sys.executable}" -S "$@"\n')
    start.chmod(0o755)
    return start


def linked(folder: Path) -> Path:
    elsewhere = folder.parents[1] / "elsewhere"
    by_venv(elsewhere)
    folder.symlink_to(elsewhere)
    return folder / "bin" / "python"


LAYOUTS = {
    "venv": (".venv", by_venv),
    "venv with another name": ("env", by_venv),
    "uv": (".venv", by_uv),
    "conda": ("env", as_conda_does),
    "a link to a venv": (".venv", linked),
}


@pytest.mark.parametrize("source", [".", "src"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_app_is_served_and_reloaded_beside_its_environment(
    tmp_path: Path, serving: Serving, change_until_noticed: Change, layout: str, source: str
) -> None:
    name, make = LAYOUTS[layout]
    folder = tmp_path / "an app"
    (folder / source / "shop").mkdir(parents=True)
    (folder / source / "main.py").write_text(APP)
    prices = folder / source / "shop" / "prices.py"
    prices.write_text(PRICES)
    python = make(folder / name)
    with serving(folder, "--runtime", "native", "--watch", python=python) as served:
        before = served.get()
        served.wait_for("GET / 200")
        change_until_noticed(served, prices, PRICES.replace("1", "2"))
        served.wait_for("Reloaded in")
        after = served.get()
        served.stop()

    assert (before, after) == ((200, "first 1"), (200, "first 2"))


def test_the_app_is_served_in_a_folder_that_is_a_link(tmp_path: Path, serving: Serving) -> None:
    folder = tmp_path / "real"
    (folder / "shop").mkdir(parents=True)
    (folder / "main.py").write_text(APP)
    (folder / "shop" / "prices.py").write_text(PRICES)
    python = by_venv(folder / ".venv")
    link = tmp_path / "link"
    link.symlink_to(folder)
    with serving(link, "--runtime", "native", python=python) as served:
        answer = served.get()
        served.stop()

    assert answer == (200, "first 1")


def module_at(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    module = type(sys)(name)
    module.__file__ = str(path)
    monkeypatch.setitem(sys.modules, name, module)
    return name


def test_only_the_apps_own_modules_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(path: str, name: str) -> str:
        return module_at(tmp_path / path, name, monkeypatch)

    (tmp_path / "conda" / "conda-meta").mkdir(parents=True)
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    own = [at("own_one.py", "own_one"), at("src/own_two/edge.py", "own_two.edge")]
    foreign = [
        at("venv/lib/python3/foreign_one.py", "foreign_one"),
        at("conda/lib/python3/foreign_two.py", "foreign_two"),
        at("libraries/site-packages/foreign_three.py", "foreign_three"),
        at("packages/sdk/src/fastly_compute/foreign_four.py", "fastly_compute.foreign_four"),
    ]
    forget_modules([tmp_path, tmp_path / "src"])

    assert not set(own) & set(sys.modules)
    assert set(foreign) <= set(sys.modules)


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("main.py", True),
        ("templates/page.html", True),
        (".env", True),
        (".fastlyignore", True),
        ("fastly.toml", True),
        ("server.log", False),
        ("notes/secret.txt", False),
        ("bin/main.wasm", False),
        ("pkg/app.tar.gz", False),
        ("__pycache__/main.cpython-313.pyc", False),
        ("main.py~", False),
        (".venv/lib/python3.13/site-packages/new.py", False),
        ("env/lib/new.py", False),
        (".git/index", False),
    ],
)
def test_what_the_watcher_follows(tmp_path: Path, path: str, counts: bool) -> None:
    (tmp_path / ".fastlyignore").write_text("notes/\n")
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    passed = AppFilter(Project(folder=tmp_path), None)

    assert passed(watchfiles.Change.modified, str(tmp_path / path)) is counts


def test_the_watcher_does_not_follow_where_the_output_goes(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("x = 1\n")
    code = (
        "import watchfiles; from pathlib import Path;"
        "from fastly_compute.cli.project.settings import Project;"
        "from fastly_compute.cli.project.watching import AppFilter; here = Path.cwd();"
        "passed = AppFilter(Project(folder=here), None);"
        "print([passed(watchfiles.Change.modified, str(here / n)) for n in ('said', 'main.py')])"
    )
    with (tmp_path / "said").open("w") as said:
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, stdout=said, check=True)

    assert (tmp_path / "said").read_text() == "[False, True]\n"


def test_a_change_of_the_rules_holds_at_once(tmp_path: Path) -> None:
    passed = AppFilter(Project(folder=tmp_path), None)
    change, rules, file = watchfiles.Change.modified, tmp_path / ".fastlyignore", tmp_path / "a.txt"
    before = passed(change, str(file))
    rules.write_text("*.txt\n")
    noticed = passed(change, str(rules))

    assert (before, noticed, passed(change, str(file))) == (True, True, False)
    assert list(tmp_path.iterdir()) == [rules]
