"""KV stores."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from fastly_compute.core import Duration, Handle
from fastly_compute.http import Body, BodyLike
from fastly_compute.kv_store import _wit
from fastly_compute.kv_store.entry import KVEntry
from fastly_compute.kv_store.errors import InvalidListing
from fastly_compute.kv_store.keys import checked_key, checked_store_name
from fastly_compute.kv_store.listing import Consistency, KeyPage, check_listing
from fastly_compute.kv_store.options import Mode, number, put_options
from fastly_compute.kv_store.pending import (
    PendingDelete,
    PendingKeyPage,
    PendingLookup,
    PendingPut,
)

if TYPE_CHECKING:
    from wit_world.imports import kv_store  # noqa: F401 - in an annotation


class KVStore(Handle["kv_store.Store"]):
    """A KV store that is linked to the service.

    A key has 1 to 1024 bytes in UTF-8. It does not start with ``.well-known/acme-challenge``, has
    none of the characters ``# ; ? ^ |``, no line break and no path segment ``.`` or ``..``. Other
    keys are refused before the host is called.

    Each method has a variant whose name ends in ``_async``. It starts the operation and returns
    it; `fastly_compute.http.gather` and `select` wait for several.

    Example:
        >>> from fastly_compute.kv_store import KVStore
        >>> def greet(name: str) -> str:
        ...     with KVStore.open("greetings") as store:
        ...         entry = store.get(name)
        ...         if entry is None:
        ...             store.put(name, "hello again", ttl=3600)
        ...             return "hello"
        ...         return entry.text()
    """

    __slots__ = ("_name",)

    _created_by = "KVStore.open"

    _name: str

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a store (``store.open``).

        Args:
            name: Its name, as linked to the service, 1 to 255 characters.

        Returns:
            The store.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidKVOption: The name is empty or too long.
            KVStoreNotFound: The store does not exist, or it is not linked to this version.
            KVCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        store = cls._wrap(_wit.open_store(checked_store_name(name)))
        store._name = name
        return store

    @property
    def name(self) -> str:
        """The store's name."""
        return self._name

    def get(self, key: str) -> KVEntry | None:
        """Look up a key (``store.lookup-async`` and ``await-lookup``).

        Args:
            key: The key.

        Returns:
            The entry, whose value has not been read yet; None if the key does not exist.

        Raises:
            TypeError: The key is not a ``str``.
            InvalidKey: The key violates a rule.
            KVCallFailed: The host refused; the subclass says why.
        """
        return self.get_async(key).wait()

    def get_async(self, key: str) -> PendingLookup:
        """Start a `get` without waiting (``store.lookup-async``)."""
        subject = self._subject(key)
        return PendingLookup._of(_wit.lookup(self._resource, key, subject), subject)

    def put(
        self,
        key: str,
        value: BodyLike,
        *,
        ttl: Duration | None = None,
        metadata: str | None = None,
        mode: Mode = "overwrite",
        if_generation: int | None = None,
        background_fetch: bool = False,
    ) -> None:
        """Store a value (``store.insert-async`` and ``await-insert``).

        Args:
            key: The key.
            value: Bytes, text (encoded as UTF-8), a binary file, an iterable of bytes, or a body,
                such as that of a response, which is not read here. At most 25 MB, unless Fastly
                raised the limit. If reading it fails, nothing is stored.
            ttl: How long to keep it, as a `datetime.timedelta` or in seconds: whole seconds, at
                least 1 and less than 2^32. None keeps it.
            metadata: Text to store with it, up to 2000 bytes in UTF-8. It replaces that of the
                previous value.
            mode: What to do if the key exists: ``overwrite`` the value, fail (``add``), ``append``
                to it or ``prepend`` to it.
            if_generation: Store the value only if the key's `KVEntry.generation` is still this.
                Viceroy and the local hosts do not check it if the key does not exist.
            background_fetch: Whether readers get the old value, without waiting, while the
                platform updates its copies.

        Raises:
            TypeError: An argument has another type.
            InvalidKey: The key violates a rule.
            InvalidKVOption: An option is invalid.
            KVPreconditionFailed: The key exists, or has another generation; nothing is stored.
            KVValueTooLarge: The value is too large.
            KVTooManyRequests: The rate limit was reached.
            KVCallFailed: The host refused for another reason.
            BodyError: Reading the value, or passing it to the host, failed.
        """
        self.put_async(
            key,
            value,
            ttl=ttl,
            metadata=metadata,
            mode=mode,
            if_generation=if_generation,
            background_fetch=background_fetch,
        ).wait()

    def put_async(
        self,
        key: str,
        value: BodyLike,
        *,
        ttl: Duration | None = None,
        metadata: str | None = None,
        mode: Mode = "overwrite",
        if_generation: int | None = None,
        background_fetch: bool = False,
    ) -> PendingPut:
        """Start a `put` without waiting for the platform (``store.insert-async``).

        A file or iterable is read before this returns. Wait for the result: only that tells
        whether the value was stored.
        """
        subject = self._subject(key)
        options = put_options(
            ttl=ttl,
            metadata=metadata,
            mode=mode,
            if_generation=if_generation,
            background_fetch=background_fetch,
        )
        store = self._resource
        content = value if isinstance(value, Body) else Body(value)
        body = content._to_host()
        return PendingPut._of(_wit.insert(store, key, body, options, subject), subject)

    def delete(self, key: str) -> bool:
        """Delete a key (``store.delete-async`` and ``await-delete``).

        Args:
            key: The key.

        Returns:
            Whether it existed, as far as the platform tells.

        Raises:
            TypeError: The key is not a ``str``.
            InvalidKey: The key violates a rule.
            KVCallFailed: The host refused; the subclass says why.
        """
        return self.delete_async(key).wait()

    def delete_async(self, key: str) -> PendingDelete:
        """Start a `delete` without waiting (``store.delete-async``)."""
        subject = self._subject(key)
        return PendingDelete._of(_wit.delete(self._resource, key, subject), subject)

    def keys(
        self, *, prefix: str | None = None, consistency: Consistency = "strong", limit: int = 1000
    ) -> Iterator[str]:
        """List all keys, page by page as the iterator is consumed.

        Args:
            prefix: The start of the keys to list, up to 1024 bytes; None for all.
            consistency: ``strong`` lists all earlier writes; ``eventual`` may miss recent ones,
                and is faster.
            limit: The most keys to ask the host for at once, at least 1.

        Returns:
            An iterator over the keys.

        Raises:
            TypeError: An argument has another type.
            InvalidKVOption: An argument is invalid.
            InvalidListing: While iterating: the host's list cannot be read.
            KVCallFailed: The host refused.
        """
        first = self.page_async(prefix=prefix, consistency=consistency, limit=limit)
        return self._all_keys(first, prefix, consistency, limit)

    def _all_keys(
        self, first: PendingKeyPage, prefix: str | None, consistency: Consistency, limit: int
    ) -> Iterator[str]:
        page = first.wait()
        while True:
            yield from page.keys
            if page.cursor is None:
                return
            cursor = page.cursor
            page = self.page(prefix=prefix, consistency=consistency, limit=limit, cursor=cursor)
            if page.cursor == cursor:
                raise InvalidListing(f"the list of keys of store {self._name!r} does not advance")

    def page(
        self,
        *,
        prefix: str | None = None,
        consistency: Consistency = "strong",
        limit: int = 1000,
        cursor: str | None = None,
    ) -> KeyPage:
        """List one page of keys (``store.list-async`` and ``await-list``).

        Args:
            prefix: As for `keys`.
            consistency: As for `keys`.
            limit: The most keys to return, at least 1.
            cursor: The `KeyPage.cursor` of the page before; None for the first page.

        Returns:
            The page.

        Raises:
            TypeError: An argument has another type.
            InvalidKVOption: An argument is invalid.
            InvalidListing: The host's list cannot be read.
            KVBadRequest: The cursor is not one of the host's.
            KVCallFailed: The host refused for another reason.
        """
        return self.page_async(
            prefix=prefix, consistency=consistency, limit=limit, cursor=cursor
        ).wait()

    def page_async(
        self,
        *,
        prefix: str | None = None,
        consistency: Consistency = "strong",
        limit: int = 1000,
        cursor: str | None = None,
    ) -> PendingKeyPage:
        """Start a `page` without waiting (``store.list-async``)."""
        check_listing(prefix, consistency, cursor)
        number("limit", limit, 1, 32)
        pollable = _wit.list_keys(self._resource, consistency, prefix, limit, cursor, self._name)
        return PendingKeyPage._of(pollable, self._name)

    def _subject(self, key: str) -> str:
        return f"{self._name}/{checked_key(key)}"

    def __repr__(self) -> str:
        return f"<KVStore {self._name!r}>"
