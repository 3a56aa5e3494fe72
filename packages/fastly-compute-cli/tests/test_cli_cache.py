import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fastly_compute.cli.project import cache
from fastly_compute.cli.project.settings import Project

Write = Callable[[str, str], Path]


@pytest.fixture
def app(folder: Path, write: Write) -> Project:
    write("app/main.py", "x = 1\n")
    write("site/library.py", "y = 1\n")
    return Project(folder=folder / "app")


def key(app: Project) -> str:
    return cache.inputs_key(app, [app.folder, app.folder.parent / "site"])


def test_the_same_inputs_have_the_same_key_wherever_they_are(app: Project) -> None:
    before = key(app)
    moved = app.folder.rename(app.folder.with_name("moved"))

    assert key(Project(folder=moved)) == before


def test_other_passes_make_another_key(app: Project) -> None:
    keys = [
        key(app),
        key(replace(app, optimize="safe")),
        key(replace(app, without=("link",))),
        key(replace(app, without=("link", "immortal"))),
    ]

    assert len(set(keys)) == 4
    assert key(replace(app, without=("immortal", "link", "link"))) == keys[3]


@pytest.mark.parametrize(
    "name",
    ["app/main.py", "app/data/prices.csv", "app/src/shop/__init__.py", "site/other.py"],
)
def test_a_changed_or_new_file_makes_another_key(name: str, app: Project, write: Write) -> None:
    before = key(app)
    write(name, "x = 2\n")

    assert key(app) != before


@pytest.mark.parametrize(
    "name",
    [
        "app/fastly.toml",
        "app/viceroy.toml",
        "app/bin/main.wasm",
        "app/pkg/app.tar.gz",
        "app/.venv/lib/library.py",
        "app/__pycache__/main.cpython-314.pyc",
        "site/__pycache__/library.cpython-313.pyc",
    ],
)
def test_what_no_build_reads_makes_no_difference(name: str, app: Project, write: Write) -> None:
    before = key(app)
    write(name, "anything")

    assert key(app) == before


def test_a_virtual_environment_in_the_app_makes_no_difference(app: Project, write: Write) -> None:
    before = key(app)
    write("app/env/pyvenv.cfg", "")
    write("app/env/lib/library.py", "")

    assert key(app) == before


def test_the_output_makes_no_difference_wherever_it_is(app: Project, write: Write) -> None:
    project = Project(folder=app.folder, output=Path("out.wasm"))
    before = key(project)
    write("app/out.wasm", "anything")

    assert key(project) == before


def test_a_library_counts_by_size_and_time(app: Project) -> None:
    before = key(app)
    os.utime(app.folder.parent / "site" / "library.py", ns=(1, 1))

    assert key(app) != before


def test_the_entry_is_part_of_the_key(app: Project) -> None:
    assert key(app) != key(Project(folder=app.folder, entry="other"))


def test_a_link_that_leads_nowhere_or_in_a_circle_is_passed_over(app: Project) -> None:
    before = key(app)
    (app.folder / ".#main.py").symlink_to("user@machine")
    (app.folder / "circle").symlink_to(app.folder)

    assert key(app) == before


def test_what_was_stored_is_found_and_the_oldest_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTLY_COMPUTE_CACHE", str(tmp_path))
    for number in range(25):
        cache.store(f"{number:02}", cache.Entry(component=b"%d" % number, package_size=number))
        os.utime(tmp_path / "builds" / f"{number:02}.wasm", (number, number))

    assert cache.look_up("04") is None
    assert cache.look_up("24") == cache.Entry(component=b"24", package_size=24)
    assert len(list((tmp_path / "builds").iterdir())) == 40


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()

    with pytest.raises(OSError, match="target"):
        cache.write_whole(target, b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
