"""`fastly:compute/http-cache`: the readthrough cache, with the guest in charge of each step."""

from dataclasses import replace
from typing import Self

from componentize_py_types import Err
from wit_world.imports import http_cache as wit
from wit_world.imports.cache import LookupState
from wit_world.imports.http_cache import LookupOptions, StorageAction
from wit_world.imports.types import Error_AuxiliaryError, Error_InvalidArgument

from fastly_compute.local.interfaces.async_io import Pollable
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.cache_filling import filled
from fastly_compute.local.interfaces.cache_lookup import Step, await_outcome, count_lookup
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_cache_options import (
    SuggestedWriteOptions,
    store_options,
)
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.interfaces.http_resp import Response, received
from fastly_compute.local.readthrough.answer import answer, stored_head
from fastly_compute.local.readthrough.cache_key import LENGTH, default_key, in_store
from fastly_compute.local.readthrough.freshness import not_stored, storable_headers
from fastly_compute.local.readthrough.revalidation import NOT_MODIFIED, backend_headers, renewed
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.state import (
    CachedObject,
    Found,
    Obligation,
    ObligationGone,
    Outcome,
    Transaction,
    VaryRule,
)
from fastly_compute.local.state.cached_object import SECOND
from fastly_compute.local.transport import OriginResponse

_METHODS = frozenset({"GET", "HEAD"})


class ExtraLookupOptions(Resource):
    """Further options of a lookup; none are defined yet."""


class ExtraWriteOptions(Resource):
    """Further options of an insert or update; none are defined yet."""


