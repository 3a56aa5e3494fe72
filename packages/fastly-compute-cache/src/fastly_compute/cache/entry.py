"""The core cache: looking objects up, and storing them."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, TypeVar, get_args

from fastly_compute.cache import _wit
from fastly_compute.cache.errors import CacheCallFailed, InvalidCacheOption, NoObligation
from fastly_compute.cache.keys import key_bytes
from fastly_compute.cache.options import WriteOptions
from fastly_compute.core import Duration, FastlyComputeError, Handle, milliseconds
from fastly_compute.http import Body, Headers, StreamingBody, WaitTimeout

if TYPE_CHECKING:
    from wit_world.imports import async_io, cache

    Held = TypeVar("Held", cache.Entry, cache.ReplaceEntry, async_io.Pollable)
    Found = TypeVar("Found", cache.Entry, cache.ReplaceEntry)
else:
    Held = TypeVar("Held")
    Found = TypeVar("Found")

Strategy: TypeAlias = Literal["immediate", "immediate_force_miss", "wait"]
"""When a replacement can go on (``replace-strategy`` in the WIT)."""


class _Lookup(Handle[Held]):
    """What may have an obligation: hosts keep it, and let others wait, until it is closed."""

    __slots__ = ()

    def __del__(self) -> None:
        if getattr(self, "_resource", None) is not None:
            with suppress(FastlyComputeError):
                self.close()


class _Object(_Lookup[Found]):
    """An object that was found, and what it is good for."""

    __slots__ = ("_states",)

    _states: frozenset[str] | None

    @classmethod
    def _of(cls, resource: Found) -> Self:
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


class Entry(_Object["cache.Entry"]):
    """What a lookup came to: an object, the obligation to store one, both, or neither.

    It is a context manager. Leaving it gives up an obligation that was not met, so that the next
    lookup gets it.

    Example:
        >>> from fastly_compute import cache
        >>> from fastly_compute.http import Request
        >>> def page(url: str) -> bytes:
        ...     with cache.transaction(url) as entry:
        ...         if entry.must_insert_or_update:
        ...             fresh = Request("GET", url).send().body.read()
        ...             with entry.insert(cache.WriteOptions(max_age=60)) as body:
        ...                 body.write(fresh)
        ...             return fresh
        ...         return entry.body().read()
    """

    __slots__ = ()

    _HOW = "cache.lookup or cache.transaction"

    @property
    def must_insert_or_update(self) -> bool:
        """Whether it is on this lookup to store an object; others wait for it."""
        return self._is("must_insert_or_update")

    def insert(self, options: WriteOptions) -> StreamingBody:
        """Store a new object (``transaction-insert``).

        Args:
            options: What is said of it.

        Returns:
            Its body, to be written and finished. Others read it while it is written. If it is
            broken off, there is no object; on Viceroy there is one, which breaks off.

        Raises:
            NoObligation: There is nothing to be stored.
            CacheCallFailed: The host refused it.
        """
        pollable = _wit.transaction_insert(self._obliged(), options)
        self._states = None
        return StreamingBody._adopt(pollable)

    def insert_and_stream_back(self, options: WriteOptions) -> "tuple[StreamingBody, Entry]":
        """Store a new object, and read it (``transaction-insert-and-stream-back``).

        Args:
            options: What is said of it.

        Returns:
            Its body, to be written and finished; and an entry that it can be read from.

        Raises:
            NoObligation: There is nothing to be stored.
            CacheCallFailed: The host refused it.
        """
        pollable, back = _wit.transaction_insert_and_stream_back(self._obliged(), options)
        self._states = None
        return StreamingBody._adopt(pollable), Entry._of(back)

    def update(self, options: WriteOptions) -> None:
        """Give the object that was found a new life, with the body it has (``transaction-update``).

        Args:
            options: What is said of it from now on.

        Raises:
            NoObligation: There is nothing to be stored.
            CacheCallFailed: The host refused it; there may be no object.
        """
        _wit.transaction_update(self._obliged(), options)
        self._states = None

    def cancel(self) -> None:
        """Give the obligation up; the next lookup gets it (``transaction-cancel``).

        Raises:
            NoObligation: There is none.
        """
        _wit.transaction_cancel(self._obliged())
        self._states = None

    def _obliged(self) -> "cache.Entry":
        if not self.must_insert_or_update:
            raise NoObligation("nothing is to be stored through this entry")
        return self._wit

    def close(self) -> None:
        """Let go of it, and of its obligation (``close-entry``); closing again does nothing."""
        if not self.closed:
            _wit.close_entry(self._give("is closed"))


class PendingEntry(_Lookup["async_io.Pollable"]):
    """A lookup that may have to wait for what another one is about to store.

    Example:
        >>> from fastly_compute import cache
        >>> def first(key: str) -> bytes | None:
        ...     with cache.transaction_async(key) as pending, pending.wait() as entry:
        ...         return entry.body().read() if entry.usable else None
    """

    __slots__ = ()

    _HOW = "cache.transaction_async"

    @property
    def ready(self) -> bool:
        """Whether `wait` returns at once."""
        return self._wit.is_ready()

    def wait(self, timeout: Duration | None = None) -> Entry:
        """Wait for the entry (``await-entry``).

        Args:
            timeout: How long at most, as a `datetime.timedelta` or in seconds; None for as long as
                it takes.

        Raises:
            WaitTimeout: It has not come in this time. It can be waited for again.
            CacheCallFailed: The host refused the lookup.
        """
        if timeout is not None:
            limit = milliseconds(timeout, field="timeout")
            if _wit.select([self._wit], limit) is None:
                raise WaitTimeout(f"the cache's entry was not there within {timeout}")
        return Entry._of(_wit.await_entry(self._give("was already awaited")))

    def close(self) -> None:
        """Wait for it no more (``close-pending-entry``); closing again does nothing."""
        if not self.closed:
            _wit.close_pending(self._give("is closed"))


class Replacement(_Object["cache.ReplaceEntry"]):
    """An object that is to be replaced; it can be read meanwhile. Viceroy has none.

    Example:
        >>> from fastly_compute import cache
        >>> def count(key: str) -> None:
        ...     with cache.replace(key) as old:
        ...         number = int(old.body().read()) if old.found else 0
        ...         with old.insert(cache.WriteOptions(max_age=3600)) as body:
        ...             body.write(str(number + 1).encode())
    """

    __slots__ = ()

    _HOW = "cache.replace"

    def insert(self, options: WriteOptions) -> StreamingBody:
        """Store the new object (``replace-insert``); the replacement is used up by it.

        Args:
            options: What is said of it.

        Returns:
            Its body, to be written and finished.

        Raises:
            CacheCallFailed: The host refused it.
        """
        return StreamingBody._adopt(_wit.replace_insert(self._give("was inserted"), options))

    def close(self) -> None:
        """Let go of it, and of its obligation (``close-replace-entry``).

        Closing again does nothing.
        """
        if not self.closed:
            _wit.close_replace(self._give("is closed"))


def lookup(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    always_use_requested_range: bool = False,
) -> Entry:
    """Look an object up, whatever others are doing (``entry.lookup``).

    Args:
        key: Its key, 1 to 4096 bytes; text is UTF-8.
        headers: What an object that depends on headers is compared with; see `WriteOptions.vary`.
        always_use_requested_range: Whether a part of the body can be read while the length of the
            object is not known.

    Returns:
        The entry. It never has an obligation.

    Raises:
        InvalidKey: It can be no key.
        CacheCallFailed: The host refused the lookup.
    """
    ranged = always_use_requested_range
    return Entry._of(_wit.lookup(key_bytes(key), headers, ranged=ranged))


def transaction(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    always_use_requested_range: bool = False,
) -> Entry:
    """Look an object up, waiting where another is about to store it (``transaction-lookup``).

    Of several lookups for what is not there, one gets the obligation to store it; the others wait
    until it has, or gives up.

    Args:
        key: As for `lookup`.
        headers: As for `lookup`.
        always_use_requested_range: As for `lookup`.

    Returns:
        The entry. Use it in a `with`: while it is open, others may be waiting.

    Raises:
        InvalidKey: It can be no key.
        CacheCallFailed: The host refused the lookup.
    """
    ranged = always_use_requested_range
    return Entry._of(_wit.transaction(key_bytes(key), headers, ranged=ranged))


def transaction_async(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    always_use_requested_range: bool = False,
) -> PendingEntry:
    """Begin what `transaction` does, without waiting (``transaction-lookup-async``)."""
    ranged = always_use_requested_range
    return PendingEntry._adopt(_wit.transaction_async(key_bytes(key), headers, ranged=ranged))


def insert(
    key: str | bytes,
    options: WriteOptions,
    *,
    headers: Headers | Mapping[str, str] | None = None,
) -> StreamingBody:
    """Store an object, whatever others are doing (``insert``).

    Args:
        key: As for `lookup`.
        options: What is said of it.
        headers: The request headers that it depends on, where `WriteOptions.vary` names some.

    Returns:
        Its body, to be written and finished. If it is broken off, there is no object; on Viceroy
        there is one, which breaks off.

    Raises:
        InvalidKey: It can be no key.
        CacheCallFailed: The host refused it.
    """
    return StreamingBody._adopt(_wit.insert(key_bytes(key), headers, options))


def replace(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    strategy: Strategy = "immediate",
    always_use_requested_range: bool = False,
) -> Replacement:
    """Begin to replace an object (``replace-entry.replace``). Viceroy has no such thing.

    Args:
        key: As for `lookup`.
        headers: As for `lookup`.
        strategy: ``immediate`` does not wait for others that are replacing it,
            ``immediate_force_miss`` nor finds what is there, and ``wait`` waits for them.
        always_use_requested_range: As for `lookup`.

    Returns:
        The replacement, to be used in a `with`.

    Raises:
        InvalidKey: It can be no key.
        InvalidCacheOption: There is no such strategy.
        CacheUnsupported: This host has no replacements.
    """
    known = get_args(Strategy)
    if strategy not in known:
        raise InvalidCacheOption("strategy", f"must be one of {', '.join(known)}")
    ranged = always_use_requested_range
    return Replacement._of(_wit.replace(key_bytes(key), headers, strategy, ranged=ranged))
