"""The bindings of bodies, with their errors converted to this package's exceptions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fastly_compute.core import bindings, read_items
from fastly_compute.http.errors import BodyWriteStalled, body_error, head_error

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_body
else:
    http_body = bindings.interface("http_body")

B = TypeVar("B", str, bytes)

PIECE = 64 * 1024
"""The number of bytes read at once, at first: a host may allocate memory for all of them."""

LARGEST = 512 * 1024
"""The most bytes read or written at once."""


def new_body() -> "async_io.Pollable":
    """Make an empty body."""
    try:
        return http_body.new()
    except bindings.Err as err:
        raise body_error(err.value, "http-body.new") from None


def read(body: "async_io.Pollable", size: int) -> bytes:
    """Read up to *size* bytes, waiting for at least one; an empty result is the end."""
    try:
        return http_body.read(body, size)
    except bindings.Err as err:
        raise body_error(err.value, "http-body.read") from None


def write(body: "async_io.Pollable", data: bytes) -> None:
    """Write all of *data*, in as many calls as the host needs."""
    at = 0
    while at < len(data):
        piece = data[at : at + LARGEST]  # or each partial write would copy the rest
        try:
            taken = http_body.write(body, piece)
        except bindings.Err as err:
            raise body_error(err.value, "http-body.write") from None
        if taken == 0:
            raise BodyWriteStalled("http-body.write", case="generic-error")
        at += taken


def append_trailer(body: "async_io.Pollable", name: str, value: str) -> None:
    """Add a trailer field to a body."""
    try:
        http_body.append_trailer(body, name, value.encode("latin-1"))
    except bindings.Err as err:
        raise head_error(err.value, "http-body.append-trailer", subject=name) from None


def read_trailers(body: "async_io.Pollable") -> list[tuple[str, str]]:
    """Read the trailers of a body that was read to its end: one call if it has none."""
    names = _read_trailers(lambda size, at: http_body.get_trailer_names(body, size, at))
    return [
        (name, value.decode("latin-1"))
        for name in dict.fromkeys(names)
        for value in _read_trailers(
            lambda size, at: http_body.get_trailer_values(body, name, size, at)  # noqa: B023 - called at once
        )
    ]


def _read_trailers(call: Callable[[int, int], tuple[B, int | None]]) -> list[B]:
    def unwrapped(size: int, at: int) -> tuple[B, int | None]:
        try:
            return call(size, at)
        except bindings.Err as err:
            raise bindings.Err(getattr(err.value, "value", err.value)) from err

    try:
        return read_items(unwrapped)
    except bindings.Err as err:
        raise body_error(err.value, "http-body.get-trailer") from None


def append(body: "async_io.Pollable", more: "async_io.Pollable") -> None:
    """Move *more* to the end of *body*, unread."""
    try:
        http_body.append(body, more)
    except bindings.Err as err:
        raise body_error(err.value, "http-body.append") from None


def finish(body: "async_io.Pollable") -> None:
    """Finish a body that is being streamed."""
    try:
        http_body.close(body)
    except bindings.Err as err:
        raise body_error(err.value, "http-body.close") from None
