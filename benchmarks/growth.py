"""Measure how costs grow: `hatch run benchmarks:growth`.

Each piece of work runs in a guest on the native host, with more and more items. The first table has
the bytecodes that Python runs for each item, in the SDK, in libraries and in the host, which are
the same on any machine. The second has the processor time, which includes what C does. The tests
hold the first: see tests/test_growth.py.
"""

import sys
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import FrameType
from typing import TYPE_CHECKING, Any

from fastly_compute import http, requests
from fastly_compute.asgi.scope import make_scope
from fastly_compute.backend import Backend
from fastly_compute.http import Body, Headers, IncomingRequest, Request, Response
from fastly_compute.kv_store import KVStore
from fastly_compute.local import BackendConfig, Host, HostConfig, Incoming, NativeApp
from fastly_compute.local.extending import OriginRequest, OriginResponse
from fastly_compute.wsgi.environ import make_environ

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from starlette.applications import Starlette

FEW = (10, 100, 1_000)
MANY = (10, 100, 1_000, 10_000)
BYTES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
_ORIGIN = "http://origin.example"
_PART = 64 * 1024
_LINE = b"x" * 79 + b"\n"

Work = Callable[[IncomingRequest], object]


class _Content:
    """The body of an origin's response, which arrives in parts."""

    def __init__(self, size: int, part: bytes) -> None:
        self._left = size
        self._part = part

    def read_chunk(self) -> bytes:
        part = self._part[: self._left]
        self._left -= len(part)
        return part

    def close(self) -> None:
        self._left = 0


