"""What all lookups share: they may have found an object, and may have an obligation."""

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
    """A handle that may have an obligation, for which others wait until it is closed."""

    __slots__ = ()

    def __del__(self) -> None:
        if getattr(self, "_held", None) is not None:
            with suppress(FastlyComputeError):
                self.close()


class Found(Lookup[Resource]):
    """The object that a lookup found, if any, and its state."""

    __slots__ = ("_states",)

    _states: frozenset[str] | None

    @classmethod
    def _of(cls, resource: Resource) -> Self:
        entry = cls._wrap(resource)
        entry._states = None
        return entry

    def _is(self, state: str) -> bool:
        if self._states is None:
            self._states = _wit.states(self._resource)
        return state in self._states

    @property
    def found(self) -> bool:
        """Whether there is an object."""
        return self._is("found")

    @property
    def usable(self) -> bool:
        """Whether there is an object that is fresh, or stale but may still be used."""
        return self._is("usable")

    @property
    def stale(self) -> bool:
        """Whether the object is older than its `max_age`."""
        return self._is("stale")

    @property
    def usable_if_error(self) -> bool:
        """Whether the object may be used if fetching a new one fails."""
        return self._is("usable_if_error")

    def body(self, start: int | None = None, end: int | None = None) -> Body:
        """Read the object's body (``get-body``); only one can be open at a time.

        Args:
            start: The first byte; None means the beginning.
            end: The last byte, inclusive; None means the end of the object. *end* alone means that
                many bytes from the end.

        Returns:
            The body. While the object is still being stored, reading waits for more data.

        Raises:
            InvalidCacheOption: The range is invalid.
            CacheCallFailed: No object was found, or its body is already being read.
        """
        for option, value in (("start", start), ("end", end)):
            if value is not None and value < 0:
                raise InvalidCacheOption(option, f"must be at least 0, not {value}")
        if start is not None and end is not None and end < start:
            raise InvalidCacheOption("end", f"must not be before start, {start}, but is {end}")
        pollable = _wit.body_of(self._resource, start, end)
        if pollable is None:
            raise CacheCallFailed("cache.get-body", case="cannot-read")
        return Body._received(pollable)

    @property
    def user_metadata(self) -> bytes | None:
        """The metadata stored with the object. Raises `CacheCallFailed` without an object."""
        return _wit.metadata(self._resource)

    @property
    def length(self) -> int | None:
        """The object's size in bytes, if the host knows it."""
        return _wit.number(self._resource, "get_length")

    @property
    def hits(self) -> int | None:
        """How often it was found. Viceroy raises `CacheUnsupported`."""
        return _wit.number(self._resource, "get_hits")

    @property
    def age(self) -> timedelta | None:
        """The object's age."""
        return _wit.duration(self._resource, "get_age_ns")

    @property
    def max_age(self) -> timedelta | None:
        """How long it is fresh, counted from an age of zero."""
        return _wit.duration(self._resource, "get_max_age_ns")

    @property
    def stale_while_revalidate(self) -> timedelta | None:
        """How long it may be used after that while stale. Viceroy raises `CacheUnsupported`."""
        return _wit.duration(self._resource, "get_stale_while_revalidate_ns")
