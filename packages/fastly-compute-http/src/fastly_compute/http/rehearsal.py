"""Requests that the build has a service answer, before there is a host.

CPython adapts the code that it runs to what it sees, and writes that into the code. A sandbox that
starts with adapted code is faster, and writes to fewer of the pages that it shares with others.
What stands in for the bindings has their names: the build knows by these which of them will run.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Self, cast

from fastly_compute.http import _wit

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req

_ROUNDS = 20  # an instruction adapts after a few runs


class _Resource:
    """A body, or a message: what the host would hold, and what takes these."""

    @classmethod
    def new(cls) -> Self:
        return cls()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def set_status(self, status: int) -> None:
        pass

    def append_header(self, name: str, value: bytes) -> None:
        pass

    def get_method(self, size: int) -> str:
        return "GET"

    def get_uri(self, size: int) -> str:
        return "https://localhost/"

    def get_version(self) -> SimpleNamespace:
        return SimpleNamespace(name="HTTP11")

    def get_header_names(self, size: int, cursor: int) -> tuple[str, None]:
        return "host\0accept\0", None

    def get_header_values(self, name: str, size: int, cursor: int) -> tuple[bytes, None]:
        return b"localhost\0", None

    @staticmethod
    def write(body: "_Resource", data: bytes) -> int:
        return len(data)

    @staticmethod
    def send_downstream(response: "_Resource", body: "_Resource") -> None:
        pass

    @staticmethod
    def downstream_client_ip_addr(request: "_Resource") -> SimpleNamespace:
        return SimpleNamespace(value=(127, 0, 0, 1))


def rehearse(handle: "Callable[[http_req.Request, async_io.Pollable], None]") -> None:
    """Have a service answer a simple request several times, with nobody to send it to.

    Args:
        handle: The service's method. What it answers must not ask the host for anything else than
            what any request does.
    """
    stand_ins = {
        "http_body": _Resource,
        "http_downstream": _Resource,
        "http_resp": SimpleNamespace(Response=_Resource, send_downstream=_Resource.send_downstream),
    }
    real = {name: getattr(_wit, name) for name in stand_ins}
    try:
        for name, stand_in in stand_ins.items():
            setattr(_wit, name, stand_in)
        for _ in range(_ROUNDS):
            handle(cast("http_req.Request", _Resource()), cast("async_io.Pollable", _Resource()))
    finally:
        for name, interface in real.items():
            setattr(_wit, name, interface)
