"""The core cache: look up objects, and store them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastly_compute.cache import _wit
from fastly_compute.cache.errors import CacheCallFailed, NoObligation
from fastly_compute.cache.found import Found, Lookup
from fastly_compute.cache.keys import key_bytes
from fastly_compute.cache.options import WriteOptions
from fastly_compute.core import Duration
from fastly_compute.http import Headers, Pending, StreamingBody

if TYPE_CHECKING:
    from wit_world.imports import async_io, cache


class Entry(Found["cache.Entry"]):
    """The result of a lookup: an object, the obligation to store one, both, or neither.

    It is a context manager. On exit it gives up an obligation that was not met, so that the next
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

    _created_by = "cache.lookup or cache.transaction"

    @property
    def must_insert_or_update(self) -> bool:
        """Whether this lookup has the obligation to store an object; other lookups wait for it."""
        return self._is("must_insert_or_update")

    def insert(self, options: WriteOptions) -> StreamingBody:
        """Store a new object (``transaction-insert``).

        Args:
            options: How to store it.

        Returns:
            The body to write and finish. Others read it while it is written. If it is aborted, the
            object is discarded; on Viceroy a truncated object remains.

        Raises:
            NoObligation: This entry has no obligation.
            CacheCallFailed: The host refused the call.
        """
        pollable = _wit.transaction_insert(self._obliged(), options)
        self._states = None
        return StreamingBody._wrap(pollable)

    def insert_and_stream_back(self, options: WriteOptions) -> "tuple[StreamingBody, Entry]":
        """Store a new object, and read it (``transaction-insert-and-stream-back``).

        Args:
            options: How to store it.

        Returns:
            The body to write and finish, and an entry to read it from.

        Raises:
            NoObligation: This entry has no obligation.
            CacheCallFailed: The host refused the call.
        """
        pollable, back = _wit.transaction_insert_and_stream_back(self._obliged(), options)
        self._states = None
        return StreamingBody._wrap(pollable), Entry._of(back)

    def update(self, options: WriteOptions) -> None:
        """Refresh the object that was found and keep its body (``transaction-update``).

        Args:
            options: Its new options.

        Raises:
            NoObligation: This entry has no obligation.
            CacheCallFailed: The host refused the call, for example because no object was found.
        """
        _wit.transaction_update(self._obliged(), options)
        self._states = None

    def cancel(self) -> None:
        """Give up the obligation; the next lookup gets it (``transaction-cancel``).

        Raises:
            NoObligation: This entry has no obligation.
        """
        _wit.transaction_cancel(self._obliged())
        self._states = None

    def _obliged(self) -> "cache.Entry":
        if not self.must_insert_or_update:
            raise NoObligation(
                "this entry has no obligation to store an object: check must_insert_or_update"
            )
        return self._resource

    def close(self) -> None:
        """Release the entry and its obligation (``close-entry``); closing again does nothing."""
        if not self.closed:
            _wit.close_entry(self._detach("is closed"))


class PendingEntry(Lookup["async_io.Pollable"], Pending[Entry, CacheCallFailed]):
    """A lookup that may have to wait for an object that another one is about to store.

    `fastly_compute.http.gather` and `select` wait for several, and a coroutine can await it.

    Example:
        >>> from fastly_compute import cache
        >>> def first(key: str) -> bytes | None:
        ...     with cache.transaction_async(key) as pending, pending.wait() as entry:
        ...         return entry.body().read() if entry.usable else None
    """

    __slots__ = ()

    _created_by = "cache.transaction_async"
    _failure = CacheCallFailed

    def wait(self, timeout: Duration | None = None) -> Entry:
        """Wait for the entry (``await-entry``).

        Args:
            timeout: The maximum time to wait, as a `datetime.timedelta` or in seconds; None means
                no limit.

        Raises:
            WaitTimeout: The entry is not there yet. You can wait again.
            CacheCallFailed: The host refused the lookup.
        """
        return super().wait(timeout)

    @property
    def _late(self) -> str:
        return "the cache entry was not there"

    def _finish(self, pollable: "async_io.Pollable") -> Entry:
        return Entry._of(_wit.await_entry(pollable))

    def close(self) -> None:
        """Cancel the lookup (``close-pending-entry``); closing again does nothing."""
        if not self.closed:
            _wit.close_pending(self._detach("is closed"))


