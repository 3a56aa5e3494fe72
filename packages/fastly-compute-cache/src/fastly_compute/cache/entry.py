"""The core cache: looking objects up, and storing them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastly_compute.cache import _wit
from fastly_compute.cache.errors import NoObligation
from fastly_compute.cache.found import Found, Lookup
from fastly_compute.cache.keys import key_bytes
from fastly_compute.cache.options import WriteOptions
from fastly_compute.core import Duration, milliseconds
from fastly_compute.http import Headers, StreamingBody, WaitTimeout

if TYPE_CHECKING:
    from wit_world.imports import async_io, cache  # noqa: F401 - in an annotation


class Entry(Found["cache.Entry"]):
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


class PendingEntry(Lookup["async_io.Pollable"]):
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
    """Begin what `transaction` does, without waiting (``transaction-lookup-async``).

    Args:
        key: As for `lookup`.
        headers: As for `lookup`.
        always_use_requested_range: As for `lookup`.

    Returns:
        The lookup, to be used in a `with`.

    Raises:
        InvalidKey: It can be no key.
        CacheCallFailed: The host refused the lookup.

    Example:
        >>> from fastly_compute import cache
        >>> def is_there_soon(key: str) -> bool:
        ...     with cache.transaction_async(key) as pending, pending.wait(0.5) as entry:
        ...         return entry.usable
    """
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

    Example:
        >>> from fastly_compute import cache
        >>> def store(key: str, value: bytes) -> None:
        ...     with cache.insert(key, cache.WriteOptions(max_age=60, length=len(value))) as body:
        ...         body.write(value)
    """
    return StreamingBody._adopt(_wit.insert(key_bytes(key), headers, options))
