"""The same app and requests on uvicorn and on ours: what the app sees, and what the client gets.

What may differ is listed with its reason in `DIFFERENCES`.
"""

import asyncio
import fnmatch
import io
import random
import socket
import threading
from contextlib import closing
from http.client import HTTPException, HTTPResponse, IncompleteRead

import pytest

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.local import Host, NativeApp, Server

uvicorn = pytest.importorskip("uvicorn", reason="hatch test installs uvicorn, to compare with")

pytestmark = pytest.mark.xdist_group("asgi-differential")

LONG = 60
SCOPE = ("type", "http_version", "method", "scheme", "path", "raw_path", "query_string")
SCOPE += ("root_path", "headers", "state")
ITS_OWN = {"connection", "date", "keep-alive", "server"}
ALLOWED = b"abcXYZ019-._~!$&'()*+,;=:@%"

HEAD_LATER = "uvicorn sends the head at once; the specification demands to wait for the first body"
OUR_ERROR = "uvicorn raises h11's error instead of RuntimeError"
# By case and by what differs: what the app sees, what sending gives, and what the client gets.
DIFFERENCES = {
    ("method lower case", "sees method"): "the specification demands upper case",
    ("absolute *", "sees *path"): "uvicorn takes the whole URL for the path",
    ("start alone (*)", "gets *"): HEAD_LATER,
    ("start twice (*)", "gets *"): HEAD_LATER,
    ("unknown event later (*)", "gets *"): HEAD_LATER,
    ("exception after the start (*)", "gets *"): HEAD_LATER,
    ("length too * (GET)", "sends"): OUR_ERROR,
    ("length too ???? (GET)", "gets *"): HEAD_LATER,
    ("length too ????? (GET)", "gets *"): HEAD_LATER,
}


def request(target=b"/", method=b"GET", headers=(), body=b"", version=b"1.1"):
    lines = [method + b" " + target + b" HTTP/" + version]
    if not any(header.lower().startswith(b"host:") for header in headers):
        lines.append(b"Host: shop.example")
    lines += [*headers, b"Connection: close", b"X-Case: %s", b"", b""]
    return b"\r\n".join(lines), body


def with_length(body, **options):
    headers = [*options.pop("headers", ()), b"Content-Length: %d" % len(body)]
    return request(method=b"POST", headers=headers, body=body, **options)


def chunked(*chunks, trailer=b""):
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    headers = [b"Transfer-Encoding: chunked"]
    return request(method=b"POST", headers=headers, body=body + b"0\r\n" + trailer + b"\r\n")


REQUESTS = {
    "root": request(),
    "query": request(b"/a?b=c&d=%20e&f"),
    "query alone": request(b"/?a"),
    "query empty": request(b"/a?"),
    "query with question marks": request(b"/a?b?c??"),
    "escapes": request(b"/caf%C3%A9/%E2%82%AC%20x"),
    "escaped slash": request(b"/a%2Fb%2fc"),
    "escapes that are not UTF-8": request(b"/%ff%fe/%C3"),
    "percent signs": request(b"/%/%zz/100%"),
    "two slashes": request(b"//a//b/"),
    "dots": request(b"/a/./b/../c"),
    "parameters": request(b"/a;b=c/d;e"),
    "plus": request(b"/a+b?c+d"),
    "fragment-like": request(b"/a%23b"),
    "absolute plain": request(b"http://shop.example/a/b?c"),
    "absolute without a path": request(b"http://shop.example"),
    "version 1.0": request(version=b"1.0"),
    "method lower case": request(method=b"get"),
    "method unknown": request(method=b"M-SEARCH"),
    "method PURGE": request(method=b"PURGE"),
    "method OPTIONS": request(method=b"OPTIONS"),
    "method DELETE": request(method=b"DELETE"),
    "host with a port": request(headers=[b"Host: shop.example:8080"]),
    "header repeated": request(headers=[b"X-A: 1", b"X-A: 2", b"x-a: 3"]),
    "header apart": request(headers=[b"X-A: 1", b"X-B: 2"]),
    "header empty": request(headers=[b"X-A:"]),
    "header with spaces": request(headers=[b"X-A:   b c   "]),
    "header in latin-1": request(headers=[b"X-A: caf\xe9"]),
    "header with an underscore": request(headers=[b"X_A: 1"]),
    "cookies": request(headers=[b"Cookie: a=b; c=d", b"Cookie: e=f"]),
    "body": with_length(b"content"),
    "body empty": with_length(b""),
    "body with zeros": with_length(bytes(1000)),
    "body large": with_length(b"0123456789" * 30_000),
    "body chunked": chunked(b"one", b"two " * 1000, b"three"),
    "body chunked and empty": chunked(),
    "body of a GET": request(headers=[b"Content-Length: 4"], body=b"body"),
}


