"""Runs what every request runs, before there is a host.

CPython specializes code for the values it sees and writes that into the code. A sandbox that starts
with specialized code is faster, and writes to fewer of the pages that it shares with others.

The bindings call the host through one function. It is replaced while the requests run; all else is
what a real request runs. The app's own handler only runs if the app asks for that: the `warm_up` of
fastly-compute-wsgi and -asgi.
"""

import functools
import gc
import os
import random
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import componentize_py_runtime
import fastly_compute_repeats
from componentize_py_types import Ok
from fastly_compute_image import gather_code
from wit_world.imports import async_io, backend, http_req, http_resp, http_types, types

_ROUNDS = 20  # an instruction is specialized after a few runs
_ROUNDS_OF_THE_APP = 4  # which may be slow
_HTTP11 = http_types.HttpVersion.HTTP11.value  # the bindings make an enum of the number, too
# The host's results, by the function of the bindings that calls it; an empty success otherwise.
_RESULTS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "backend.Backend.open": lambda _: Ok(_resource(backend.Backend)),
    "http_body.new": lambda _: Ok(_resource(async_io.Pollable)),
    "http_body.read": lambda _: Ok(b""),
    "http_body.write": lambda arguments: Ok(len(arguments[1])),
    "http_downstream.downstream_client_ip_addr": lambda _: types.IpAddress_Ipv4((127, 0, 0, 1)),
    "http_req.Request.get_header_names": lambda _: Ok(("host\0accept\0", None)),
    "http_req.Request.get_header_values": lambda _: Ok((b"localhost\0", None)),
    "http_req.Request.get_method": lambda _: Ok("GET"),
    "http_req.Request.get_uri": lambda _: Ok("https://localhost/"),
    "http_req.Request.get_version": lambda _: Ok(http_types.HttpVersion(_HTTP11)),
    "http_req.Request.new": lambda _: Ok(_resource(http_req.Request)),
    "http_req.send": lambda _: Ok((_resource(http_resp.Response), _resource(async_io.Pollable))),
    "http_resp.Response.get_header_names": lambda _: Ok(("content-type\0", None)),
    "http_resp.Response.get_header_values": lambda _: Ok((b"text/plain\0", None)),
    "http_resp.Response.get_status": lambda _: Ok(200),
    "http_resp.Response.get_version": lambda _: Ok(http_types.HttpVersion(_HTTP11)),
    "http_resp.Response.new": lambda _: Ok(_resource(http_resp.Response)),
}


# A real host function is not a Python function, and calls are specialized for that.
_drop = functools.partial(lambda kind, handle: None)


def _resource(kind: Any) -> Any:
    """Make a resource as the bindings do, which nothing holds on the other side."""
    made = kind.__new__(kind)
    made.handle = 0
    made.finalizer = weakref.finalize(made, _drop, 0, 0)
    return made


def _call_host(index: int, arguments: Sequence[Any]) -> Any:
    caller = sys._getframe(1)
    module = caller.f_globals["__name__"].rpartition(".")[2]
    result = _RESULTS.get(f"{module}.{caller.f_code.co_qualname}")
    return Ok(None) if result is None else result(arguments)


@contextmanager
def _host(call: Callable[[int, Any], Any]) -> Iterator[None]:
    runtime: Any = componentize_py_runtime
    real, real_hook = runtime.call_import, sys.excepthook
    failures: list[BaseException] = []
    runtime.call_import = call
    # A service reports an exception to it, and continues.
    sys.excepthook = lambda kind, error, traceback: failures.append(error)
    try:
        yield
    finally:
        runtime.call_import, sys.excepthook = real, real_hook
    if failures:
        raise failures[0]


def _services() -> Iterator[Callable[[Any, Any], None]]:
    """Make the services that stand for the app: one for each thing that many requests do."""
    from fastly_compute.http import IncomingRequest, Request, Response, service

    def respond(request: IncomingRequest) -> Response:
        return Response.text(f"{request.path} {request.headers.get('accept')}")

    def forward(request: IncomingRequest) -> Response:
        url = f"https://localhost{request.path}"
        response = Request(request.method, url, headers=request.headers).send("localhost")
        response.headers["X-Status"] = str(response.status)
        return response

    def read(request: IncomingRequest) -> Response:
        return Response(body=Request("GET", "https://localhost/").send("localhost").body.read())

    for handler in (respond, forward, read):
        yield service(handler).handle
    wsgi = sys.modules.get("fastly_compute.wsgi")
    if wsgi is not None:
        yield wsgi.WsgiHttpIncoming(_wsgi_app).handle
    asgi = sys.modules.get("fastly_compute.asgi")
    if asgi is not None:
        yield asgi.AsgiHttpIncoming(_asgi_app).handle


def _wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"hello"]


async def _asgi_app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


def _look_up_in_types() -> None:
    """Look something up in each type: a type that has its version needs no write later."""
    for one in gc.get_objects():
        if issubclass(type(one), type):
            with suppress(AttributeError):
                type.__getattribute__(one, "_")


def _start_sandbox() -> None:
    """Do what componentize-py does when a sandbox starts."""
    os.environ["FASTLY"] = "1"
    del os.environ["FASTLY"]
    random.Random().seed()  # noqa: S311


def warm_up(no_host: Callable[[int, Any], Any]) -> object:
    """Run what every request runs, in code that lies side by side.

    It serves a few requests of each kind, if the app uses `fastly_compute.http`, and repeats those
    that the app ran through itself by a `warm_up` of the SDK.

    Args:
        no_host: What refuses a call of the host: the app's own requests have none.

    Returns:
        What to keep, so that the code stays together.

    Raises:
        Exception: A request failed: the SDK is not the one that this module knows.
    """
    _look_up_in_types()
    services = list(_services()) if "fastly_compute.http" in sys.modules else []

    def run(rounds: int = 1) -> None:
        for _ in range(rounds):
            _start_sandbox()
        with _host(functools.partial(_call_host)):
            for handle in services:
                for _ in range(rounds):
                    handle(_resource(http_req.Request), _resource(async_io.Pollable))
        with _host(no_host):
            for repeat in fastly_compute_repeats.noted:
                for _ in range(min(rounds, _ROUNDS_OF_THE_APP)):
                    repeat()

    kept = gather_code(run)
    run(_ROUNDS)
    fastly_compute_repeats.noted.clear()
    return kept
