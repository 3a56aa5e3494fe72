"""The messages of a build about the modules and files that it embeds."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fastly_compute.local import Host, Incoming, WasmApp

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
Write = Callable[[str, str], Path]


def test_a_build_says_what_it_added_and_that_time_zones_are_missing(write: Write, run: Run) -> None:
    write("pyproject.toml", '[tool.fastly-compute]\noptimize = "none"\nexclude = ["tzdata*"]\n')
    write(
        "main.py",
        """
        import zoneinfo

        from fastly_compute.http import Response, service


        def handle(request):
            import logging.config

            try:
                import no_such_module
            except ImportError as error:
                missing = str(error)
            try:
                __import__("".join(["mail", "box"]))
            except ImportError as error:
                return Response.json([logging.config.__name__, missing, str(error)])


        HttpIncoming = service(handle)
        """,
    )
    result = run("build")

    assert result.exit_code == 0, result.stderr
    added = r"Added \d+ modules and \d+ files for use at run time: 0\.\d MB\n"
    assert re.search(added, result.stderr)
    assert (
        "warning: the app may use zoneinfo, and the component has no time zones. Install tzdata, "
        "and build again.\n" in result.stderr
    )
    with Host() as host:
        answer = host.request(WasmApp(Path("bin/main.wasm")), Incoming()).body
    assert b'"logging.config","No module named \'no_such_module\'"' in answer
    assert b"No module named 'mailbox' in the component. It belongs to Python's standard" in answer
    assert b"`include-modules`" in answer


def test_all_of_the_standard_library_can_be_included(write: Write, run: Run) -> None:
    settings = '[tool.fastly-compute]\noptimize = "none"\ninclude-modules = ["*"]\n'
    write("pyproject.toml", settings)
    write(
        "main.py",
        """
        from fastly_compute.http import Response, service


        def handle(request):
            return Response.text(__import__("".join(["mail", "box"])).Maildir.__name__)


        HttpIncoming = service(handle)
        """,
    )
    result = run("build")

    assert result.exit_code == 0, result.stderr
    with Host() as host:
        assert host.request(WasmApp(Path("bin/main.wasm")), Incoming()).body == b"Maildir"


def test_an_app_that_needs_more_memory_than_a_sandbox_is_refused(write: Write, run: Run) -> None:
    write("main.py", "TABLE = bytes(range(256)) * 600_000\nclass HttpIncoming: handle = print\n")
    result = run("build", "--optimize", "none")

    assert result.exit_code == 1
    assert "it needs more than the 128 MB of memory that a sandbox has" in result.stderr
    assert "`exclude`" in result.stderr
