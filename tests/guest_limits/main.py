"""What a sandbox refuses, and what it allows: one action for each path."""

import _thread
import io
import logging
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote
from urllib.request import urlopen

import fast

from fastly_compute.http import IncomingRequest, Response, service

HERE = os.path.dirname(fast.__file__)
NEW = os.path.join(HERE, "new")
OLD = os.path.join(HERE, "data.txt")
DISCARD = ("127.0.0.1", 9)


def sends_datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        made.sendto(b"", DISCARD)


def runs_in_pool() -> None:
    with ThreadPoolExecutor(1) as workers:
        workers.submit(int).result()


def spools() -> None:
    with tempfile.SpooledTemporaryFile(max_size=100) as file:
        file.write(b"few")


ACTIONS: dict[str, Callable[[], object]] = {
    "socket.socket": lambda: socket.socket().close(),
    "socket.create_connection": lambda: socket.create_connection(DISCARD).close(),
    "socket.create_server": lambda: socket.create_server(("127.0.0.1", 0)).close(),
    "socket.sendto": sends_datagram,
    "socket.getaddrinfo": lambda: socket.getaddrinfo("localhost", 80),
    "socket.gethostbyname": lambda: socket.gethostbyname("localhost"),
    "socket.gethostbyaddr": lambda: socket.gethostbyaddr("127.0.0.1"),
    "socket.getnameinfo": lambda: socket.getnameinfo(DISCARD, 0),
    "urllib.request.urlopen": lambda: urlopen("http://127.0.0.1:9/").close(),
    "threading.Thread.start": lambda: threading.Thread(target=int).start(),
    "_thread.start_new_thread": lambda: _thread.start_new_thread(int, ()),
    "ThreadPoolExecutor.submit": runs_in_pool,
    "subprocess.run": lambda: subprocess.run([sys.executable or "python", "--version"]),
    "os.popen": lambda: os.popen("exit").close(),
    "os.system": lambda: os.system("exit"),
    "os.fork": lambda: os.fork() or os._exit(0),
    "os.posix_spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    'open(…, "w")': lambda: open(NEW, "w").close(),
    'open(…, "a")': lambda: open(NEW, "a").close(),
    'open(…, "x")': lambda: open(NEW, "x").close(),
    'open(…, "r+")': lambda: open(OLD, "r+").close(),
    "open(os.devnull)": lambda: open(os.devnull, "w").close(),
    "Path.write_text": lambda: Path(NEW).write_text("new"),
    "Path.touch": lambda: Path(NEW).touch(),
    "os.open": lambda: os.close(os.open(OLD, os.O_RDONLY)),
    "os.mkdir": lambda: os.mkdir(NEW),
    "os.rmdir": lambda: os.rmdir(HERE),
    "os.remove": lambda: os.remove(OLD),
    "os.rename": lambda: os.rename(OLD, NEW),
    "os.replace": lambda: os.replace(OLD, NEW),
    "os.link": lambda: os.link(OLD, NEW),
    "os.symlink": lambda: os.symlink(OLD, NEW),
    "os.truncate": lambda: os.truncate(OLD, 0),
    "os.utime": lambda: os.utime(OLD),
    "os.chmod": lambda: os.chmod(OLD, 0o600),
    "shutil.copy": lambda: shutil.copy(OLD, NEW),
    "shutil.rmtree": lambda: shutil.rmtree(HERE),
    "tempfile.TemporaryFile": lambda: tempfile.TemporaryFile().close(),
    "tempfile.NamedTemporaryFile": lambda: tempfile.NamedTemporaryFile().close(),
    "tempfile.mkdtemp": lambda: os.rmdir(tempfile.mkdtemp()),
    "logging.FileHandler": lambda: logging.FileHandler(NEW).close(),
    "sqlite3.connect": lambda: sqlite3.connect(OLD).execute("pragma schema_version"),
    "a native extension": lambda: import_module("fast._speedups"),
    "ctypes.CDLL": lambda: import_module("ctypes").CDLL("libc.so.6"),
}

ALLOWED: dict[str, Callable[[], object]] = {
    "reading": lambda: Path(OLD).read_text(),
    "listing": lambda: os.listdir(HERE),
    "SpooledTemporaryFile": spools,
    "BytesIO": lambda: io.BytesIO().write(b"few"),
    "print": lambda: print("printed"),
    "logging": lambda: logging.getLogger("guest").error("logged"),
    "open(1)": lambda: open(1, "w", closefd=False).write(""),
    "sqlite3 in memory": lambda: sqlite3.connect(":memory:").close(),
}


def handle(request: IncomingRequest) -> Response:
    """Do what the path names, and answer with the classes of its error."""
    name = unquote(request.path[1:])
    try:
        (ACTIONS | ALLOWED)[name]()
    except Exception as error:
        # urllib.request raises another error for it.
        kinds = [kind for one in (error, error.__context__) for kind in type(one).__mro__]
        return Response.json([kind.__name__ for kind in kinds])
    return Response.json([])


HttpIncoming = service(handle)
