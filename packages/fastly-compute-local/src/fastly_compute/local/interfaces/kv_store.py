"""`fastly:compute/kv-store`: values by key, which guests can change.

Every operation is complete when it returns. The handles of asynchronous ones are ready at once.
"""

from typing import Generic, Self, TypeVar

from componentize_py_types import Err
from wit_world.imports.kv_store import (
    InsertOptions,
    KvError,
    KvError_BadRequest,
    KvError_GenericError,
    KvError_PreconditionFailed,
    ListOptions,
)
from wit_world.imports.types import Error_GenericError, OpenError

from fastly_compute.local.config.kv import kv_key_problem
from fastly_compute.local.interfaces.async_io import Pollable
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.server.downstream import ClientGone
from fastly_compute.local.state import KvEntry, KvRefused
from fastly_compute.local.transport import BodyFailure

T = TypeVar("T")

_ERRORS: dict[str, KvError] = {
    "bad-request": KvError_BadRequest(),
    "precondition-failed": KvError_PreconditionFailed(),
}


class Entry(Resource):
    """The result of a lookup."""

    def __init__(self, entry: KvEntry) -> None:
        self._entry = entry
        self._body: Body | None = Body(entry.data)

    def take_body(self) -> Body | None:
        """Return the value; None after the first call."""
        body, self._body = self._body, None
        return body

    def metadata(self, max_len: int) -> str | None:
        """Return the metadata stored with the value."""
        text = self._entry.metadata
        return None if text is None else fit(text, max_len)

    def generation(self) -> int:
        """Return the generation of the insert that stored it."""
        return self._entry.generation


class Pending(Pollable, Generic[T]):
    """The result of an asynchronous operation, to be awaited once.

    Attributes:
        operation: Its name, as in the functions that await it.
        result: Its result or error.
    """

    def __init__(self, operation: str, result: T | Err[KvError]) -> None:
        self.operation = operation
        self.result = result


class Store(Resource):
    """One KV store."""

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a store from the configuration."""
        if name not in running().host.kv:
            raise Err(OpenError.NOT_FOUND)
        return cls(name)

    def lookup(self, key: str) -> Entry | None:
        """Return the entry of a key."""
        try:
            entry = running().host.kv.lookup(self._name, key)
        except KvRefused as refused:
            raise Err(_ERRORS[refused.error]) from refused
        return None if entry is None else Entry(entry)

    def insert(self, key: str, body: Body, options: InsertOptions) -> None:
        """Store a value under a key."""
        data = _content(body)
        try:
            running().host.kv.insert(
                self._name,
                key,
                data,
                mode=options.mode.name.lower(),
                metadata=options.metadata,
                generation=options.if_generation_match,
                ttl=options.time_to_live_sec,
            )
        except KvRefused as refused:
            raise Err(_ERRORS[refused.error]) from refused

    def delete(self, key: str) -> bool:
        """Remove a key, and return whether it existed."""
        try:
            return running().host.kv.delete(self._name, key)
        except KvRefused as refused:
            raise Err(_ERRORS[refused.error]) from refused

    def list(self, options: ListOptions) -> Body:
        """List keys as JSON."""
        try:
            page = running().host.kv.list(
                self._name, prefix=options.prefix, limit=options.limit, cursor=options.cursor
            )
        except KvRefused as refused:
            raise Err(_ERRORS[refused.error]) from refused
        return Body(page)

    def lookup_async(self, key: str) -> Pending[Entry | None]:
        """Start returning the entry of a key."""
        _check(key)
        try:
            return Pending("lookup", self.lookup(key))
        except Err as err:
            return Pending("lookup", err)

    def insert_async(self, key: str, body: Body, options: InsertOptions) -> Pending[None]:
        """Start storing a value under a key."""
        _check(key)
        try:
            self.insert(key, body, options)
        except Err as err:
            return Pending("insert", err)
        return Pending("insert", None)

    def delete_async(self, key: str) -> Pending[bool]:
        """Start removing a key."""
        _check(key)
        try:
            return Pending("delete", self.delete(key))
        except Err as err:
            return Pending("delete", err)

    def list_async(self, options: ListOptions) -> Pending[Body]:
        """Start listing keys."""
        try:
            return Pending("list", self.list(options))
        except Err as err:
            return Pending("list", err)


def await_lookup(handle: Pending[Entry | None]) -> Entry | None:
    """Return the result of an asynchronous lookup."""
    return _awaited(handle, "lookup")


def await_insert(handle: Pending[None]) -> None:
    """Wait for an asynchronous insert."""
    _awaited(handle, "insert")


def await_delete(handle: Pending[bool]) -> bool:
    """Return whether an asynchronous delete removed something."""
    return _awaited(handle, "delete")


def await_list(handle: Pending[Body]) -> Body:
    """Return the result of an asynchronous listing."""
    return _awaited(handle, "list")


def _awaited(handle: Pending[T], operation: str) -> T:
    if not isinstance(handle, Pending) or handle.operation != operation:
        raise Trap(
            f"kv-store.await-{operation} was given something other than a pending {operation}"
        )
    handle.take("was already awaited")
    if isinstance(handle.result, Err):
        raise handle.result
    return handle.result


def _check(key: str) -> None:
    if kv_key_problem(key):
        raise Err(Error_GenericError())


def _content(body: Body) -> bytes:
    body.take("was already stored")
    if body.out is not None:
        raise Trap("kv-store.insert: the body is streaming to the client and cannot be stored")
    try:
        return b"".join(body.chunks())
    except (ClientGone, BodyFailure) as failure:
        running().host.log(f"the body for a KV store was cut short: {failure}")
        raise Err(KvError_GenericError()) from failure
    finally:
        body.close_sources()
