"""What Content-Encoding says is taken off: whole or not at all, and never much at once."""

import contextlib
import gzip
import threading
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastly_compute import http, requests
from fastly_compute.local import Host, HostConfig, NativeApp
from fastly_compute.requests.decoding import decoded

BOMB = 64_000_000


BODIES = {
    "/text": (b"text", "gzip"),
    "/bomb": (bytes(BOMB), "gzip"),
    "/nested": (gzip.compress(bytes(BOMB)), "gzip, gzip"),
    "/broken": (None, "gzip"),
}


class Coded(BaseHTTPRequestHandler):
    """Answers with a body that is coded; the path says how."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        plain, coding = BODIES[self.path]
        body = b"not gzip" if plain is None else gzip.compress(plain)
        self.send_response(200)
        self.send_header("Content-Encoding", coding)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def coded():
    with ThreadingHTTPServer(("127.0.0.1", 0), Coded) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def in_members(data: bytes) -> bytes:
    return gzip.compress(data[:7]) + bytes(3) + gzip.compress(data[7:]) + b"garbage"


WAYS: dict[str, list[Callable[[bytes], bytes]]] = {
    "gzip": [gzip.compress, in_members],
    "X-GZip": [gzip.compress],
    "deflate": [zlib.compress, deflated],
    "identity": [bytes],
}
STEPS = [(coding, how) for coding, ways in WAYS.items() for how in ways]


@settings(max_examples=200, deadline=None)
@given(
    plain=st.binary() | st.integers(0, 200_000).map(bytes),
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=5),
    sizes=st.lists(st.integers(1, 50), min_size=1),
)
def test_what_was_coded_is_decoded_however_it_arrives(plain, steps, sizes):
    body, pieces = plain, []
    for _, how in steps:
        body = how(body)
    at = 0
    while at < len(body):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(body[at : at + size])
        at += size

    found = decoded(iter(pieces), ", ".join(coding for coding, _ in steps))

    if {coding for coding, _ in steps} == {"identity"}:
        assert found is None
        return
    chunks = list(found)
    assert b"".join(chunks) == plain
    assert all(0 < len(chunk) <= 65_536 for chunk in chunks)


@settings(max_examples=300, deadline=None)
@given(
    data=st.data(),
    coding=st.sampled_from(["gzip", "deflate", "gzip, deflate", "deflate, gzip"]),
)
def test_a_body_that_was_changed_is_decoded_or_refused(data, coding):
    whole = gzip.compress(bytes(50) + b"some text" * 9)
    body = data.draw(st.binary(max_size=20) | st.just(whole))
    at, other = data.draw(st.integers(0, len(body))), data.draw(st.binary(max_size=3))
    changed = body[:at] + other + body[at + 1 :]

    found = []
    with contextlib.suppress(requests.exceptions.ContentDecodingError):
        found += decoded(iter([changed] if changed else []), coding)

    assert all(len(chunk) <= 65_536 for chunk in found)


@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize("path", ["/bomb", "/nested"])
def test_a_little_that_becomes_much_comes_in_pieces(coded, path):
    for read in (
        lambda response: response.iter_content(None),
        lambda response: response.raw.stream(None, decode_content=True),
        lambda response: response.iter_content(65_536),
    ):
        with requests.get(coded + path, stream=True) as response:
            sizes = [len(piece) for piece in read(response)]

        assert sum(sizes) == BOMB
        assert max(sizes) <= 65_536


@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize("stream", [False, True])
def test_a_broken_body_raises_each_time_and_is_released(coded, stream):
    with pytest.raises(requests.exceptions.ContentDecodingError) as raised:
        _ = requests.get(coded + "/broken", stream=stream).content
    response = raised.value.response

    assert (response.status_code, raised.value.request.url) == (200, coded + "/broken")
    with pytest.raises(requests.exceptions.ContentConsumed):
        _ = response.content
    assert response._received.body.closed


@pytest.mark.usefixtures("guest")
def test_the_headers_say_how_the_body_was_received(coded):
    response = requests.get(coded + "/text")

    assert response.text == "text"
    assert response.headers["content-encoding"] == "gzip"
    assert int(response.headers["content-length"]) == len(gzip.compress(b"text"))


def test_what_is_passed_on_unread_stays_as_it_is(coded):
    def handle(request):
        response = requests.get(coded + "/bomb", stream=True)
        kept = {"Content-Encoding": response.headers["content-encoding"]}
        return http.Response(200, headers=kept, body=response.raw)

    with Host(HostConfig()) as host:
        answer = host.request(NativeApp(http.service(handle)))

    assert ("Content-Encoding", b"gzip") in answer.headers
    assert len(answer.body) < 100_000
    assert gzip.decompress(answer.body) == bytes(BOMB)