def lookup(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    always_use_requested_range: bool = False,
) -> Entry:
    """Look up an object without a transaction (``entry.lookup``).

    Args:
        key: Its key, 1 to 4096 bytes; text is encoded as UTF-8.
        headers: The request headers, for objects that depend on some; see `WriteOptions.vary`.
        always_use_requested_range: Whether a range of the body can be read while the length of the
            object is still unknown.

    Returns:
        The entry. It never has an obligation.

    Raises:
        InvalidKey: The key is invalid.
        CacheCallFailed: The host refused the lookup.

    Example:
        >>> from fastly_compute import cache
        >>> def is_there(key: str) -> bool:
        ...     with cache.lookup(key) as entry:
        ...         return entry.usable
    """
    ranged = always_use_requested_range
    return Entry._of(_wit.lookup(key_bytes(key), headers, ranged=ranged))


def transaction(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    always_use_requested_range: bool = False,
) -> Entry:
    """Look up an object, and wait if another lookup is about to store it (``transaction-lookup``).

    When several lookups miss the same object, one gets the obligation to store it. The others wait
    until it has done so or gives up.

    Args:
        key: As for `lookup`.
        headers: As for `lookup`.
        always_use_requested_range: As for `lookup`.

    Returns:
        The entry. Use it in a `with` statement: while it is open, others may be waiting.

    Raises:
        InvalidKey: The key is invalid.
        CacheCallFailed: The host refused the lookup.

    Example:
        >>> from fastly_compute import cache
        >>> def renew(key: str, value: bytes) -> None:
        ...     with cache.transaction(key) as entry:
        ...         if entry.must_insert_or_update:
        ...             with entry.insert(cache.WriteOptions(max_age=60)) as body:
        ...                 body.write(value)
    """
    ranged = always_use_requested_range
    return Entry._of(_wit.transaction(key_bytes(key), headers, ranged=ranged))


def transaction_async(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    always_use_requested_range: bool = False,
) -> PendingEntry:
    """Start a `transaction` without waiting (``transaction-lookup-async``).

    Args:
        key: As for `lookup`.
        headers: As for `lookup`.
        always_use_requested_range: As for `lookup`.

    Returns:
        The lookup. Use it in a `with` statement.

    Raises:
        InvalidKey: The key is invalid.
        CacheCallFailed: The host refused the lookup.

    Example:
        >>> from fastly_compute import cache
        >>> def is_there_soon(key: str) -> bool:
        ...     with cache.transaction_async(key) as pending, pending.wait(0.5) as entry:
        ...         return entry.usable
    """
    ranged = always_use_requested_range
    return PendingEntry._wrap(_wit.transaction_async(key_bytes(key), headers, ranged=ranged))


def insert(
    key: str | bytes,
    options: WriteOptions,
    *,
    headers: Headers | Mapping[str, str] | None = None,
) -> StreamingBody:
    """Store an object without a transaction (``insert``).

    Args:
        key: As for `lookup`.
        options: What is said of it.
        headers: The request headers that it depends on, if `WriteOptions.vary` names any.

    Returns:
        The body to write and finish. If it is aborted, the object is discarded; on Viceroy a
        truncated object remains.

    Raises:
        InvalidKey: The key is invalid.
        CacheCallFailed: The host refused the call.

    Example:
        >>> from fastly_compute import cache
        >>> def store(key: str, value: bytes) -> None:
        ...     with cache.insert(key, cache.WriteOptions(max_age=60, length=len(value))) as body:
        ...         body.write(value)
    """
    return StreamingBody._wrap(_wit.insert(key_bytes(key), headers, options))
