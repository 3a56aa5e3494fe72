"""Imports and files in a request, on every host; see tests/late_app."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("late")

APP = Path(__file__).parent / "late_app"


@pytest.fixture
def ask(servers, host):
    """Has the app call one of its functions, and returns what that returned."""
    app = servers.get(host, APP, "late_app")

    def ask(name):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
            connection.request("GET", f"/{name}")
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, "\n".join(app.lines)
        return json.loads(content)

    return ask


def test_a_request_imports_modules_of_the_app(ask) -> None:
    assert ask("late_import") == ["late", "late.py", "ours"]
    assert ask("by_name") == ["shop.late", "shop.later"]


def test_a_request_imports_modules_of_the_standard_library(ask) -> None:
    assert ask("standard_library") == ["January", "colorsys", "logging.handlers"]


def test_a_request_is_the_first_to_import_asyncio(ask) -> None:
    assert ask("coroutine") == "SLEPT"


def test_a_module_that_is_nowhere_is_not_found(ask) -> None:
    assert ask("missing_import") == [
        "ModuleNotFoundError",
        "No module named 'no_such_module'",
        "no_such_module",
    ]


def test_a_traceback_shows_the_lines_of_a_module_imported_in_a_request(ask) -> None:
    lines = [line.strip() for line in ask("failing_import")]

    assert lines[-1].startswith("ZeroDivisionError")


def test_the_metadata_of_distributions_is_there(ask) -> None:
    same, version = ask("distribution")

    assert same
    assert version == (Path(__file__).parent.parent / "VERSION").read_text().strip()


def test_a_request_reads_the_data_of_a_package(ask) -> None:
    first, second, names, third = ask("resources")

    assert first == third == json.loads(second) == {"sold": 3}
    assert names == ["data.json"]


def test_a_request_loads_a_template(ask) -> None:
    assert ask("template") == "<p>Hello &lt;Ada&gt;</p>"


def test_files_are_found_and_read_in_every_way(ask) -> None:
    page = "<p>Hello {{ name }}</p>\n"
    assert ask("reading") == {
        "content": [str(page[:5].encode()), "0", str(page.encode()), "True", "False"],
        "lines": [page],
        "size": [len(page)] * 2,
        "old": True,
        "is": [True, False, True, True],
        "access": [True, False],
        "names": ["page.html"],
        "walk": [["page.html"]],
        "scan": [["note.txt", True]],
        "glob": ["page.html"],
        "resolved": "page.html",
        "bytes": True,
    }


def test_time_zones_are_found_whether_they_were_used_at_import_or_not(ask) -> None:
    assert ask("time_zones") == {
        "same": True,
        "Oslo": "2026-07-01T14:00:00+02:00",
        "available": True,
        "missing": "'No time zone found with key Europe/Atlantis'",
    }


def test_a_request_imports_what_the_build_fills_in(ask) -> None:
    assert ask("filled_in") == [True, "RLock"]


def test_a_request_imports_a_package_that_has_data(ask) -> None:
    assert ask("package_with_data") == "wares"


def test_a_missing_file_is_not_found(ask) -> None:
    assert ask("missing_file") == [["FileNotFoundError", True]] * 2


def test_only_what_was_named_is_in_the_component(ask, host) -> None:
    natively = host == "native"  # where the app's folder is what it is
    assert ask("not_there") == {
        ".env": natively,
        "data/plain.json": natively,
        "shop/key.pem": natively,
        "shop/.hidden": natively,
        "static/note.txt": True,
    }


def test_a_temporary_file_in_memory_works(ask) -> None:
    assert ask("writing") == "in memory"


def test_writing_a_file_is_refused_in_a_component(ask, host) -> None:
    if host == "native":
        pytest.skip("the native host has the machine's disk")
    found = ask("refused_writing")

    assert found.pop("tempfile")[0] == "FileNotFoundError"
    assert {kind for kind, _ in found.values()} == {"OSError"}
    for _, message in found.values():
        assert "Read-only file system: a sandbox has no disk to write to: '" in message
