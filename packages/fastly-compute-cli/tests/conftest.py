import contextlib
import fcntl
import os
import re
import selectors
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result

from fastly_compute.cli import main
from fastly_compute.cli.commands.build import Built, build
from fastly_compute.cli.commands.viceroy import find_viceroy
from fastly_compute.cli.component.wasm.component import PREAMBLE
from fastly_compute.cli.project.settings import Project

BUILT_APP = '''\
"""Answers what only a built component can know."""

import datetime
import gc
import os
import random
import sys

from fastly_compute.http import IncomingRequest, Request, Response, service
from fastly_compute.http.handler import Service
from wit_world.imports import http_body, http_req

NAME = "-".join(["made", "before"])
ONE = 10**12
PAIR = (NAME * 2, ONE)


class Unready(type):
    def __getattr__(cls, name: str) -> object:
        raise RuntimeError(f"{name} was requested too early")


class Settings(metaclass=Unready):
    """A folder that the build must not read."""


def answer(request: IncomingRequest) -> object:
    "Answer a path."
    match request.path:
        case "/random":
            return random.random()
        case "/environ":
            return dict(os.environ)
        case "/codecs":
            date = datetime.datetime.strptime("2026-11-21", "%Y-%m-%d")
            return ["bücher.example".encode("idna").decode(), date.isoformat()]
        case "/frozen":
            return gc.get_freeze_count() > 1000
        case "/immortal":
            found = (answer, handle.__code__, Request, Settings.__doc__, NAME, ONE, PAIR, PAIR[0])
            fresh = ("-".join(["made", "now"]), [], object())
            return [[sys.getrefcount(one) >= 1 << 30 for one in some] for some in (found, fresh)]
        case "/described":
            owned = (answer, Settings, datetime.date)
            lean = (Request, Request.send, IncomingRequest.headers, http_req.Request.get_uri)
            found = [[one.__doc__ is not None for one in some] for some in (owned, lean)]
            annotated = (answer, Request.send, http_req.Request.get_uri)
            return [*found, [bool(one.__annotations__) for one in annotated]]
        case "/fresh":
            made = [bytes(size) for size in range(20, 2000, 9)]
            return [[id(one), len(one)] for one in made]
        case "/code":
            functions = (Service.handle, Response.text, http_req.Request.get_uri, http_body.write)
            return [id(function.__code__) for function in functions]
        case "/boom":
            raise ValueError("boom")  # the line that a traceback shows


def handle(request: IncomingRequest) -> Response:
    return Response.json(answer(request))


handle.__module__ = None  # as exec leaves it

HttpIncoming = service(handle)
'''


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all xdist workers of a test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "fastly-compute"
    folder.mkdir(exist_ok=True)
    return folder


# Located before the tests get their own cache.
VICEROY = find_viceroy()


def use_own_cache(patch: pytest.MonkeyPatch, shared: Path) -> None:
    patch.setenv("FASTLY_COMPUTE_CACHE", str(shared / "cache"))
    if VICEROY is not None:
        patch.setenv("VICEROY", VICEROY)


@pytest.fixture(autouse=True)
def _build_cache(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_own_cache(monkeypatch, shared)


@pytest.fixture(scope="session")
def built_app(shared: Path) -> Built:
    """The app above, built once per test run."""
    folder = shared / "app"
    with (shared / "lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        use_own_cache(patch, shared)
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(exist_ok=True)
        (folder / "main.py").write_text(BUILT_APP, encoding="utf-8")
        return build(Project(folder=folder))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the present one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    """Writes a file into the folder."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs a command line."""

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


class Served:
    """A running `fastly-compute serve`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._said = process.stderr or process.stdout
        self.url = self.wait_for(r"Serving main on (http://\S+)")[1]

    def wait_for(self, pattern: str) -> "re.Match[str]":
        assert self._said is not None
        lines = []
        while line := self._said.readline():
            lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"it ended without {pattern!r}: {''.join(lines)}")

    def says_something(self, seconds: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def get(self, path: str = "/") -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()

    def stop(self, how: signal.Signals = signal.SIGINT) -> str:
        self.process.send_signal(how)
        return self.process.communicate(timeout=30)[0]


@contextlib.contextmanager
def served(
    folder: Path, *options: str, python: Path | str = sys.executable, apart: bool = False
) -> Iterator[Served]:
    command = [python, "-m", "fastly_compute.cli", "serve", "--addr", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        try:
            yield Served(process)
        finally:
            process.kill()


@pytest.fixture
def serving() -> Callable[..., contextlib.AbstractContextManager[Served]]:
    """Runs `fastly-compute serve` in a folder."""
    return served


@pytest.fixture
def change_until_noticed() -> Callable[[Served, Path, str], None]:
    """Changes a file until the server says something."""

    def change(served: Served, path: Path, text: str) -> None:
        # It says that it serves before the system's watcher is in place.
        for number in range(60):
            path.write_text(f"{text}# {number}\n")
            if served.says_something(1):
                return
        raise AssertionError("the change was not noticed")

    return change


def _signed(value: int) -> bytes:
    """Write a number as i32.const has it."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        if value in {0, -1} and bool(byte & 0x40) == bool(value):
            return bytes([*out, byte])
        out.append(byte | 0x80)


def _sized(content: bytes) -> bytes:
    return _unsigned(len(content)) + content


def _unsigned(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _component_with(segments: dict[int, bytes]) -> bytes:
    """A component in a component with a core module that has these data, and a passive segment."""
    data = b"".join(
        b"\0\x41" + _signed(at) + b"\x0b" + _sized(part) for at, part in segments.items()
    )
    content = _unsigned(len(segments) + 1) + data + b"\1" + _sized(b"passive")
    module = b"\0asm\1\0\0\0" + b"\0" + _sized(b"\4name") + b"\x0b" + _sized(content)
    inner = PREAMBLE + b"\1" + _sized(module)
    return PREAMBLE + b"\4" + _sized(inner)


@pytest.fixture
def component_with() -> Callable[[dict[int, bytes]], bytes]:
    """Makes a component whose image has these parts, by their addresses."""
    return _component_with