class _Origin:
    """Replaces the network. A URL says what the response has, and how much of it."""

    def begin(
        self, name: str, config: BackendConfig, request: OriginRequest
    ) -> Callable[[], OriginResponse]:
        path, _, number = request.path_and_query.partition("?")
        size = int(number or 0)
        status, headers, body = 200, [("cache-control", b"no-store")], _Content(0, b"")
        match path:
            case "/fields":
                headers += [(f"x-field-{i}", b"value") for i in range(size)]
            case "/cookies":
                headers += [("set-cookie", b"c%d=1" % i) for i in range(size)]
            case "/expired":
                headers += [("set-cookie", b"c%d=1; Max-Age=0" % i) for i in range(size)]
            case "/redirect" if size:
                status = 302
                headers.append(("location", b"/redirect?%d" % (size - 1)))
            case "/line":
                body = _Content(size, b"x" * _PART)
            case "/lines":
                body = _Content(size, _LINE * (_PART // len(_LINE)))
        response = OriginResponse(
            status=status, headers=headers, http_version="HTTP/1.1", remote_addr=None, body=body
        )
        return lambda: response


def _url(path: str, size: int) -> str:
    return f"{_ORIGIN}/{path}?{size}"


def _sent(path: str, size: int) -> Response:
    return Request("GET", _url(path, size)).send("origin")


def _register(_: IncomingRequest, size: int) -> None:
    for i in range(size):
        Backend.create_dynamic(f"h{i}.example", connect_timeout=1)


def _open_static(_: IncomingRequest, size: int) -> None:
    for i in range(size):
        Backend.open(f"static-{i}")


def _read_fields(request: IncomingRequest, _: int) -> None:
    for name in request.headers:
        request.headers[name]


def _change_fields(_: IncomingRequest, size: int) -> None:
    headers = Headers()
    for i in range(size):
        headers[f"x-field-{i}"] = "1"
    for name in headers:
        headers[name] = "2"
    for name in headers:
        del headers[name]


def _environ(request: IncomingRequest, _: int) -> None:
    make_environ(request, run_once=True)


def _scope(request: IncomingRequest, _: int) -> None:
    make_scope(request, {})


def _pass_on_changed(request: IncomingRequest, size: int) -> None:
    response = _sent("fields", size)
    response.headers["x-field-0"] = "changed"
    request.respond(response)


def _respond(request: IncomingRequest, size: int) -> None:
    request.respond(Response(headers=[(f"x-field-{i}", "value") for i in range(size)]))


def _fields_by_requests(_: IncomingRequest, size: int) -> None:
    dict(requests.get(_url("fields", size), backend="origin").headers)


def _cookies(request: IncomingRequest, _: int) -> None:
    len(request.cookies)


def _jar(_: IncomingRequest, size: int) -> None:
    session = requests.Session()
    for path in ("cookies", "fields", "expired"):
        session.get(_url(path, size), backend="origin")


def _redirects(_: IncomingRequest, size: int) -> None:
    session = requests.Session()
    session.max_redirects = size + 1
    session.get(_url("redirect", size), backend="origin")


def _multipart(_: IncomingRequest, size: int) -> None:
    files = [("file", (f"{i}.txt", b"x" * 1000)) for i in range(size)]
    requests.Request("POST", _ORIGIN, files=files).prepare()


def _read_body(_: IncomingRequest, size: int) -> None:
    for _piece in _sent("line", size).body.iter_bytes():
        pass


def _copy_body(request: IncomingRequest, size: int) -> None:
    request.respond(Response(body=Body(_sent("line", size).body.iter_bytes())))


def _pass_body_on(request: IncomingRequest, size: int) -> None:
    request.respond(_sent("line", size))


def _content(_: IncomingRequest, size: int) -> None:
    len(requests.get(_url("line", size), backend="origin").content)


def _read_lines(path: str) -> Callable[[IncomingRequest, int], None]:
    def work(_: IncomingRequest, size: int) -> None:
        response = requests.get(_url(path, size), backend="origin", stream=True)
        for _line in response.iter_lines():
            pass

    return work


def _put(_: IncomingRequest, size: int) -> None:
    store = KVStore.open("store")
    for i in range(size):
        store.put(f"key-{i}", b"value")


def _look_up(_: IncomingRequest, size: int) -> None:
    store = KVStore.open("store")
    for i in range(size):
        store.get(f"key-{i}")


@cache
def _flask_app(routes: int) -> "WSGIApplication":
    from flask import Flask

    app = Flask("growth")
    for i in range(routes):
        app.add_url_rule(f"/item-{i}/<name>", f"item-{i}", lambda name: name)
    return app


@cache
def _starlette_app(routes: int) -> "Starlette":
    from starlette.applications import Starlette
    from starlette.requests import Request as Asked
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def item(asked: Asked) -> PlainTextResponse:
        return PlainTextResponse(asked.path_params["name"])

    return Starlette(routes=[Route(f"/item-{i}/{{name}}", item) for i in range(routes)])


def _by_flask(request: IncomingRequest, routes: int) -> None:
    environ = {**make_environ(request, run_once=True), "PATH_INFO": f"/item-{routes - 1}/lamp"}
    content = b"".join(_flask_app(routes)(environ, lambda *_: lambda _: None))
    assert content == b"lamp"


def _by_starlette(request: IncomingRequest, routes: int) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    async def send(event: MutableMapping[str, Any]) -> None:
        sent.append(event)

    scope = {**make_scope(request, {}), "path": f"/item-{routes - 1}/lamp"}
    with suppress(StopIteration):  # nothing in it waits
        _starlette_app(routes)(scope, receive, send).__await__().send(None)
    assert sent[-1]["body"] == b"lamp"


def _list(_: IncomingRequest, __: int) -> None:
    for _key in KVStore.open("store").keys(limit=10):
        pass


@dataclass(frozen=True, slots=True)
class Growth:
    """Work that is done for more and more items.

    Attributes:
        work: Does it, for a number of items.
        sizes: The numbers of items in the tables.
        before: What has to be done first, and is not counted.
        fields: Makes the client's header fields.
    """

    work: Callable[[IncomingRequest, int], None]
    sizes: tuple[int, ...] = FEW
    before: Callable[[IncomingRequest, int], None] | None = None
    fields: Callable[[int], list[tuple[str, bytes]]] | None = None


def _many(size: int) -> list[tuple[str, bytes]]:
    return [(f"X-Field-{i}", b"value") for i in range(size)]


def _same(size: int) -> list[tuple[str, bytes]]:
    return [("X-Field", b"value")] * size


def _cookie(size: int) -> list[tuple[str, bytes]]:
    return [("Cookie", b"; ".join(b"c%d=1" % i for i in range(size)))]


BACKENDS = {
    "a dynamic backend registered": Growth(_register, MANY),
    "a dynamic backend found again": Growth(_register, MANY, before=_register),
    "a static backend opened": Growth(_open_static, MANY),
}
HEADERS = {
    "the client's headers read one by one": Growth(_read_fields, fields=_many),
    "`Headers` set, replaced and deleted": Growth(_change_fields),
    "the environ of WSGI": Growth(_environ, fields=_many),
    "the environ of WSGI, one name": Growth(_environ, fields=_same),
    "the scope of ASGI": Growth(_scope, fields=_many),
    "a response": Growth(_respond),
    "a backend's response passed on with a change": Growth(_pass_on_changed),
    "the headers of `requests.get`": Growth(_fields_by_requests),
    "a Cookie header": Growth(_cookies, fields=_cookie),
    "a session's cookies, set, sent and expired": Growth(_jar),
    "redirects": Growth(_redirects),
    "parts of a multipart form": Growth(_multipart),
}
BODIES = {
    "read": Growth(_read_body, BYTES),
    "read and written": Growth(_copy_body, BYTES),
    "passed on": Growth(_pass_body_on, BYTES),
    "`requests.get(…).content`": Growth(_content, BYTES),
    "`iter_lines`, lines of 80 bytes": Growth(_read_lines("lines"), BYTES[:-1]),
    "`iter_lines`, one line": Growth(_read_lines("line"), BYTES[:-1]),
}
KEYS = {
    "`put`": Growth(_put, MANY),
    "`get`": Growth(_look_up, MANY, before=_put),
    "`keys`, ten at a time": Growth(_list, MANY, before=_put),
}
ROUTES = {
    "Flask": Growth(_by_flask, FEW, before=_by_flask),
    "Starlette": Growth(_by_starlette, FEW, before=_by_starlette),
}
TABLES = {
    "backends": BACKENDS,
    "header fields": HEADERS,
    "bytes": BODIES,
    "KV keys": KEYS,
    "routes": ROUTES,
}


def bytecodes(work: Callable[[], object]) -> int:
    """Count the bytecodes that Python runs in this thread."""
    count = 0

    def local(_: FrameType, event: str, __: object) -> Any:
        nonlocal count
        if event == "opcode":
            count += 1
        return local

    def begun(frame: FrameType, _: str, __: object) -> Any:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return local

    sys.settrace(begun)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


def cpu_time(work: Callable[[], object]) -> float:
    """Measure the processor time of this thread, in seconds."""
    started = time.thread_time()
    work()
    return time.thread_time() - started


def measured(
    growth: Growth, size: int, measure: Callable[[Callable[[], object]], float] = bytecodes
) -> float:
    """Measure work for a number of items.

    Args:
        growth: The work.
        size: The number of items.
        measure: `bytecodes` or `cpu_time`.
    """
    found = 0.0

    def handle(request: IncomingRequest) -> Response | http.ResponseSent:
        nonlocal found
        if growth.before is not None:
            growth.before(request, size)
        found = measure(lambda: growth.work(request, size))
        return http.ResponseSent() if request.answered else Response()

    static = {
        f"static-{i}": BackendConfig(url=_ORIGIN) for i in range(size if size <= MANY[-1] else 0)
    }
    config = HostConfig(
        backends={"origin": BackendConfig(url=_ORIGIN), **static}, kv_stores={"store": {}}
    )
    incoming = Incoming(headers=growth.fields(size) if growth.fields else ())
    with Host(config, transport=_Origin()) as host:
        answer = host.request(NativeApp(http.service(handle)), incoming)
    if answer.status >= 500:
        raise RuntimeError(f"the app failed: {answer}")
    return found


def main() -> None:
    """Print both tables: for each item, each 1,000 bytes, or a request to the last route."""
    for kind, table in TABLES.items():
        counts: dict[str, list[str]] = {}
        times: dict[str, list[str]] = {}
        for what, growth in table.items():
            for size in growth.sizes:
                shown = {"bytes": 1000 / size, "routes": 1}.get(kind, 1 / size)
                best = min(measured(growth, size, cpu_time) for _ in range(3)) * 1e6
                counts.setdefault(what, []).append(f"{measured(growth, size) * shown:,.0f}")
                times.setdefault(what, []).append(f"{best * shown:,.1f}")
        for unit, rows in (("bytecodes", counts), ("µs", times)):
            sizes = max((growth.sizes for growth in table.values()), key=len)
            print(f"\n| {kind}: {unit} | {' | '.join(f'{size:,}' for size in sizes)} |")
            print("|---" * (len(sizes) + 1) + "|")
            for what, figures in rows.items():
                cells = figures + [""] * (len(sizes) - len(figures))
                print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
