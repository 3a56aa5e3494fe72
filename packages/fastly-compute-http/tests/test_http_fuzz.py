"""Any input arrives byte for byte, or is refused before anything is sent."""

import io
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastly_compute.http import (
    Headers,
    IncomingRequest,
    InvalidHeader,
    InvalidMethod,
    InvalidUrl,
    PendingResponse,
    Request,
    Response,
    service,
)
from fastly_compute.local import BackendConfig, Host, HostConfig, Incoming, NativeApp

MEANT_FOR_THE_CONNECTION = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


class Echo:
    """An origin that records the raw request, and sends it back unchanged."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.got: list[tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            with sock, sock.makefile("rwb") as stream:
                while self._exchange(stream):
                    pass
            if not self.got:
                return

    def _exchange(self, stream: io.BufferedRWPair) -> bool:
        line = stream.readline()
        if not line:
            return False
        method, target, _ = line.rstrip(b"\r\n").split(b" ")
        fields = []
        while (line := stream.readline()) != b"\r\n":
            name, _, value = line.removesuffix(b"\r\n").partition(b":")
            fields.append((name, value.removeprefix(b" ")))
        framing = {name.lower(): value for name, value in fields}
        own = [(n, v) for n, v in fields if n.decode().lower() not in MEANT_FOR_THE_CONNECTION]
        body = stream.read(int(framing.get(b"content-length", 0)))
        if b"transfer-encoding" in framing:
            while size := int(stream.readline(), 16):
                body += stream.read(size)
                stream.readline()
            stream.readline()
        self.got.append((method, target, own, body))
        answer = b"".join(b"%s: %s\r\n" % field for field in own)
        stream.write(b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n" % (answer, len(body)))
        stream.write(body)
        stream.flush()
        return True

    def close(self) -> None:
        self.got.clear()
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture(scope="module")
def host(echo: Echo) -> Iterator[Host]:
    backends = {"echo": BackendConfig(url=echo.url)}
    with Host(HostConfig(backends=backends), output=lambda line: None) as host:
        yield host


often = settings(max_examples=200, deadline=None)
NOT_A_TOKEN = ' \t\r\n\0"(),/:;<=>?@[\\]{}é'
tokens = st.text(
    st.sampled_from("!#$%&'*+-.^_`|~09azAZ" + "abcdefghijklmnop"), min_size=1, max_size=12
).filter(lambda name: name.lower() not in MEANT_FOR_THE_CONNECTION)
names = st.one_of(tokens, st.text(st.sampled_from("aZ-" + NOT_A_TOKEN), max_size=4))
latin = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20)
values = st.one_of(latin, latin.map(str.strip), st.text(max_size=8), st.just("y" * 9000))
fields = st.lists(st.tuples(names, values), max_size=6)
pieces = st.lists(st.binary(max_size=300), max_size=6)


def fits(pairs: list[tuple[str, str]]) -> bool:
    """Whether they are valid in HTTP (RFC 9110, 5.5), checked independently of the package."""
    allowed = {0x09, *range(0x20, 0x7F), *range(0x80, 0x100)}
    return all(
        name
        and not set(name) & set(NOT_A_TOKEN)
        and {ord(character) for character in value} <= allowed
        and value == value.strip(" \t")
        for name, value in pairs
    )


@often
@given(fields)
@example([("a", "\x85"), ("b", "\xa0"), ("c", "")])
@example([("a", "b\r\nx: y")])
@example([("a", "b\0")])
@example([("a\r\nx", "y")])
@example([("set-cookie", "a=1"), ("Set-Cookie", "b=2")])
def test_headers_arrive_and_come_back_or_are_refused(echo, host, pairs):
    seen = len(echo.got)
    try:
        request = Request("POST", "http://site.example/", headers=pairs)
    except InvalidHeader:
        assert not fits(pairs)
        assert len(echo.got) == seen
        return
    with host.guest_context():
        response = request.send("echo")
        returned = response.headers
        response.close()

    assert fits(pairs)
    assert echo.got[-1][2] == [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    assert Headers([(n, v) for n, v in returned.items() if n != "content-length"]) == Headers(pairs)


@often
@given(fields)
def test_headers_of_a_response_arrive_or_are_refused(host, pairs):
    try:
        headers = Headers(pairs)
    except InvalidHeader:
        assert not fits(pairs)
        return
    answer = host.request(NativeApp(service(lambda _: Response(headers=headers))))

    sent = [(name, value.encode("latin-1")) for name, value in pairs]
    assert answer.headers == [*sent, ("content-length", b"0")]


@often
@given(st.lists(st.tuples(tokens, st.binary(max_size=20))))
def test_any_headers_that_a_client_sends_can_be_read(host, sent):
    # The platform may filter more; here, a value is any bytes without a NUL.
    sent = [(name, value.replace(b"\0", b"")) for name, value in sent]
    got = []

    def handle(request: IncomingRequest) -> Response:
        got.append(request.headers)
        return Response()

    host.request(NativeApp(service(handle)), Incoming(headers=sent))

    assert got == [Headers._received((name, value.decode("latin-1")) for name, value in sent)]


@often
@given(st.one_of(tokens, st.text(max_size=5)))
@example("post")
@example("GET\r\n")
def test_a_method_arrives_or_is_refused(echo, host, method):
    seen = len(echo.got)
    try:
        request = Request(method, "http://site.example/")
    except InvalidMethod:
        assert len(echo.got) == seen
        return
    if method.upper() in {"CONNECT", "GET", "HEAD"}:
        return
    with host.guest_context():
        request.send("echo").close()

    assert echo.got[-1][0] == method.encode()


@often
@given(st.text(st.characters(min_codepoint=0x1F, max_codepoint=0x80), max_size=12))
@example("/a b")
@example("//other.example/")
@example("/%zz?%")
@example("/?")
@example("/[\\]")
@example("/a\r\nx: y")
def test_a_path_and_query_arrive_or_are_refused(echo, host, text):
    seen = len(echo.got)
    try:
        request = Request("POST", f"http://site.example/{text}")
    except InvalidUrl:
        assert not all("!" <= character <= "~" for character in text)
        assert len(echo.got) == seen
        return
    with host.guest_context():
        request.send("echo").close()

    path, _, query = f"/{text}".partition("#")[0].partition("?")
    assert echo.got[-1][1].decode() == (f"{path}?{query}" if query else path)


def in_memory(parts: list[bytes]) -> bytes:
    return b"".join(parts)


def as_file(parts: list[bytes]) -> io.BytesIO:
    return io.BytesIO(b"".join(parts))


READERS = {
    "at once": lambda body, size: body.read(),
    "by size": lambda body, size: b"".join(iter(lambda: body.read(size), b"")),
    "in pieces": lambda body, size: b"".join(body.iter_bytes(size)),
    "as a file": lambda body, size: body.file().read(),
}


@often
@given(
    parts=pieces,
    make=st.sampled_from([in_memory, as_file, iter, list]),
    reader=st.sampled_from(sorted(READERS)),
    size=st.integers(1, 400),
    most=st.sampled_from([None, 1, 7, 4096]),
)
def test_bodies_arrive_and_come_back(echo, host, parts, make, reader, size, most):
    def write(label, function, args):
        short = most is not None and label == "http-body.write"
        return function(args[0], args[1][:most]) if short else function(*args)

    host.interpose = write
    try:
        with host.guest_context():
            response = Request("POST", "http://site.example/", body=make(parts)).send("echo")
            returned = READERS[reader](response.body, size)
    finally:
        host.interpose = None

    assert echo.got[-1][3] == b"".join(parts)
    assert returned == b"".join(parts)


@often
@given(parts=pieces, streamed=st.booleans(), read=st.integers(0, 50))
def test_a_body_passes_through_an_app_however_much_was_read(echo, host, parts, streamed, read):
    head = []

    def handle(request: IncomingRequest) -> Response | PendingResponse:
        head.append(request.body.read(read) if read else b"")
        if request.body.closed:
            return Response()
        forwarded = Request("POST", "http://site.example/", body=request.body)
        if not streamed:
            return forwarded.send("echo")
        body, pending = forwarded.send_streaming("echo")
        body.finish()
        return pending

    whole = b"".join(parts)
    answer = host.request(NativeApp(service(handle)), Incoming(method="POST", body=whole))

    assert answer.complete
    assert answer.status == 200 or (read and len(whole) <= read)
    if answer.status == 200:
        assert head[0] + bytes(answer.body) == whole
