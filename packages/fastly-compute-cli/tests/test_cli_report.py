"""The report of what is in a component, read from a component that was built."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fastly_compute.cli.commands.build import Built
from fastly_compute.cli.commands.report import Report, as_json, lines, read_report
from fastly_compute.cli.errors import CliError

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def report(built_app: Built) -> Report:
    return read_report(built_app.output, 1)


def test_the_parts_add_up_to_the_component(report: Report, built_app: Built) -> None:
    assert report.size == built_app.output.stat().st_size
    assert all(part.size >= 0 for part in report.parts)
    rest = report.parts[-1]
    assert rest.size < report.size / 50


def test_modules_come_with_their_origins_and_sizes(report: Report) -> None:
    found = {module.name: module for module in report.modules}

    assert found["main"].origin == "app"
    assert found["fastly_compute.http.handler"].origin == "sdk"
    assert found["wit_world.imports.http_body"].origin == "sdk"
    assert found["typing"].origin == "python"
    sizes = [module.size for module in report.modules]
    assert sizes == sorted(sizes, reverse=True)
    # Its source has 2 kB; the objects that it becomes take more, by less than an order.
    assert 2_000 < found["main"].size < 50_000
    assert found["typing"].size > found["main"].size


def test_what_is_kept_for_later_has_its_compressed_size(report: Report) -> None:
    kept = {module.name: module for module in report.kept}

    assert kept
    assert not kept.keys() & {module.name for module in report.modules}
    assert all(0 < module.size < 100_000 for module in report.kept)


def test_most_of_the_memory_belongs_to_a_module(report: Report) -> None:
    shared = next(part for part in report.parts if part.name.startswith("objects of no one"))
    modules = sum(module.size for module in report.modules)

    assert shared.size < modules / 2


def test_the_table_and_the_json_object_show_the_same(report: Report) -> None:
    table = list(lines(report))
    found = json.loads(as_json(report, "bin/main.wasm", 7))

    assert (found["file"], found["size"], found["package_size"]) == (
        "bin/main.wasm",
        report.size,
        7,
    )
    assert sum(part["size"] for part in found["parts"]) == report.size
    largest = found["modules"][0]
    assert set(largest) == {"name", "origin", "size"}
    assert f"{largest['size'] / 1e3:6.0f} kB        {largest['name']} (Python)" in table
    assert len(found["modules"]) > 100
    assert all(len(line) <= 100 for line in table)


def test_a_component_without_an_interpreter_is_refused(
    folder: Path, component_with: Callable[[dict[int, bytes]], bytes]
) -> None:
    path = folder / "main.wasm"
    path.write_bytes(component_with({64: bytes(range(256))}))

    with pytest.raises(CliError, match=f"cannot report what is in {path}: cannot read the app: "):
        read_report(path, 1)


def test_json_without_a_report_is_refused(folder: Path, run: Run) -> None:
    result = run("build", "--json")

    assert result.exit_code == 2
    assert "--json goes with --report" in result.stderr
