"""Requests that the build has a service answer, before there is a host.

CPython adapts the code that it runs to what it sees, and writes that into the code. A sandbox that
starts with adapted code is faster, and writes to fewer of the pages that it shares with others.
What stands in for the bindings has their names: the build knows by these which of them will run.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Self, cast

from fastly_compute.backend import _wit as backend_wit
from fastly_compute.http import _wit
from fastly_compute.http.incoming import IncomingRequest
from fastly_compute.http.request import Request
from fastly_compute.http.response import Response

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req

_ROUNDS = 20  # an instruction adapts after a few runs


class _Resource:
    """A body, a message or a backend: what the host would hold, and what takes these."""

    @classmethod
    def new(cls) -> Self:
        return cls()

    @classmethod
    def open(cls, name: str) -> Self:
        return cls()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def set_method(self, method: str) -> None:
        pass

    def set_uri(self, uri: str) -> None:
        pass

    def set_status(self, status: int) -> None:
        pass

    def append_header(self, name: str, value: bytes) -> None:
        pass

    def set_header_values(self, name: str, values: bytes) -> None:
        pass

    def get_method(self, size: int) -> str:
        return "GET"

    def get_uri(self, size: int) -> str:
        return "https://localhost/"

    def get_version(self) -> SimpleNamespace:
        return SimpleNamespace(name="HTTP11")

    def get_status(self) -> int:
        return 200

    def get_header_names(self, size: int, cursor: int) -> tuple[str, None]:
        return "host\0accept\0", None

    def get_header_values(self, name: str, size: int, cursor: int) -> tuple[bytes, None]:
        return b"localhost\0", None

    @staticmethod
    def read(body: "_Resource", size: int) -> bytes:
        return b""

    @staticmethod
    def write(body: "_Resource", data: bytes) -> int:
        return len(data)

    @staticmethod
    def send(
        request: "_Resource", body: "_Resource", target: "_Resource"
    ) -> tuple["_Resource", "_Resource"]:
        return _Resource(), _Resource()

    @staticmethod
    def send_downstream(response: "_Resource", body: "_Resource") -> None:
        pass

    @staticmethod
    def downstream_client_ip_addr(request: "_Resource") -> SimpleNamespace:
        return SimpleNamespace(value=(127, 0, 0, 1))


_STAND_INS: dict[ModuleType, dict[str, object]] = {
    _wit: {
        "http_body": _Resource,
        "http_downstream": _Resource,
        "http_req": SimpleNamespace(Request=_Resource, send=_Resource.send),
        "http_resp": SimpleNamespace(Response=_Resource, send_downstream=_Resource.send_downstream),
    },
    backend_wit: {"backend": SimpleNamespace(Backend=_Resource)},
}


def greet(request: IncomingRequest) -> Response:
    """Answer at once."""
    return Response.text(f"{request.path} {request.headers.get('accept')}")


def forward(request: IncomingRequest) -> Response:
    """Answer with a backend's response."""
    url = f"https://localhost{request.path}"
    response = Request(request.method, url, headers=request.headers).send("localhost")
    response.headers["X-Status"] = str(response.status)
    return response


def read(request: IncomingRequest) -> Response:
    """Answer with what a backend's response says."""
    return Response(body=Request("GET", "https://localhost/").send("localhost").body.read())


@contextmanager
def _without_a_host() -> Iterator[None]:
    real = {
        module: {name: getattr(module, name) for name in stand_ins}
        for module, stand_ins in _STAND_INS.items()
    }
    try:
        for module, stand_ins in _STAND_INS.items():
            vars(module).update(stand_ins)
        yield
    finally:
        for module, interfaces in real.items():
            vars(module).update(interfaces)


def rehearse(handle: "Callable[[http_req.Request, async_io.Pollable], None]") -> None:
    """Have a service answer a simple request several times, with nobody to send it to.

    Args:
        handle: The service's method. What it answers must not ask the host for anything else than
            what any request does.
    """
    with _without_a_host():
        for _ in range(_ROUNDS):
            handle(cast("http_req.Request", _Resource()), cast("async_io.Pollable", _Resource()))
