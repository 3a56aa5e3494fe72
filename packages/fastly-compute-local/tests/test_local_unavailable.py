"""What a native app does while it handles a request: what no sandbox can is an error."""

import asyncio
import errno
import importlib.machinery
import importlib.util
import io
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import markupsafe._speedups
import pytest

from fastly_compute.local import Host, NativeApp, UnavailableInSandbox

Action = Callable[[], object]
DISCARD = ("127.0.0.1", 9)


def do(action: Action) -> None:
    """Let an app do it while it handles a request, and raise what it raises."""
    raised: list[BaseException] = []

    class HttpIncoming:
        def handle(self, request: object, body: object) -> None:
            try:
                action()
            except BaseException as error:
                raised.append(error)

    with Host(unavailable="error") as host:
        host.request(NativeApp(HttpIncoming))
    if raised:
        raise raised[0]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[str]:
    """A file that is still there, as it was, at the end."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    yield str(path)
    assert path.read_bytes() == b"content"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def plain() -> Iterator[socket.socket]:
    """A socket that was there before the request."""
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        yield made


def load_extension() -> object:
    """Load a native extension that this process does not have under this name."""
    name = "never_loaded._speedups"
    loader = importlib.machinery.ExtensionFileLoader(name, markupsafe._speedups.__file__)
    spec = importlib.util.spec_from_file_location(name, loader=loader)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (socket.socket, "opens a socket"),
        (lambda: socket.create_connection(DISCARD), "resolves '127.0.0.1'"),
        (lambda: socket.getaddrinfo("shop.example", 80), "resolves 'shop.example'"),
        (lambda: socket.gethostbyname("shop.example"), "resolves 'shop.example'"),
        (lambda: socket.gethostbyaddr("192.0.2.1"), "resolves '192.0.2.1'"),
        (lambda: socket.getnameinfo(DISCARD, 0), "resolves"),
    ],
)
def test_the_network(action: Action, said: str) -> None:
    with pytest.raises(UnavailableInSandbox, match=said) as caught:
        do(action)

    assert isinstance(caught.value, OSError)
    assert "a sandbox has no sockets. Send a request to a backend instead" in str(caught.value)


@pytest.mark.parametrize(
    "action",
    [
        lambda made: made.connect(DISCARD),
        lambda made: made.connect_ex(DISCARD),
        lambda made: made.bind(("127.0.0.1", 0)),
        lambda made: made.sendto(b"", DISCARD),
        lambda made: made.sendmsg([b""], [], 0, DISCARD),
    ],
)
def test_a_socket_that_was_opened_before(
    plain: socket.socket, action: Callable[[socket.socket], object]
) -> None:
    with pytest.raises(UnavailableInSandbox, match="a sandbox has no sockets"):
        do(lambda: action(plain))


def test_threads() -> None:
    begun: list[str] = []
    with pytest.raises(UnavailableInSandbox, match=r"starts a thread.*gather or asyncio") as caught:
        do(threading.Thread(target=begun.append, args=("begun",)).start)
    with ThreadPoolExecutor(1) as pool, pytest.raises(UnavailableInSandbox):
        do(lambda: pool.submit(begun.append, "begun"))

    assert isinstance(caught.value, RuntimeError)
    assert begun == []


@pytest.mark.parametrize(
    "action",
    [
        lambda: subprocess.run([sys.executable, "--version"], check=True),
        lambda: os.system("exit"),
        lambda: os.popen("exit"),
        lambda: os.fork() or os._exit(0),
        lambda: os.posix_spawn(sys.executable, [sys.executable, "--version"], {}),
        lambda: os.execv(sys.executable, [sys.executable, "--version"]),
    ],
)
def test_processes(action: Action) -> None:
    with pytest.raises(UnavailableInSandbox, match="a sandbox cannot start processes") as caught:
        do(action)

    assert isinstance(caught.value, OSError)


@pytest.mark.parametrize(
    "action",
    [
        lambda file: open(file, "w"),
        lambda file: open(file, "ab"),
        lambda file: open(file + "2", "x"),
        lambda file: open(file, "r+"),
        lambda file: os.open(file, os.O_RDONLY | os.O_CREAT),
        lambda file: Path(file).write_text("changed"),
        lambda file: Path(file + "2").touch(),
        lambda file: os.mkdir(file + "2"),
        lambda file: os.makedirs(file + "2/3"),
        lambda file: os.rmdir(Path(file).parent),
        lambda file: os.remove(file),
        lambda file: Path(file).unlink(),
        lambda file: os.rename(file, file + "2"),
        lambda file: os.replace(file, file + "2"),
        lambda file: os.link(file, file + "2"),
        lambda file: os.symlink(file, file + "2"),
        lambda file: os.truncate(file, 0),
        lambda file: os.utime(file),
        lambda file: os.chmod(file, 0o600),
        lambda file: os.remove(file + "2"),
        lambda file: os.open(file, os.O_RDONLY),
        lambda file: tempfile.TemporaryFile(dir=Path(file).parent),
        lambda file: tempfile.NamedTemporaryFile(dir=Path(file).parent),
        lambda file: tempfile.mkdtemp(dir=Path(file).parent),
    ],
)
def test_files(file: str, action: Callable[[str], object]) -> None:
    with pytest.raises(UnavailableInSandbox, match=r"no disk.*a KV store, or in memory") as caught:
        do(lambda: action(file))

    assert isinstance(caught.value, OSError)
    assert caught.value.errno == errno.EROFS


def test_databases(file: str) -> None:
    with pytest.raises(UnavailableInSandbox, match="opens the database") as caught:
        do(lambda: sqlite3.connect(file))

    assert isinstance(caught.value, sqlite3.OperationalError)


def test_a_temporary_file_when_no_folder_was_looked_for_yet(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(UnavailableInSandbox, match=r"opens .* for writing"):
        do(tempfile.NamedTemporaryFile)


def test_native_extensions() -> None:
    with pytest.raises(UnavailableInSandbox, match="pure-Python package") as caught:
        do(load_extension)

    assert isinstance(caught.value, ImportError)
    assert "imports the native extension never_loaded._speedups, but" in str(caught.value)


def test_a_library_in_machine_code() -> None:
    import ctypes

    with pytest.raises(UnavailableInSandbox, match="loads the library 'libm"):
        do(lambda: ctypes.CDLL("libm.so.6"))


def spooled() -> None:
    with tempfile.SpooledTemporaryFile(max_size=10) as made:
        made.write(b"few")


@pytest.mark.parametrize(
    "action",
    [
        lambda file: open(file).close(),
        lambda file: Path(file).read_bytes(),
        lambda file: os.listdir(Path(file).parent),
        lambda file: os.stat(file),
        lambda file: sqlite3.connect(":memory:").close(),
        lambda file: sqlite3.connect("file::memory:?cache=shared", uri=True).close(),
        lambda file: spooled(),
        lambda file: io.BytesIO().write(b"few"),
        lambda file: print("printed"),
        lambda file: print("printed", file=sys.stderr),
        lambda file: open(1, "w", closefd=False).write(""),
        lambda file: asyncio.run(asyncio.sleep(0)),
        lambda file: [end.close() for end in socket.socketpair()],
    ],
)
def test_what_a_sandbox_allows(file: str, action: Callable[[str], object]) -> None:
    do(lambda: action(file))


def test_a_late_import_may_keep_its_bytecode(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "imported_late.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    do(lambda: __import__("imported_late"))

    assert list(tmp_path.glob("__pycache__/imported_late.*.pyc"))