class Entry(Resource):
    """A lookup, and what it found: a response, the obligation to store one, both, or neither."""

    def __init__(self, asked: Request, lookup: Transaction | Outcome) -> None:
        self._asked = asked
        self._lookup = lookup
        self._sandbox = running()
        self._sandbox.hold(self, self.dropped)

    @classmethod
    def transaction_lookup(cls, req_handle: Request, options: LookupOptions) -> Self:
        """Look up the response to a request, which may wait for another one to store it."""
        key = options.override_key
        if key is None:
            key = _default_key(req_handle)
        elif len(key) != LENGTH:
            raise _refused("transaction-lookup", f"the key has {len(key)} bytes, not {LENGTH}")
        sandbox = running()
        lookup = sandbox.host.cache.begin(in_store(key), req_handle.fields, holder=sandbox)
        return cls(req_handle.copied(), lookup)

    def transaction_insert(self, resp_handle: Response, options: wit.WriteOptions) -> Body:
        """Store a response; the guest writes its body."""
        return filled(self._insert("transaction-insert", resp_handle, options).body)

    def transaction_insert_and_stream_back(
        self, resp_handle: Response, options: wit.WriteOptions
    ) -> tuple[Body, "Entry"]:
        """Store a response, and return an entry that reads it while it is written."""
        stored = self._insert("transaction-insert-and-stream-back", resp_handle, options)
        return filled(stored.body), self._of(stored)

    def transaction_update(self, resp_handle: Response, options: wit.WriteOptions) -> None:
        """Renew the stored response, keeping its body."""
        self._update("transaction-update", resp_handle, options)

    def transaction_update_and_return_fresh(
        self, resp_handle: Response, options: wit.WriteOptions
    ) -> "Entry":
        """Renew the stored response, keeping its body, and return an entry that reads it."""
        return self._of(self._update("transaction-update-and-return-fresh", resp_handle, options))

    def transaction_choose_stale(self) -> None:
        """Use the stale response, here and in the lookups that wait."""
        try:
            found = self._obliged("transaction-choose-stale").choose_stale()
        except ObligationGone as gone:
            raise _misused("transaction-choose-stale", str(gone)) from gone
        self._lookup = Outcome(found, if_error=True)

    def transaction_record_not_cacheable(self, options: wit.WriteOptions) -> None:
        """Let lookups neither wait nor store, for the maximum age."""
        obligation = self._obliged("transaction-record-not-cacheable")
        try:
            vary = VaryRule.parse(options.vary_rule) if options.vary_rule else None
        except ValueError as error:
            raise _refused("transaction-record-not-cacheable", str(error)) from error
        obligation.pass_for(options.max_age_ns / SECOND, vary=vary)
        self._lookup = Outcome(passes=True)

    def transaction_abandon(self) -> None:
        """Pass the obligation on to one of the lookups that wait."""
        self._obliged("transaction-abandon").cancel()
        self._lookup = Outcome()

    def get_suggested_backend_request(self) -> Request:
        """Make the request for the whole response, conditional on a stale one."""
        obligation = self._outcome().obligation
        stale = None if obligation is None else obligation.stale
        head = None if stale is None else stored_head(stale)
        return self._asked.copied(method="GET", fields=backend_headers(self._asked.fields, head))

    def get_suggested_write_options(self, response: Response) -> SuggestedWriteOptions:
        """Return the options that a response's headers ask for."""
        return SuggestedWriteOptions(response)

    def prepare_response_for_storage(self, response: Response) -> tuple[StorageAction, Response]:
        """Return what to do with a response, and the response in the form to store."""
        obligation = self._outcome().obligation
        stale = None if obligation is None else obligation.stale
        if response.status == NOT_MODIFIED and stale is not None:
            head = renewed(stored_head(stale), response.fields)
            return StorageAction.UPDATE, response.copied(head.status, head.headers)
        prepared = response.copied(response.status, storable_headers(response.fields))
        refusal = not_stored(response.status, response.fields)
        if refusal is None:
            return StorageAction.INSERT, prepared
        if refusal.remembered:
            return StorageAction.RECORD_UNCACHEABLE, prepared
        return StorageAction.DO_NOT_STORE, prepared

    def get_found_response(self, transform_for_client: int) -> tuple[Response, Body] | None:
        """Return the response that was found, adjusted to the request on demand."""
        found = self._outcome().found
        if found is None:
            return None
        if transform_for_client:
            now = running().host.cache.now()
            asked = self._asked
            return received(
                answer(asked.method, asked.fields, found.object, now, hit=True), decompress=False
            )
        head = stored_head(found.object)
        whole = OriginResponse(
            status=head.status,
            headers=list(head.headers),
            http_version=head.http_version,
            remote_addr=head.remote_addr,
            body=found.object.body.reader(),
        )
        return received(whole, decompress=False)

    def get_state(self) -> LookupState:
        """Return what was found, and whether a response has to be stored."""
        outcome, now = self._outcome(), running().host.cache.now()
        state = LookupState(0)
        stored = self._stored()
        if stored is not None:
            state |= LookupState.FOUND
            if outcome.found is not None:
                state |= LookupState.USABLE
            if not stored.fresh(now):
                state |= LookupState.STALE
            if outcome.if_error or (outcome.found is None and stored.usable_if_error(now)):
                state |= LookupState.USABLE_IF_ERROR
        if outcome.obligation is not None:
            state |= LookupState.MUST_INSERT_OR_UPDATE
        return state

    def get_length(self) -> int | None:
        """Return the length of the found body."""
        found = self._outcome().found
        return None if found is None else found.object.body.length

    def get_max_age_ns(self) -> int | None:
        """Return the age up to which the response is fresh."""
        stored = self._stored()
        return None if stored is None else stored.options.max_age

    def get_stale_while_revalidate_ns(self) -> int | None:
        """Return how much longer the response may be used while a new one is fetched."""
        stored = self._stored()
        return None if stored is None else stored.options.stale_while_revalidate

    def get_stale_if_error_ns(self) -> int | None:
        """Return how much longer the response may be used if fetching a new one fails."""
        stored = self._stored()
        return None if stored is None else stored.options.stale_if_error

    def get_age_ns(self) -> int | None:
        """Return the age of the response."""
        stored = self._stored()
        return None if stored is None else stored.age(running().host.cache.now())

    def get_hits(self) -> int | None:
        """Return how often the response was found."""
        found = self._outcome().found
        return None if found is None else found.hits

    def get_sensitive_data(self) -> bool | None:
        """Return whether the response must never be written to disk."""
        stored = self._stored()
        return None if stored is None else stored.options.sensitive

    def get_surrogate_keys(self, max_len: int) -> str | None:
        """Return the keys to purge the response by."""
        stored = self._stored()
        if stored is None:
            return None
        return fit(" ".join(sorted(stored.options.surrogate_keys)), max_len)

    def get_vary_rule(self, max_len: int) -> str | None:
        """Return the request headers that the response depends on."""
        stored = self._stored()
        return None if stored is None else fit(" ".join(stored.options.vary.names), max_len)

    def step(self) -> Pollable | None:
        """Return a handle to wait for, or None if there is nothing to wait for."""
        lookup = self._lookup
        if isinstance(lookup, Outcome) or lookup.waiting() is None:
            return None
        return Step(lookup)

    def dropped(self) -> None:
        """Give up the obligation, or the wait for one."""
        self._sandbox.let_go(self)
        if isinstance(self._lookup, Transaction):
            self._lookup.close()
        elif self._lookup.obligation is not None:
            self._lookup.obligation.cancel()

    def _outcome(self) -> Outcome:
        if isinstance(self._lookup, Transaction):
            self._lookup = await_outcome(self._lookup, "http-cache.transaction-lookup")
            count_lookup(self._lookup)
        return self._lookup

    def _stored(self) -> CachedObject | None:
        """Return the response that was found, or that is to be renewed."""
        outcome = self._outcome()
        if outcome.found is not None:
            return outcome.found.object
        return None if outcome.obligation is None else outcome.obligation.stale

    def _of(self, stored: CachedObject) -> "Entry":
        return Entry(self._asked, Outcome(Found(stored, stored.hits, stored.body.length)))

    def _obliged(self, called: str) -> Obligation:
        obligation = self._outcome().obligation
        if obligation is None:
            raise _misused(called, "this entry has no obligation to store a response")
        return obligation

    def _insert(self, called: str, response: Response, options: wit.WriteOptions) -> CachedObject:
        response.take("was already stored")
        obligation = self._obliged(called)
        try:
            stored = obligation.insert(store_options(response, options))
        except ValueError as error:
            raise _refused(called, str(error)) from error
        self._lookup = Outcome()
        return stored

    def _update(self, called: str, response: Response, options: wit.WriteOptions) -> CachedObject:
        response.take("was already stored")
        obligation = self._obliged(called)
        if obligation.stale is None:
            raise _misused(called, "no response was found to update")
        try:
            written = store_options(response, replace(options, length=obligation.stale.body.length))
            stored = obligation.update(written)
        except ValueError as error:
            raise _refused(called, str(error)) from error
        self._lookup = Outcome()
        return stored


def is_request_cacheable(request: Request) -> bool:
    """Return whether a request is looked up: a GET or HEAD, unless the host does not cache."""
    return running().host.caching and request.method in _METHODS


def get_suggested_cache_key(request: Request, max_len: int) -> bytes:
    """Return the key of a request without an override."""
    return fit(_default_key(request), max_len)


def close_entry(handle: Entry) -> None:
    """Close an entry, and give up its obligation."""
    handle.take("is closed")
    handle.dropped()


def _default_key(request: Request) -> bytes:
    try:
        authority, path = request.target()
    except Err as err:
        raise _refused("transaction-lookup", "the URI is invalid") from err
    host = request.value("host")
    name = authority if host is None else host.decode("latin-1")
    if not name:
        raise _refused("transaction-lookup", "the request has no Host and its URI no authority")
    return default_key(name, path)


def _refused(called: str, reason: str) -> Err[object]:
    running().host.log(f"http-cache.{called}: {reason}")
    return Err(Error_InvalidArgument())


def _misused(called: str, reason: str) -> Err[object]:
    running().host.log(f"http-cache.{called}: {reason}")
    return Err(Error_AuxiliaryError())
