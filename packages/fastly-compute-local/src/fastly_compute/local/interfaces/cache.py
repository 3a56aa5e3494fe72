"""`fastly:compute/cache`: the core cache, objects by key, with transactions."""

from concurrent.futures import Future
from typing import Self, cast

from componentize_py_types import Err
from wit_world.imports import cache as wit
from wit_world.imports import http_req
from wit_world.imports.cache import (
    GetBodyOptions,
    LookupOptions,
    LookupState,
    ReplaceOptions,
    ReplaceStrategy,
)
from wit_world.imports.types import (
    Error_AuxiliaryError,
    Error_BufferLen,
    Error_CannotRead,
    Error_GenericError,
    Error_InvalidArgument,
)

from fastly_compute.local.interfaces.async_io import Pollable
from fastly_compute.local.interfaces.cache_lookup import Step, await_outcome, count_lookup
from fastly_compute.local.interfaces.cache_view import View
from fastly_compute.local.interfaces.fields import Message
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state import (
    CachedObject,
    Found,
    Obligation,
    Outcome,
    Transaction,
    VaryRule,
    WriteOptions,
)
from fastly_compute.local.state.cache import Strategy
from fastly_compute.local.state.surrogate_keys import surrogate_keys
from fastly_compute.local.state.vary import NO_VARY

_MOST_KEY = 4096
_STRATEGIES: dict[ReplaceStrategy | None, Strategy] = {
    None: "immediate",
    ReplaceStrategy.IMMEDIATE: "immediate",
    ReplaceStrategy.IMMEDIATE_FORCE_MISS: "immediate-force-miss",
    ReplaceStrategy.WAIT: "wait",
}


class ExtraLookupOptions(Resource):
    """Further options of a lookup; none are defined yet."""


class ExtraWriteOptions(Resource):
    """Further options of an insert or update; none are defined yet."""


class ExtraReplaceOptions(Resource):
    """Further options of a replacement; none are defined yet."""


class PendingEntry(Pollable):
    """A lookup that waits while another one is about to store the object."""

    def __init__(self, transaction: Transaction, *, ranged: bool) -> None:
        self.transaction = transaction
        self.ranged = ranged

    def waiting(self) -> "Future[object] | None":
        """Return the future to wait for."""
        return self.transaction.waiting()


