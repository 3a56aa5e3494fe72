"""What every lookup in the cache has in common: it may have found an object, and may be obliged."""

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Self, TypeVar

from fastly_compute.cache import _wit
from fastly_compute.cache.errors import CacheCallFailed, InvalidCacheOption
from fastly_compute.core import FastlyComputeError, Handle
from fastly_compute.http import Body

if TYPE_CHECKING:
    from wit_world.imports import async_io, cache

    Held = TypeVar("Held", cache.Entry, cache.ReplaceEntry, async_io.Pollable)
    Resource = TypeVar("Resource", cache.Entry, cache.ReplaceEntry)
else:
    Held = TypeVar("Held")
    Resource = TypeVar("Resource")


class Lookup(Handle[Held]):
    """What may have an obligation: hosts keep it, and let others wait, until it is closed."""

    __slots__ = ()

    def __del__(self) -> None:
        if getattr(self, "_resource", None) is not None:
            with suppress(FastlyComputeError):
                self.close()


class Found(Lookup[Resource]):
    """An object that was found, and what it is good for."""

    __slots__ = ("_states",)

    _states: frozenset[str] | None

    @classmethod
    def _of(cls, resource: Resource) -> Self:
        entry = cls._adopt(resource)
        entry._states = None
        return entry

    def _is(self, state: str) -> bool:
        if self._states is None:
            self._states = _wit.states(self._wit)
        return state in self._states

    @property
    def found(self) -> bool:
        """Whether there is an object."""
        return self._is("found")

    @property
    def usable(self) -> bool:
        """Whether there is an object that is fresh, or stale and may be used still."""
        return self._is("usable")

    @property
    def stale(self) -> bool:
        """Whether the object is older than its `max_age`."""
        return self._is("stale")

    @property
    def usable_if_error(self) -> bool:
        """Whether the object may be used where there is no other."""
        return self._is("usable_if_error")

    def body(self, start: int | None = None, end: int | None = None) -> Body:
        """Read the object's body (``get-body``); one at a time.

        Args:
            start: The first byte; None is the beginning.
            end: The last byte, included; None is the end of the object. With *end* alone, that many
                bytes from the end.

        Returns:
            The body. While the object is still being stored, reading waits for more.

        Raises:
            InvalidCacheOption: The range is none.
            CacheCallFailed: There is no object, or its body is being read.
        """
        for option, value in (("start", start), ("end", end)):
            if value is not None and value < 0:
                raise InvalidCacheOption(option, f"must be at least 0, not {value}")
        if start is not None and end is not None and end < start:
            raise InvalidCacheOption("end", f"must not be before start, {start}, but is {end}")
        pollable = _wit.body_of(self._wit, start, end)
        if pollable is None:
            raise CacheCallFailed("cache.get-body", case="cannot-read")
        return Body._received(pollable)

    @property
    def user_metadata(self) -> bytes | None:
        """What was stored beside the object. Raises `CacheCallFailed` where there is none."""
        return _wit.metadata(self._wit)

    @property
    def length(self) -> int | None:
        """How many bytes the object has, where the host knows."""
        return _wit.number(self._wit, "get_length")

    @property
    def hits(self) -> int | None:
        """How often it was found. Viceroy does not know: `CacheUnsupported`."""
        return _wit.number(self._wit, "get_hits")

    @property
    def age(self) -> timedelta | None:
        """How old it is."""
        return _wit.duration(self._wit, "get_age_ns")

    @property
    def max_age(self) -> timedelta | None:
        """How old it may get and be fresh."""
        return _wit.duration(self._wit, "get_max_age_ns")

    @property
    def stale_while_revalidate(self) -> timedelta | None:
        """How much longer it may be used. Viceroy does not know: `CacheUnsupported`."""
        return _wit.duration(self._wit, "get_stale_while_revalidate_ns")