def generated(count):
    """Make requests of random parts, the same ones each time."""
    chance = random.Random(19)
    for number in range(count):
        path = bytes(chance.choices(ALLOWED, k=chance.randrange(20)))
        query = bytes(chance.choices(ALLOWED + b"?/", k=chance.randrange(20)))
        target = b"/" + path + (b"?" + query if chance.random() < 0.6 else b"")
        headers = [
            b"X-%s: %s" % (chance.choice([b"a", b"B", b"c-D"]), bytes(chance.choices(ALLOWED, k=5)))
            for _ in range(chance.randrange(4))
        ]
        # The host groups headers by name: order between names is not important, says ASGI.
        headers.sort(key=lambda header: header.partition(b":")[0].lower())
        method = chance.choice([b"GET", b"PUT", b"DELETE", b"PATCH"])
        body = chance.randbytes(chance.choice([0, 0, 1, 100, 70_000]))
        if body:
            headers.append(b"Content-Length: %d" % len(body))
        yield f"generated {number}", request(target, method, headers, body)


REQUESTS |= dict(generated(150))


def start(*headers, status=200, **more):
    pairs = [[name.encode(), value.encode()] for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": pairs, **more}


def body(content=b"", more=False):
    return {"type": "http.response.body", "body": content, "more_body": more}


PLAIN = start(("content-type", "text/plain"))
LENGTH = start(("content-length", "6"))
SCRIPTS = {
    "whole": [PLAIN, body(b"hello")],
    "empty": [PLAIN, body()],
    "defaults": [{"type": "http.response.start", "status": 200}, {"type": "http.response.body"}],
    "headers as tuples": [
        {"type": "http.response.start", "status": 200, "headers": ((b"x-a", b"1"),)},
        body(b"hello"),
    ],
    "in pieces": [PLAIN, body(b"one ", True), body(b"two ", True), body(b"three")],
    "in pieces, the last empty": [PLAIN, body(b"one", True), body()],
    "in empty pieces": [PLAIN, body(b"", True), body(b"", True), body(b"one")],
    "with a length": [LENGTH, body(b"sixsix")],
    "with a length, in pieces": [LENGTH, body(b"six", True), body(b"six")],
    "with a length of zero": [start(("content-length", "0")), body()],
    "headers repeated": [start(("set-cookie", "a=b"), ("set-cookie", "c=d"), ("x-b", "1")), body()],
    "transfer-encoding ignored": [start(("x-a", "1")), body(b"one", True), body(b"two")],
    **{f"status {status}": [start(status=status), body()] for status in (201, 204, 301, 304, 404)},
    "status 500": [start(status=500), body(b"sorry")],
    "status 599": [start(status=599), body(b"sorry")],
    "nothing": [],
    "start alone": [PLAIN],
    "body alone": [body(b"hello")],
    "start twice": [PLAIN, PLAIN, body(b"hello")],
    "start after a piece": [PLAIN, body(b"one", True), PLAIN],
    "body after the end": [PLAIN, body(b"hello"), body(b"more")],
    "end missing": [PLAIN, body(b"hello", True)],
    "unknown event first": [{"type": "lamp"}],
    "unknown event later": [PLAIN, {"type": "lamp"}],
    "length too long": [LENGTH, body(b"six")],
    "length too short": [LENGTH, body(b"sixsixsix")],
    "length too long, in pieces": [LENGTH, body(b"six", True), body()],
    "length too short, in pieces": [LENGTH, body(b"six", True), body(b"sixsix")],
    "exception first": [LookupError],
    "exception after the start": [PLAIN, LookupError],
    "exception after a piece": [PLAIN, body(b"one", True), LookupError],
    "exception after the end": [PLAIN, body(b"hello"), LookupError],
}
SENT = {
    **{name: (sent, None) for name, sent in REQUESTS.items()},
    **{f"{name} (GET)": (request(), events) for name, events in SCRIPTS.items()},
    **{f"{name} (HEAD)": (request(method=b"HEAD"), events) for name, events in SCRIPTS.items()},
}


class App:
    """Sends the events of a case, and notes what it sees and what came of sending."""

    def __init__(self):
        self.found = {}

    async def __call__(self, scope, receive, send):
        headers = dict(scope["headers"])
        name = list(SENT)[int(headers[b"x-case"])]
        seen = {key: scope[key] for key in SCOPE}
        seen["headers"] = [list(pair) for pair in scope["headers"] if pair[0] != b"x-case"]
        seen["headers"].sort(key=lambda pair: pair[0])
        seen["client"] = [type(scope["client"][0]), scope["client"][0]]
        self.found[name] = found = {"sees": seen, "sends": []}
        content = b""
        while (event := await receive())["more_body"]:
            assert event["type"] == "http.request"
            content += event["body"]
        seen["body"] = content + event["body"]
        events = SENT[name][1]
        for event in [start(), body(b"seen")] if events is None else events:
            if event is LookupError:
                raise LookupError("lamp")
            try:
                await send(event)
            except Exception as error:
                found["sends"].append([isinstance(error, kind) for kind in (RuntimeError, OSError)])
                raise
            found["sends"].append("sent")


class Received(io.BytesIO):
    def makefile(self, mode):
        return self


def exchange(address, index, name):
    """Send a request, and describe what the client gets."""
    (head, content), _ = SENT[name]
    with closing(socket.create_connection(address, timeout=LONG)) as client:
        client.sendall(head.replace(b"%s", b"%d" % index) + content)
        received = Received(b"".join(iter(lambda: client.recv(65536), b"")))
    answer = HTTPResponse(received, method=head.partition(b" ")[0].decode())
    try:
        answer.begin()
    except HTTPException as error:
        return {"nothing": type(error).__name__}
    complete = True
    try:
        got = answer.read()
    except IncompleteRead as error:
        got, complete = error.partial, False
    headers = [
        (key.lower(), value)
        for key, value in answer.headers.items()
        if key.lower() not in ITS_OWN | {"content-length", "transfer-encoding"}
    ]
    return {
        "status": answer.status,
        "headers": headers,
        "body": got,
        "complete": complete,
    }


def run_all(app, address):
    for index, name in enumerate(SENT):
        gets = exchange(address, index, name)
        app.found.setdefault(name, {})["gets"] = gets
    return app.found


def on_uvicorn():
    app = App()
    config = uvicorn.Config(
        app, port=0, http="h11", ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listening]),))
        thread.start()
        try:
            return run_all(app, listening.getsockname())
        finally:
            server.should_exit = True
            thread.join()


