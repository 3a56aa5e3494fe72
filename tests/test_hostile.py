"""Guests and clients that mean no good, and the request after them; see tests/hostile."""

import socket
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("hostile")

APP = Path(__file__).parent / "hostile"
PATIENCE = 120
PROC = Path("/proc/self/status")
MIB = 1 << 20

needs_proc = pytest.mark.skipif(not PROC.exists(), reason="needs Linux's /proc")


def _served(servers, host, *options):
    app = servers.get(host, APP, "hostile_app", *options)
    yield app
    assert ask(app, "ok") == (200, b"'ok'")


@pytest.fixture(params=["native", "wasm"])
def app(servers, request):
    """Without a time limit that these would reach; it must answer the next request."""
    yield from _served(servers, request.param)


@pytest.fixture(params=["native", "wasm"])
def limited(servers, request):
    yield from _served(servers, request.param, "--time-limit", "1")


@pytest.fixture
def native(servers):
    yield from _served(servers, "native")


@pytest.fixture
def wasm(servers):
    yield from _served(servers, "wasm")


def ask(app, scenario):
    connection = HTTPConnection(urlsplit(app.url).netloc, timeout=PATIENCE)
    connection.request("GET", f"/{scenario}")
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


def connect(app):
    host, _, port = urlsplit(app.url).netloc.partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def everything(client):
    return b"".join(iter(lambda: client.recv(65536), b""))


def memory_of(app):
    """The most memory that the server has had so far, in MiB."""
    status = Path(f"/proc/{app.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) >> 10


# Guests


@pytest.mark.parametrize(
    "scenario",
    ["spin", "stubborn", "sleep", "doze", "doze_in_parts", "doze_in_a_select"],
)
def test_a_guest_without_end_is_ended(limited, scenario) -> None:
    status, content = ask(limited, scenario)

    assert status == 500
    assert b"longer than the host's time limit" in content


def test_a_guest_that_sleeps_within_its_time_sleeps_as_long_as_it_wants(limited) -> None:
    assert ask(limited, "nap") == (200, b"True")


@needs_proc
@pytest.mark.parametrize("scenario", ["memory", "bottomless"])
def test_a_guest_has_no_more_memory_than_on_the_platform(wasm, scenario) -> None:
    before = memory_of(wasm)
    status, _ = ask(wasm, scenario)

    assert status == 500
    assert memory_of(wasm) - before < 400


def test_a_guest_that_calls_itself_too_deeply_fails(app) -> None:
    assert ask(app, "recursion")[0] == 500


@pytest.mark.parametrize("scenario", ["requests", "bodies", "pending"])
def test_a_guest_may_hold_ten_thousand_handles(app, scenario) -> None:
    assert ask(app, scenario) == (200, b"10000")


def test_a_guest_cannot_fill_the_hosts_memory_with_bodies(native) -> None:
    assert ask(native, "hoard") == (200, b"[256, 'Error_LimitExceeded']")


@needs_proc
def test_a_guest_that_prints_a_lot_gets_its_answer(app) -> None:
    before = memory_of(app)

    assert ask(app, "prints") == (200, b"None")
    assert memory_of(app) - before < 400


def test_a_guest_that_leaves_a_request_half_written_gets_its_answer(app) -> None:
    assert ask(app, "upload") == (200, b"'left open'")


@needs_proc
def test_a_gigabyte_passes_through_in_little_memory(app) -> None:
    before = memory_of(app)
    with connect(app) as client:
        client.sendall(b"GET /relay HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        start = client.recv(12)
        size = len(start)
        room = memoryview(bytearray(MIB))
        while read := client.recv_into(room):
            size += read

    assert start == b"HTTP/1.1 200"
    assert size > 1024 * MIB
    assert memory_of(app) - before < 100


# Clients


def test_a_client_may_send_one_byte_at_a_time(app) -> None:
    with connect(app) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for (
            byte
        ) in b"POST /ok HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi":
            client.sendall(bytes([byte]))
        received = everything(client)

    assert received.startswith(b"HTTP/1.1 200 ")


def test_clients_may_leave_in_mid_request(app) -> None:
    for part in (
        b"",
        b"GET / HT",
        b"POST /ok HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf",
    ):
        with connect(app) as client:
            client.sendall(part)


def test_a_client_may_leave_in_mid_answer(app) -> None:
    with connect(app) as client:
        client.sendall(b"GET /relay HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.recv(MIB).startswith(b"HTTP/1.1 200 ")


def test_two_hundred_silent_clients_keep_nobody_else_waiting(app) -> None:
    clients = [connect(app) for _ in range(200)]
    try:
        assert ask(app, "ok") == (200, b"'ok'")
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 200_000, b"431"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: h/i\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\nHost: h\r\n\r\n", b"505"),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ten\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), b"400"),
    ],
    ids=["large head", "no request", "two hosts", "odd host", "version", "length", "TLS"],
)
def test_what_is_no_request_is_refused(app, sent, status) -> None:
    with connect(app) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        received = everything(client)

    assert received.split()[1] == status


def test_a_body_that_is_longer_than_announced_is_no_part_of_the_request(app) -> None:
    with connect(app) as client:
        client.sendall(
            b"POST /ok HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi and more\r\n\r\n"
        )
        received = everything(client)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.count(b"HTTP/1.1 400 ") == 1
