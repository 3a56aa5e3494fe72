"""The peers on Viceroy: all are started, and suspended unless they are being measured."""

import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.peers.origin import LARGE, SMALL
from fastly_compute.cli.commands.viceroy import find_viceroy

_LENGTH = re.compile(rb"content-length: (\d+)\r\n", re.IGNORECASE)
UPLOAD = LARGE[: len(LARGE) // 2]
CHECKSUM = b"%d" % zlib.crc32(UPLOAD)


@dataclass(frozen=True)
class Task:
    """A request to measure.

    Attributes:
        path: The path, which each peer implements.
        expected: The expected response body.
        count: The number of requests per round.
        upload: The request body.
    """

    path: str
    expected: bytes
    count: int
    upload: bytes | None = None

    @cached_property
    def request(self) -> bytes:
        """The bytes of the request."""
        method = "GET" if self.upload is None else "POST"
        head = f"{method} {self.path} HTTP/1.1\r\nHost: a.example\r\n"
        if self.upload is None:
            return f"{head}\r\n".encode()
        return f"{head}Content-Length: {len(self.upload)}\r\n\r\n".encode() + self.upload


TASKS = {
    "hello": Task("/", b"hello", 150),
    "small": Task("/small", SMALL, 40),
    "large": Task("/large", LARGE, 8),
    "through": Task("/through", LARGE, 5),
    "upload": Task("/upload", CHECKSUM, 5, UPLOAD),
    "fan-in": Task("/fan-in", b"8", 8),
}


class Client:
    """Sends and receives; parses the response only after taking the time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray(2 * len(LARGE))
        self._received = 0

    def ask(self, request: bytes) -> None:
        """Send a request, and receive the whole response."""
        self._connection.sendall(request)
        buffer = memoryview(self._buffer)
        self._received = 0
        end = None
        while end is None or self._received < end:
            # Viceroy uses Nagle's algorithm: a delayed ACK would be measured too.
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            size = self._connection.recv_into(buffer[self._received :])
            if not size:
                raise SystemExit("Viceroy closed the connection")
            self._received += size
            end = end or self._end()

    def _end(self) -> int | None:
        """Return where the response ends, if that is known yet."""
        head = self._buffer.find(b"\r\n\r\n", 0, self._received) + 4
        if head < 4:
            return None
        if length := _LENGTH.search(self._buffer, 0, head):
            return head + int(length[1])
        last = self._buffer[self._received - 7 : self._received]
        return self._received if last == b"\r\n0\r\n\r\n" else None

    def answer(self) -> tuple[int, bytes]:
        """The status and the content of the response."""
        head, _, content = bytes(self._buffer[: self._received]).partition(b"\r\n\r\n")
        if not _LENGTH.search(head + b"\r\n"):
            content = b"".join(_chunks(content))
        return int(head[9:12]), content


def _chunks(content: bytes) -> Iterator[bytes]:
    start = 0
    while size := int(content[start : content.index(b"\r", start)], 16):
        start = content.index(b"\n", start) + 1
        yield content[start : start + size]
        start += size + 2


class Peer:
    """A component that is being served by its own Viceroy."""

    def __init__(self, viceroy: str, config: Path, component: Path) -> None:
        self._component = component
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._address: tuple[str, int] = free.getsockname()
        address = "{}:{}".format(*self._address)
        self._process = subprocess.Popen(
            [viceroy, "serve", "--addr", address, "-C", config, component],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self._listens():
            time.sleep(0.1)
        self._process.send_signal(signal.SIGSTOP)

    def _listens(self) -> bool:
        if self._process.poll() is not None:
            raise SystemExit(f"Viceroy exited: {self._process.args!r}")
        try:
            socket.create_connection(self._address).close()
        except ConnectionRefusedError:
            return False
        return True

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Resume it for the block: an idle Viceroy uses a sixth of a core."""
        self._process.send_signal(signal.SIGCONT)
        yield
        self._process.send_signal(signal.SIGSTOP)

    def cpu_milliseconds(self) -> float:
        """Tell how long it has been running on a core, in all its threads."""
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6

    def page_faults(self) -> int:
        """Count the page faults that needed no disk."""
        told = Path(f"/proc/{self._process.pid}/stat").read_text()
        return int(told.rpartition(")")[2].split()[7])

    def content(self, path: str) -> bytes:
        """Ask it once, and return the content of the answer."""
        with socket.create_connection(self._address) as connection:
            client = Client(connection)
            client.ask(Task(path, b"", 1).request)
            return client.answer()[1]

    def milliseconds(self, task: Task, count: int) -> list[float]:
        """Send sequential requests on one connection, and time each."""
        times = []
        with socket.create_connection(self._address) as connection:
            client = Client(connection)
            for _ in range(count):
                started = time.perf_counter()
                client.ask(task.request)
                times.append((time.perf_counter() - started) * 1000)
                if client.answer() != (200, task.expected):
                    raise SystemExit(f"{self._component} at {task.path}: {client.answer()[0]}")
        return times

    def stop(self) -> None:
        """Stop it."""
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        self._process.wait()


def _origin(stack: ExitStack) -> str:
    command = [sys.executable, "-m", "benchmarks.peers.origin"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    stack.callback(process.communicate)
    stack.callback(process.terminate)
    assert process.stdout is not None
    return f"http://127.0.0.1:{process.stdout.readline().strip()}"


def measure(
    components: dict[str, Path],
    folder: Path,
    rounds: int,
    wanted: Callable[[str, str], bool],
) -> dict[tuple[str, str], float]:
    """Measure every task on every peer, in interleaved rounds.

    Args:
        components: The peers.
        folder: The folder for the configuration.
        rounds: The number of rounds.
        wanted: Whether to measure a peer's task.

    Returns:
        The median milliseconds of each peer and task.
    """
    times: dict[tuple[str, str], list[float]] = {}
    viceroy = find_viceroy()
    if viceroy is None:
        raise SystemExit("Viceroy is not installed: run `hatch run viceroy:install`")
    with ExitStack() as stack:
        config = folder / "viceroy.toml"
        config.write_text(f'[local_server.backends.origin]\nurl = "{_origin(stack)}"\n')
        peers = {}
        for name, component in components.items():
            peers[name] = Peer(viceroy, config, component)
            stack.callback(peers[name].stop)
        for round_ in range(rounds + 1):
            for task_name, task in TASKS.items():
                for name, peer in peers.items():
                    if not wanted(name, task_name):
                        continue
                    with peer.awake():
                        found = peer.milliseconds(task, task.count if round_ else 3)
                    if round_:
                        times.setdefault((name, task_name), []).extend(found)
    return {key: statistics.median(found) for key, found in times.items()}