class Entry(Resource):
    """The result of a lookup: an object, the obligation to store one, both, or neither."""

    def __init__(
        self, found: Found | None, obligation: Obligation | None = None, *, ranged: bool = False
    ) -> None:
        self._view = None if found is None else View(found, ranged=ranged)
        self._obligation = obligation
        self._ranged = ranged

    @classmethod
    def lookup(cls, key: bytes, options: LookupOptions) -> Self:
        """Look up an object without waiting for other lookups."""
        headers = _headers(options.request_headers)
        found = running().host.cache.lookup(_key(key), headers)
        count_lookup("miss" if found is None else Outcome(found))
        return cls(found, ranged=options.always_use_requested_range)

    @classmethod
    def transaction_lookup(cls, key: bytes, options: LookupOptions) -> "Entry":
        """Look up an object, and wait while another lookup is about to store it."""
        return await_entry(cls.transaction_lookup_async(key, options))

    @classmethod
    def transaction_lookup_async(cls, key: bytes, options: LookupOptions) -> PendingEntry:
        """Start looking up an object."""
        headers, sandbox = _headers(options.request_headers), running()
        transaction = sandbox.host.cache.begin(_key(key), headers, holder=sandbox)
        sandbox.call_at_end(transaction.close)
        return PendingEntry(transaction, ranged=options.always_use_requested_range)

    def transaction_insert(self, options: wit.WriteOptions) -> Body:
        """Store a new object; the guest writes its body."""
        return _streaming(self._insert("cache.transaction-insert", options))

    def transaction_insert_and_stream_back(self, options: wit.WriteOptions) -> tuple[Body, "Entry"]:
        """Store a new object, and return an entry that reads it while it is written."""
        stored = self._insert("cache.transaction-insert-and-stream-back", options)
        found = Found(stored, stored.hits, stored.body.length)
        return _streaming(stored), Entry(found, ranged=self._ranged)

    def transaction_update(self, options: wit.WriteOptions) -> None:
        """Renew the object that was found, keeping its body."""
        called = "cache.transaction-update"
        written = _transactional(called, options)
        obligation = self._obliged(called)
        if self._view is None:
            running().host.log(f"{called}: no object was found to update")
            raise Err(Error_AuxiliaryError())
        obligation.update(written)
        self._obligation = None

    def transaction_cancel(self) -> None:
        """Give up the obligation."""
        self._obliged("cache.transaction-cancel").cancel()
        self._obligation = None

    def get_state(self) -> LookupState:
        """Return what was found, and whether an object has to be stored."""
        state = LookupState(0) if self._view is None else self._view.state()
        if self._obligation is not None:
            state |= LookupState.MUST_INSERT_OR_UPDATE
        return state

    def get_user_metadata(self, max_len: int) -> bytes | None:
        """Return the metadata stored with the object."""
        return self._readable().user_metadata(max_len)

    def get_body(self, options: GetBodyOptions) -> Body:
        """Return the object's body, or part of it."""
        return self._readable().body(options)

    def get_length(self) -> int | None:
        """Return the length of the body."""
        return None if self._view is None else self._view.length()

    def get_max_age_ns(self) -> int | None:
        """Return the age up to which the object is fresh."""
        return None if self._view is None else self._view.max_age_ns()

    def get_stale_while_revalidate_ns(self) -> int | None:
        """Return how much longer the object may be used once it is stale."""
        return None if self._view is None else self._view.stale_while_revalidate_ns()

    def get_age_ns(self) -> int | None:
        """Return the age of the object."""
        return None if self._view is None else self._view.age_ns()

    def get_hits(self) -> int | None:
        """Return how often the object was found."""
        return None if self._view is None else self._view.hits()

    def step(self) -> Pollable | None:
        """Return None: the lookup has already done the waiting."""
        return None

    def close(self) -> None:
        """Give up the obligation, if there is one."""
        if self._obligation is not None:
            self._obligation.cancel()

    def _readable(self) -> View:
        if self._view is None:
            raise Err(Error_CannotRead())
        return self._view

    def _obliged(self, called: str) -> Obligation:
        if self._obligation is None:
            running().host.log(f"{called}: this entry has no obligation to insert or update")
            raise Err(Error_AuxiliaryError())
        return self._obligation

    def _insert(self, called: str, options: wit.WriteOptions) -> CachedObject:
        written = _transactional(called, options)
        stored = self._obliged(called).insert(written)
        self._obligation = None
        return stored


class ReplaceEntry(Resource):
    """The replacement of an object, which stays readable until the new one is stored."""

    def __init__(self, transaction: Transaction, *, ranged: bool) -> None:
        self.transaction = transaction
        self._ranged = ranged
        self._seen: View | None = None

    @classmethod
    def replace(cls, key: bytes, options: ReplaceOptions) -> Self:
        """Start replacing an object."""
        headers, sandbox = _headers(options.request_headers), running()
        strategy = _STRATEGIES[options.replace_strategy]
        transaction = sandbox.host.cache.replace(_key(key), headers, strategy, holder=sandbox)
        sandbox.call_at_end(transaction.close)
        return cls(transaction, ranged=options.always_use_requested_range)

    def get_state(self) -> LookupState | None:
        """Return whether the object is fresh, stale or unusable."""
        view = self._view()
        return None if view is None else view.state()

    def get_user_metadata(self, max_len: int) -> bytes | None:
        """Return the metadata stored with the object."""
        view = self._view()
        return None if view is None else view.user_metadata(max_len)

    def get_body(self, options: GetBodyOptions) -> Body | None:
        """Return the object's body, or part of it."""
        view = self._view()
        return None if view is None else view.body(options)

    def get_length(self) -> int | None:
        """Return the length of the body."""
        view = self._view()
        return None if view is None else view.length()

    def get_max_age_ns(self) -> int | None:
        """Return the age up to which the object is fresh."""
        view = self._view()
        return None if view is None else view.max_age_ns()

    def get_stale_while_revalidate_ns(self) -> int | None:
        """Return how much longer the object may be used once it is stale."""
        view = self._view()
        return None if view is None else view.stale_while_revalidate_ns()

    def get_age_ns(self) -> int | None:
        """Return the age of the object."""
        view = self._view()
        return None if view is None else view.age_ns()

    def get_hits(self) -> int | None:
        """Return how often the object was found."""
        view = self._view()
        return None if view is None else view.hits()

    def step(self) -> Pollable | None:
        """Return a handle to wait for, or None if there is nothing to wait for."""
        return None if self.transaction.waiting() is None else Step(self.transaction)

    def _view(self) -> View | None:
        found = await_outcome(self.transaction, "cache.replace").found
        if self._seen is None and found is not None:
            self._seen = View(found, ranged=self._ranged)
        return self._seen