def on_ours():
    app = App()
    service = NativeApp(AsgiHttpIncoming(app, lifespan="off"))
    with Host(output=lambda line: None) as host, Server(host, service, ("127.0.0.1", 0)) as server:
        return run_all(app, server.address)


@pytest.fixture(scope="module")
def both():
    return on_uvicorn(), on_ours()


def differing(theirs, ours):
    """Return what differs, such as "sees path"."""
    found = set()
    for part in ("sees", "sends", "gets"):
        one, other = theirs.get(part), ours.get(part)
        if isinstance(one, dict) and isinstance(other, dict):
            keys = one.keys() | other.keys()
            found |= {f"{part} {key}" for key in keys if one.get(key) != other.get(key)}
        elif one != other:
            found.add(part)
    return found


def listed(name, what):
    return any(
        fnmatch.fnmatchcase(name, case) and fnmatch.fnmatchcase(what, part)
        for case, part in DIFFERENCES
    )


@pytest.mark.parametrize("name", SENT)
def test_it_is_the_same_as_on_uvicorn(both, name) -> None:
    theirs, ours = (found[name] for found in both)
    others = {what for what in differing(theirs, ours) if not listed(name, what)}

    assert others == set(), (theirs, ours)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=" ".join)
def test_each_listed_difference_is_there(both, difference) -> None:
    case, part = difference
    theirs, ours = both
    names = fnmatch.filter(SENT, case)

    assert any(fnmatch.filter(differing(theirs[name], ours[name]), part) for name in names)
