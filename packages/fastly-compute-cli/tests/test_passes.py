"""The passes: which run, and what happens where one cannot be applied."""

import array
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from wasmtime import wat2wasm

from fastly_compute.cli.component.componentize import Componentized
from fastly_compute.cli.component.passes import PASSES, Immortal, Link, WarmUp, apply, select
from fastly_compute.cli.component.wasm.component import PREAMBLE
from fastly_compute.cli.errors import CliError
from fastly_compute.local import Host, Incoming, WasmApp

Run = Callable[..., Result]
Write = Callable[[str, str], Path]

NAMES = [one.name for one in PASSES]
SAFE = ["warm-up"]
SMALL_APP = Path(__file__).with_name("small_app.wat").read_text(encoding="utf-8")


@pytest.fixture
def made(tmp_path: Path) -> Componentized:
    """The value that a guest leaves if nothing failed."""
    (tmp_path / "failed").write_text("{}")
    (tmp_path / "objects").write_bytes(array.array("I", [3000, 2000, 1, 1000]).tobytes())
    (tmp_path / "loads").write_bytes(array.array("I", [1, 2]).tobytes())
    return Componentized(b"", "", tmp_path)


def test_each_pass_has_a_name_of_its_own_and_says_what_it_does() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for one in PASSES:
        assert one.__doc__ is not None
        assert "Saves: " in one.__doc__
        assert "Relies on: " in one.__doc__


@pytest.mark.parametrize(
    ("level", "without", "names"),
    [
        ("none", (), []),
        ("safe", (), SAFE),
        ("all", (), NAMES),
        ("all", ("link", "warm-up"), [name for name in NAMES if name not in ("link", "warm-up")]),
        ("safe", ("warm-up", "link"), []),
    ],
)
def test_a_level_and_names_choose_passes(
    level: str, without: tuple[str, ...], names: list[str]
) -> None:
    assert [one.name for one in select(level, without)] == names


def test_what_is_not_a_pass_or_a_level_is_refused() -> None:
    with pytest.raises(CliError, match=f"unknown pass 'links'; the passes are {', '.join(NAMES)}"):
        select("none", ["links"])
    with pytest.raises(CliError, match="optimize must be one of none, safe, all, not 'best'"):
        select("best")


def test_what_a_pass_needs_and_does_not_find_skips_that_pass_only(made: Componentized) -> None:
    app = bytes(wat2wasm(SMALL_APP))

    component, skipped = apply([Immortal(), Link()], app, made)

    assert list(skipped) == ["immortal"]
    assert "its interpreter is not the one that is known" in skipped["immortal"]
    assert component != app


def test_a_section_that_is_not_known_leaves_the_component_as_it_was(made: Componentized) -> None:
    last = '(export "exports" (instance $exports))'
    assert last in SMALL_APP
    app = bytes(wat2wasm(SMALL_APP.replace(last, f"{last} (core type (func))")))

    component, skipped = apply([Link()], app, made)

    assert component == app
    assert list(skipped) == ["link"]
    assert "found section 3 (core type)" in skipped["link"]


def test_a_damaged_component_skips_what_reads_it(made: Componentized) -> None:
    component, skipped = apply(PASSES, PREAMBLE + b"\x63", made)

    assert component == PREAMBLE + b"\x63"
    assert sorted(skipped) == ["fill-holes", "immortal", "link", "pad-data"]


def test_what_failed_in_the_guest_is_skipped(made: Componentized) -> None:
    (made.reports / "failed").write_text("{'warm-up': 'ImportError: no Request'}")

    assert apply([WarmUp()], b"app", made) == (b"app", {"warm-up": "ImportError: no Request"})


@pytest.mark.slow
def test_a_build_goes_on_without_a_pass_and_warns_each_time(write: Write, run: Run) -> None:
    write(
        "main.py",
        """
        import fastly_compute.http
        from fastly_compute.http import Response, service

        fastly_compute.http.Request = None
        HttpIncoming = service(lambda request: Response.text("hello"))
        """,
    )
    warnings = []
    for _ in range(2):
        result = run("build", "--without", "link")
        assert result.exit_code == 0
        warnings.append([line for line in result.stderr.splitlines() if "warning" in line])

    assert warnings[0] == warnings[1]
    assert [line.partition(":")[2].partition(":")[0] for line in warnings[0]] == [
        " skipped the pass warm-up",
    ]
    assert "TypeError: 'NoneType' object is not callable" in warnings[0][0]
    assert "--without warm-up" in warnings[0][0]
    with Host() as host:
        assert host.request(WasmApp(Path("bin/main.wasm")), Incoming()).body == b"hello"


