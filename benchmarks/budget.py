"""Count the calls of a request, which are exact on any machine: `python -m benchmarks.budget`.

A native host serves each app three requests in one sandbox. Counted are the host calls and the
Python calls of the second, with those that waited for it; functions of the host and of the app
itself are left out. The tests hold the counts: see tests/test_budget.py. Timings are in the other
modules.
"""

import gc
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from benchmarks.origin import run_origin
from fastly_compute import requests
from fastly_compute.http import IncomingRequest, Request, Response, Reuse, service
from fastly_compute.local import BackendConfig, Host, HostConfig, Incoming, NativeApp
from fastly_compute.wsgi import WsgiHttpIncoming

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

URL = "http://origin.example/item?id=7"
BODY = b'{"name": "' + b"x" * 1012 + b'"}'
COPIED = ("Accept", "Accept-Language", "User-Agent")
CLIENT = [
    ("Host", b"www.example"),
    ("Accept", b"application/json"),
    ("Accept-Language", b"en"),
    ("User-Agent", b"browser/1.0"),
]
_HOST = ("fastly_compute.local", "wit_world", "componentize_py_types")
# Calls that a component does not make: its Python has comprehensions inlined, and its host is there
# when the SDK is imported.
_LEFT_OUT = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "_Missing.__getattr__"})


def hello(_: IncomingRequest) -> Response:
    return Response.text("hello")


def proxied(_: IncomingRequest) -> Response:
    return Request("GET", URL).send("origin")


def proxied_with_headers(request: IncomingRequest) -> Response:
    headers = {name: request.headers[name] for name in COPIED}
    return Request("GET", URL, headers=headers).send("origin")


def by_requests(_: IncomingRequest) -> Response:
    return Response.json(requests.get(URL, backend="origin").json())


def wsgi_hello(_: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"hello"]


def services() -> dict[str, object]:
    """Return the apps by what they do."""
    reuse = Reuse()
    some_headers = "a GET with three of the client's headers, passed on"
    apps: dict[str, object] = {
        "hello": service(hello, reuse=reuse),
        "hello, WSGI": WsgiHttpIncoming(wsgi_hello, reuse=reuse),
        "a GET passed on": service(proxied, reuse=reuse),
        some_headers: service(proxied_with_headers, reuse=reuse),
        "JSON by `fastly_compute.requests`": service(by_requests, reuse=reuse),
    }
    return apps


def other_clients() -> dict[str, object]:
    """Return the apps whose calls are mostly those of a library, and change with its release."""
    from fastly_compute.httpx import Client
    from fastly_compute.urllib3 import PoolManager

    client, pool, reuse = Client(backend="origin"), PoolManager(backend="origin"), Reuse()
    return {
        "JSON by httpx": service(lambda _: Response.json(client.get(URL).json()), reuse=reuse),
        "JSON by urllib3": service(
            lambda _: Response.json(pool.request("GET", URL).json()), reuse=reuse
        ),
    }


@dataclass(frozen=True, slots=True)
class Cost:
    """The calls of one request.

    Attributes:
        host: The names of the host calls, in order.
        python: The number of calls of each Python function of the SDK, by module and name.
        library: The same of the standard library and third-party packages.
    """

    host: list[str]
    python: Counter[str]
    library: Counter[str]


class _Counting:
    """Looks on at one sandbox; `interpose` is a `Host.interpose`."""

    def __init__(self) -> None:
        self._rounds = 0
        self._host: list[str] = []
        self._python: Counter[str] = Counter()
        self._library: Counter[str] = Counter()
        self._in_host: FrameType | None = None

    def interpose(
        self, label: str, function: Callable[..., object], args: tuple[object, ...]
    ) -> object:
        call = sys._getframe(2)  # of the host's function, which the guest or the host itself calls
        caller = call.f_back
        if caller is None or caller.f_globals["__name__"].startswith(_HOST):
            return function(*args)
        if label == "http-downstream.next_request":
            self._rounds += 1
            if self._rounds == 1:
                self._in_host = call
                sys.setprofile(self._profile)
            else:
                sys.setprofile(None)
        if self._rounds == 1:
            self._host.append(label)
        return function(*args)

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        if event == "return":
            if frame is self._in_host:
                self._in_host = None
            return
        if event != "call" or self._in_host is not None:
            return
        module = frame.f_globals["__name__"]
        if module.startswith(_HOST):
            self._in_host = frame
            return
        name = frame.f_code.co_qualname
        if module != __name__ and name.rpartition(".<locals>.")[2] not in _LEFT_OUT:
            kind = self._python if module.startswith("fastly_compute.") else self._library
            kind[f"{module}.{name}"] += 1

    @property
    def cost(self) -> Cost:
        return Cost(self._host, self._python, self._library)


def origin() -> AbstractContextManager[str]:
    """Run an origin that responds with JSON, and yield its URL."""
    return run_origin(lambda _: (BODY, {"Content-Type": "application/json"}))


def cost(app: object, url: str) -> Cost:
    """Count the calls of one request.

    Args:
        app: The service.
        url: The URL of its origin.
    """
    counting = _Counting()
    with Host(HostConfig(backends={"origin": BackendConfig(url=url)})) as host:
        host.interpose = counting.interpose
        gc.disable()  # it may call functions at any time
        try:
            answers = host.requests(NativeApp(app), [Incoming(headers=CLIENT)] * 3)
        finally:
            sys.setprofile(None)
            gc.enable()
    if [answer.status for answer in answers] != [200] * 3:
        raise RuntimeError(f"the app failed: {answers}")
    return counting.cost


def main() -> None:
    """Print the table, and with -v each function and host call."""
    details = []
    print("| a request | host calls | Python calls: the SDK | libraries |\n|---|---|---|---|")
    with origin() as url:
        for name, app in {**services(), **other_clients()}.items():
            found = cost(app, url)
            python, library = found.python.total(), found.library.total()
            print(f"| {name} | {len(found.host)} | {python} | {library} |")
            details += [f"\n{name}", *found.host]
            for functions in (found.python, found.library):
                details += [f"{count:6} {function}" for function, count in functions.most_common()]
    if "-v" in sys.argv:
        print("\n".join(details))


if __name__ == "__main__":
    main()
