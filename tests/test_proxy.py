"""100 MB through a proxy and back, on every host."""

import hashlib
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

pytestmark = pytest.mark.xdist_group("proxy")

APP = Path(__file__).parent / "proxy_app"
LARGE = 100_000_000
PIECE = 1_000_000
PATIENCE = 180

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs Linux's /proc"
)


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "main")


def some_bytes(size: int) -> Iterator[bytes]:
    """Yield bytes no two pieces of which are the same: one lost or sent twice is noticed."""
    for number in range(size // PIECE):
        yield (hashlib.sha512(number.to_bytes(8)).digest() * (PIECE // 64 + 1))[:PIECE]


def hash_of(pieces) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def there_and_back(app, size, path="/mirror") -> tuple[int, str]:
    """Send so many bytes to the origin, and return the status and the hash of what comes back."""
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)
    connection.request("POST", path, some_bytes(size), {"Content-Length": str(size)})
    answer = connection.getresponse()
    found = hash_of(iter(lambda: answer.read(PIECE), b""))
    connection.close()
    return answer.status, found


def test_100_mb_go_to_the_origin_and_come_back(app) -> None:
    assert there_and_back(app, LARGE) == (200, hash_of(some_bytes(LARGE)))


@needs_proc
@pytest.mark.parametrize("host", ["native", "wasm"], indirect=True)
def test_neither_the_guest_nor_its_host_keeps_them(app) -> None:
    def most_memory() -> int:
        status = Path(f"/proc/{app.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+([0-9]+) kB", status)[1]) // 1024

    there_and_back(app, PIECE)
    before = most_memory()
    there_and_back(app, LARGE)

    assert most_memory() - before < 30


@pytest.mark.parametrize("host", ["viceroy"], indirect=True)
def test_the_guest_keeps_nothing_of_them_on_viceroy(app) -> None:
    def heap(size) -> float:
        path = f"/mirror?{uuid4().hex}"
        there_and_back(app, size, path)
        request = app.says("handling request", path).partition("request{")[2].partition("}")[0]
        line = app.says(f"{{{request}}}", "WebAssembly heap")
        return float(re.search(r"using ([0-9.]+) MiB", line)[1])

    assert heap(LARGE) - heap(PIECE) < 1