@pytest.mark.slow
def test_a_pass_that_ends_the_interpreter_is_left_out(write: Write, run: Run) -> None:
    write(
        "main.py",
        """
        import os

        from fastly_compute.http import Response, service

        real = Response.text
        Response.text = lambda *arguments: os.abort()
        HttpIncoming = service(lambda request: real("hello"))
        """,
    )
    result = run("build", "--optimize", "safe")

    assert result.exit_code == 0
    assert "skipped the pass warm-up: it ended the interpreter." in result.stderr
    with Host() as host:
        assert host.request(WasmApp(Path("bin/main.wasm")), Incoming()).body == b"hello"


@pytest.mark.slow
def test_without_passes_the_image_is_as_it_was_imported(write: Write, run: Run) -> None:
    write(
        "main.py",
        """
        import dis
        import gc
        import sys
        import weakref

        from fastly_compute.http import Response, service
        from fastly_compute.wsgi import warm_up


        class Plain:
            pass


        class Closing:
            def __del__(self):
                pass


        class Unready(tuple):
            __class__ = property(lambda self: 1 / 0)

            def __iter__(self):
                raise RuntimeError("the build ran it")


        RUNS = []
        PLAIN = Plain()
        WATCHED = Plain()
        CLOSING = Closing()
        UNREADY = Unready([0.5])
        END = weakref.finalize(WATCHED, print, "freed")
        WARM_UPS = []


        def pair():
            return (0.5, "pair")


        def page(environ, start_response):
            WARM_UPS.append(pair())
            return []


        def handle(request):
            RUNS.append(request.path)
            objects = (RUNS, PLAIN, UNREADY, UNREADY[0], WATCHED, CLOSING)
            instructions = dis.get_instructions(Response.text, adaptive=True)
            loads = dis.get_instructions(pair, adaptive=True)
            return Response.json(
                {
                    "runs": RUNS,
                    "frozen": gc.get_freeze_count() > 1000,
                    "specialized": any(one.opname != one.baseopname for one in instructions),
                    "immortal": [sys.getrefcount(one) >= 1 << 30 for one in objects],
                    "loads": [one.opname for one in loads if "CONST" in one.opname],
                    "warm-ups": len(WARM_UPS),
                }
            )


        warm_up(page, "/")
        HttpIncoming = service(handle)
        """,
    )
    found = {}
    for level in ("none", "safe", "all"):
        result = run("build", "--optimize", level)
        assert result.exit_code == 0
        assert "warning" not in result.stderr
        with Host() as host:
            answer = host.request(WasmApp(Path("bin/main.wasm")), Incoming())
        found[level] = json.loads(bytes(answer.body))

    none, safe, all_passes = found["none"], found["safe"], found["all"]
    assert none == {
        "runs": ["/"],
        "frozen": False,
        "specialized": False,
        "immortal": [False] * 6,
        "loads": ["LOAD_CONST_MORTAL"],
        "warm-ups": 1,
    }
    assert safe == none | {"specialized": True, "warm-ups": safe["warm-ups"]}
    assert safe["warm-ups"] > 4
    assert all_passes == safe | {
        "frozen": True,
        "immortal": [True, True, True, True, False, False],
        "loads": ["LOAD_CONST_IMMORTAL"],
    }


@pytest.mark.slow
def test_requests_that_the_build_repeats_have_no_host_either(write: Write, run: Run) -> None:
    write(
        "main.py",
        """
        from fastly_compute.core import HostUnavailable
        from fastly_compute.http import Response, service
        from fastly_compute.wsgi import warm_up
        from wit_world.imports import compute_runtime

        SEEN = []


        def page(environ, start_response):
            try:
                compute_runtime.get_vcpu_ms()
            except HostUnavailable as error:
                SEEN.append(type(error).__name__)
            return []


        warm_up(page, "/")
        HttpIncoming = service(lambda request: Response.json(sorted(set(SEEN))))
        """,
    )
    assert run("build").exit_code == 0
    with Host() as host:
        answer = host.request(WasmApp(Path("bin/main.wasm")), Incoming())

    assert json.loads(bytes(answer.body)) == ["HostUnavailable"]
