"""Operations that were started without waiting."""

from typing import TYPE_CHECKING, Self, TypeVar

from fastly_compute.http import Body, Pending
from fastly_compute.kv_store import _wit
from fastly_compute.kv_store.entry import KVEntry
from fastly_compute.kv_store.errors import KVCallFailed
from fastly_compute.kv_store.listing import KeyPage

if TYPE_CHECKING:
    from wit_world.imports import async_io

T_co = TypeVar("T_co", covariant=True)


class _PendingCall(Pending[T_co, KVCallFailed]):
    __slots__ = ("_subject",)

    _failure = KVCallFailed

    _subject: str

    @classmethod
    def _of(cls, resource: "async_io.Pollable", subject: str) -> Self:
        pending = cls._wrap(resource)
        pending._subject = subject
        return pending

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._subject!r}>"


class PendingLookup(_PendingCall[KVEntry | None]):
    """A lookup; `wait` returns the entry, or None (``await-lookup``).

    Example:
        >>> from fastly_compute.http import gather
        >>> from fastly_compute.kv_store import KVStore
        >>> def both() -> list[object]:
        ...     with KVStore.open("shelf") as store:
        ...         return [*gather([store.get_async("a"), store.get_async("b")], timeout=1)]
    """

    __slots__ = ()

    _created_by = "KVStore.get_async"

    def _finish(self, pollable: "async_io.Pollable") -> KVEntry | None:
        resource = _wit.await_lookup(pollable, self._subject)
        return None if resource is None else KVEntry._of(resource, self._subject)


class PendingPut(_PendingCall[None]):
    """A put; `wait` returns when the value is stored (``await-insert``).

    Example:
        >>> from fastly_compute.kv_store import KVStore
        >>> def count() -> None:
        ...     with KVStore.open("shelf") as store:
        ...         written = store.put_async("lamp", "7")
        ...         written.wait()
    """

    __slots__ = ()

    _created_by = "KVStore.put_async"

    def _finish(self, pollable: "async_io.Pollable") -> None:
        _wit.await_insert(pollable, self._subject)


class PendingDelete(_PendingCall[bool]):
    """A deletion; `wait` returns whether the key existed (``await-delete``).

    Example:
        >>> from fastly_compute.kv_store import KVStore
        >>> def forget(key: str) -> bool:
        ...     with KVStore.open("shelf") as store:
        ...         return store.delete_async(key).wait()
    """

    __slots__ = ()

    _created_by = "KVStore.delete_async"

    def _finish(self, pollable: "async_io.Pollable") -> bool:
        return _wit.await_delete(pollable, self._subject)


class PendingKeyPage(_PendingCall[KeyPage]):
    """A listing; `wait` returns one page of keys (``await-list``).

    Example:
        >>> from fastly_compute.kv_store import KVStore
        >>> def first_ten() -> tuple[str, ...]:
        ...     with KVStore.open("shelf") as store:
        ...         return store.page_async(limit=10).wait().keys
    """

    __slots__ = ()

    _created_by = "KVStore.page_async"

    def _finish(self, pollable: "async_io.Pollable") -> KeyPage:
        with Body._received(_wit.await_list(pollable, self._subject)) as body:
            return KeyPage._of(body.read(), self._subject)
