"""A request to a backend, from its start to the head of its response."""

import weakref
from _thread import start_new_thread
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from fastly_compute.local.readthrough.cache_key import url_of
from fastly_compute.local.readthrough.cache_rules import CacheRules
from fastly_compute.local.readthrough.revalidation import NOT_MODIFIED, whole_request
from fastly_compute.local.server.downstream import BodySource
from fastly_compute.local.state import (
    CachedObject,
    CacheOutcome,
    Obligation,
    Outcome,
    StoredBody,
    Transaction,
)
from fastly_compute.local.transport import OriginRequest, OriginResponse, SendFailure

if TYPE_CHECKING:
    from fastly_compute.local.readthrough.readthrough import Readthrough

Get: TypeAlias = Callable[[], OriginResponse]
"""Gets a response: it may wait, and raise `SendFailure`."""

Fetch: TypeAlias = Callable[[OriginRequest], Get]
"""Starts a request to an origin, without waiting, and returns the function to get the response."""

LookedUp: TypeAlias = Callable[[CacheOutcome], None]
"""Is called with the outcome of a lookup."""


@dataclass(frozen=True, slots=True)
class _Follow:
    """Another request is fetching the object: wait for it."""

    lookup: Transaction


@dataclass(frozen=True, slots=True)
class _Hit:
    """The cache has the response."""

    stored: CachedObject


@dataclass(frozen=True, slots=True)
class _Pass:
    """The response comes from the origin and is not stored."""

    get: Get


@dataclass(frozen=True, slots=True)
class _Fill:
    """The response comes from the origin, and is stored if it may be."""

    obligation: Obligation
    get: Get


class OriginExchange:
    """One request to a backend: through the cache, to the origin if necessary, and back.

    Others may wait for the same response. An exchange that is dropped before its response is asked
    for lets them go on.

    Args:
        cache: The cache.
        request: The request.
        rules: Its rules for the cache.
        fetch: Sends a request to the origin; called by `begin` if the cache cannot answer, later
            if that depends on a response that another request is waiting for.
        over: Called when the response has arrived or failed: the request's body is not needed any
            more.
        looked_up: Called with the outcome of the lookup; None if it is not counted.
    """

    def __init__(
        self,
        cache: "Readthrough",
        request: OriginRequest,
        rules: CacheRules,
        fetch: Fetch,
        over: Callable[[], None],
        looked_up: LookedUp | None = None,
    ) -> None:
        self._cache = cache
        self._request = request
        self._rules = rules
        self._fetch = fetch
        self._over = over
        self._looked_up = looked_up
        self._course = self._begun()

    def response(self) -> OriginResponse:
        """Wait for the head of the response, on any thread. Call it once, and soon.

        Raises:
            SendFailure: There is no response.
        """
        try:
            return self._response()
        finally:
            self._over()

    def _begun(self) -> _Follow | _Hit | _Pass | _Fill:
        lookup = self._cache.look_up(self._request, self._rules)
        if lookup is None:
            if self._looked_up is not None:
                self._looked_up("pass")
            return _Pass(self._fetch(self._request))
        if lookup.outcome is not None:
            return self._decided(lookup.outcome)
        self._free_if_dropped(lookup.close)
        return _Follow(lookup)

    def _decided(self, outcome: Outcome) -> _Hit | _Pass | _Fill:
        if self._looked_up is not None:
            self._looked_up(self._cache.label(outcome))
        found, obligation = outcome.found, outcome.obligation
        if obligation is None:
            return _Pass(self._fetch(self._request)) if found is None else _Hit(found.object)
        stale = None if obligation.stale is None else obligation.stale.options.head
        try:
            get = self._fetch(whole_request(self._request, stale, alone=found is not None))
        except BaseException:
            obligation.cancel(release=True)
            raise
        if found is None:
            self._free_if_dropped(lambda: obligation.cancel(release=True))
            return _Fill(obligation, get)
        self._cache.background(lambda: self._revalidate(obligation, get))
        return _Hit(found.object)

    def _response(self) -> OriginResponse:
        course = self._course
        if isinstance(course, _Follow):
            outcome = self._followed(course.lookup)
            self._keep()
            course = self._decided(outcome)
        match course:
            case _Hit(stored):
                return self._cache.answer(self._request, stored, hit=True)
            case _Pass(get):
                return get()
            case _Fill(obligation, get):
                self._keep()
                return self._filled(obligation, get)

    def _followed(self, lookup: Transaction) -> Outcome:
        limit = self._rules.lookup_timeout
        try:
            return lookup.result(limit)
        except TimeoutError as error:
            lookup.close()
            raise SendFailure(
                "http-response-timeout",
                f"another request for {url_of(self._request)} took more than {limit} s",
            ) from error

    def _filled(self, obligation: Obligation, get: Get) -> OriginResponse:
        cache, request = self._cache, self._request
        try:
            response = get()
            if response.status == NOT_MODIFIED and obligation.stale is not None:
                updated = cache.update(self._rules, obligation, response)
                return cache.answer(request, updated, hit=True)
            stored = cache.store(self._rules, obligation, response)
        except BaseException:
            obligation.cancel(release=True)
            raise
        if stored is not None:
            cache.background(lambda: cache.pump(request, response.body, stored.body))
            return cache.answer(request, stored, hit=False)
        if request.method == "HEAD":
            response.body.close()
            return replace(response, body=_nothing())
        return response

    def _revalidate(self, obligation: Obligation, get: Get) -> None:
        cache, request = self._cache, self._request
        try:
            response = get()
            if response.status == NOT_MODIFIED and obligation.stale is not None:
                cache.update(self._rules, obligation, response)
                return
            stored = cache.store(self._rules, obligation, response)
        except SendFailure as failure:
            obligation.cancel()
            cache.log(f"{url_of(request)} stays stale: {failure}")
            return
        except BaseException:
            obligation.cancel()
            raise
        if stored is not None:
            cache.pump(request, response.body, stored.body)
        else:
            response.body.close()
            cache.log(f"{url_of(request)} stays stale: status {response.status} is not stored")

    def _free_if_dropped(self, free: Callable[[], object]) -> None:
        # On another thread: this one may be in the middle of changing the cache, holding its lock.
        self._dropped = weakref.finalize(self, lambda: start_new_thread(free, ()))
        self._dropped.atexit = False

    def _keep(self) -> None:
        self._dropped.detach()


def _nothing() -> BodySource:
    empty = StoredBody(0)
    empty.finish(())
    return empty.reader()