def insert(key: bytes, options: wit.WriteOptions) -> Body:
    """Store an object without waiting for other lookups; the guest writes its body."""
    key_of = _key(key)
    headers = _headers(options.request_headers)
    written = _write_options("cache.insert", options)
    return _streaming(running().host.cache.insert(key_of, headers, written))


def await_entry(handle: PendingEntry) -> Entry:
    """Wait for the result of a lookup."""
    if not isinstance(handle, PendingEntry):
        raise Trap("cache.await-entry was given something other than a pending entry")
    handle.take("was already awaited")
    outcome = await_outcome(handle.transaction, "cache.transaction-lookup")
    count_lookup(outcome)
    return Entry(outcome.found, outcome.obligation, ranged=handle.ranged)


def close_pending_entry(handle: PendingEntry) -> None:
    """Cancel a pending lookup."""
    if not isinstance(handle, PendingEntry):
        raise Trap("cache.close-pending-entry was given something other than a pending entry")
    handle.take("is closed")
    handle.transaction.close()


def close_entry(handle: Entry) -> None:
    """Close an entry, and give up its obligation."""
    handle.take("is closed")
    handle.close()


def replace_insert(handle: ReplaceEntry, options: wit.WriteOptions) -> Body:
    """Store the new object; the guest writes its body."""
    handle.take("was used to insert the new object")
    written = _write_options("cache.replace-insert", options)
    transaction = handle.transaction
    outcome = await_outcome(transaction, "cache.replace-insert")
    given = options.request_headers
    headers = transaction.headers if given is None else _headers(given)
    if outcome.obligation is None:
        return _streaming(running().host.cache.insert(transaction.key, headers, written))
    return _streaming(outcome.obligation.insert(written, headers=headers))


def close_replace_entry(handle: ReplaceEntry) -> None:
    """Close a replacement, and give up its obligation."""
    handle.take("is closed")
    handle.transaction.close()


def _key(key: bytes) -> tuple[str, bytes]:
    if len(key) > _MOST_KEY:
        running().host.log(f"cache: the key has {len(key)} bytes; at most {_MOST_KEY} are allowed")
        raise Err(Error_BufferLen(_MOST_KEY))
    return "core", key


def _headers(request: http_req.Request | None) -> RawHeaders:
    if request is None:
        return ()
    message = cast("Message", request)
    message.check()
    return tuple(message.fields)


def _transactional(called: str, options: wit.WriteOptions) -> WriteOptions:
    if options.request_headers is not None:
        running().host.log(f"{called}: request headers cannot be set; the lookup's apply")
        raise Err(Error_InvalidArgument())
    return _write_options(called, options)


def _write_options(called: str, options: wit.WriteOptions) -> WriteOptions:
    try:
        vary = NO_VARY if options.vary_rule is None else VaryRule.parse(options.vary_rule)
    except ValueError as error:
        running().host.log(f"{called}: {error}")
        raise Err(Error_GenericError()) from error
    try:
        return WriteOptions(
            max_age=options.max_age_ns,
            initial_age=options.initial_age_ns or 0,
            stale_while_revalidate=options.stale_while_revalidate_ns or 0,
            edge_max_age=options.edge_max_age_ns,
            vary=vary,
            surrogate_keys=surrogate_keys(options.surrogate_keys or ""),
            length=options.length,
            user_metadata=options.user_metadata or b"",
            sensitive=options.sensitive_data,
        )
    except ValueError as error:
        running().host.log(f"{called}: {error}")
        raise Err(Error_InvalidArgument()) from error


def _streaming(stored: CachedObject) -> Body:
    body = Body()
    body.stream_to(stored.body)
    running().call_at_end(stored.body.abort)
    return body
