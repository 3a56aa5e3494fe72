"""The cache that `http-req.send` reads through: Fastly's rules, on plain values.

hishel, a Python library for RFC 9111, is not used: it obeys the request's Cache-Control and has
no Surrogate-Control, default lifetime or request collapsing, the essentials of Fastly's cache.
"""

import weakref
from _thread import start_new_thread
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from fastly_compute.local.clock import Clock
from fastly_compute.local.readthrough.answer import answer, stored_head
from fastly_compute.local.readthrough.cache_key import default_key, in_store
from fastly_compute.local.readthrough.conditional import validators
from fastly_compute.local.readthrough.freshness import (
    PASS_FOR,
    announced_length,
    lifetime,
    not_stored,
    storable_headers,
    values,
    vary_rule,
)
from fastly_compute.local.readthrough.revalidation import NOT_MODIFIED, backend_headers, renewed
from fastly_compute.local.server.downstream import BodySource
from fastly_compute.local.state import (
    CacheData,
    CachedObject,
    Obligation,
    Outcome,
    ResponseHead,
    StoredBody,
    Transaction,
    WriteOptions,
)
from fastly_compute.local.state.cached_object import SECOND
from fastly_compute.local.state.surrogate_keys import header_keys
from fastly_compute.local.transport import OriginRequest, OriginResponse, SendFailure

Get = Callable[[], OriginResponse]
"""Gets a response: it may wait, and raise `SendFailure`."""

Fetch = Callable[[OriginRequest], Get]
"""Starts a request to an origin, without waiting, and returns the function to get the response."""

_METHODS = frozenset({"GET", "HEAD"})
_FRAMING = frozenset({"content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRules:
    """The rules of a request for the cache: `cache-override` of the WIT's `http-req`.

    Attributes:
        pass_through: Bypass the cache.
        ttl: How many seconds the response is fresh, whatever its headers say. It does not make an
            uncacheable response cacheable.
        stale_while_revalidate: How many seconds longer it may be used while a new one is fetched.
        pci: Whether it must not be written to disk; this cache never writes to disk.
        surrogate_key: Keys to purge it by, in addition to its own Surrogate-Key.
        lookup_timeout: How many seconds to wait for another request for the same object; None for
            no limit.
    """

    pass_through: bool = False
    ttl: int | None = None
    stale_while_revalidate: int | None = None
    pci: bool = False
    surrogate_key: str | None = None
    lookup_timeout: float | None = None


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request on its way through the cache."""

    request: OriginRequest
    rules: CacheRules
    fetch: Fetch


class Readthrough:
    """Answers requests from the cache, and stores the responses that it fetches.

    Args:
        data: The storage, shared with everything else that is cached.
        clock: The clock for lifetimes.
        log: Called with a line about each failure that no request is waiting for.
        background: Runs a function on another thread.
    """

    def __init__(
        self,
        data: CacheData,
        clock: Clock,
        log: Callable[[str], None],
        background: Callable[[Callable[[], object]], object],
    ) -> None:
        self._data = data
        self._clock = clock
        self._log = log
        self._background = background

    def begin(self, request: OriginRequest, override: CacheRules, fetch: Fetch) -> Get:
        """Take a request, without waiting.

        Only a GET or HEAD with a host is looked up. Requests for the same object wait for one
        response, which is fetched whole: without Range and conditions, with GET instead of HEAD.

        Args:
            request: The request.
            override: Its rules for the cache.
            fetch: Sends a request to the origin; called here if the cache cannot answer, later
                if that depends on a response that another request is waiting for.

        Returns:
            A function that gets the response. Call it once, and soon: other requests may wait for
            the same response. Dropping it without a call frees them.
        """
        key = _key(request)
        if override.pass_through or request.method not in _METHODS or key is None:
            return fetch(request)
        ask = _Ask(request, override, fetch)
        looking = self._data.begin(key, request.headers)
        if looking.outcome is not None:
            return self._decide(ask, looking.outcome)

        def follow() -> OriginResponse:
            outcome = self._await(ask, looking)
            abandoned.detach()
            return self._decide(ask, outcome)()

        abandoned = _if_dropped(follow, looking.close)
        return follow

    def purge_url(self, authority: str, path_and_query: str, *, soft: bool = False) -> int:
        """Purge what is stored for a URL, like a request with the method PURGE.

        Args:
            authority: The host, with its port if the URL has one.
            path_and_query: The path and query.
            soft: Mark it stale instead of removing it.

        Returns:
            The number of stored variants.
        """
        return self._data.purge_key(in_store(default_key(authority, path_and_query)), soft=soft)

    def _decide(self, ask: _Ask, outcome: Outcome) -> Get:
        found, obligation = outcome.found, outcome.obligation
        if obligation is None:
            if found is None:
                return ask.fetch(ask.request)
            return lambda: self._answer(ask, found.object, hit=True)
        stale = None if obligation.stale is None else obligation.stale.options.head
        try:
            get = ask.fetch(_whole(ask.request, stale, alone=found is not None))
        except BaseException:
            obligation.cancel(release=True)
            raise
        if found is None:

            def fill() -> OriginResponse:
                abandoned.detach()
                return self._fill(ask, obligation, get)

            abandoned = _if_dropped(fill, lambda: obligation.cancel(release=True))
            return fill
        self._background(lambda: self._revalidate(ask, obligation, get))
        return lambda: self._answer(ask, found.object, hit=True)

    def _await(self, ask: _Ask, looking: Transaction) -> Outcome:
        limit = ask.rules.lookup_timeout
        try:
            return looking.result(limit)
        except TimeoutError as error:
            looking.close()
            raise SendFailure(
                "http-response-timeout",
                f"another request for {_url(ask.request)} took more than {limit} s",
            ) from error

    def _fill(self, ask: _Ask, obligation: Obligation, get: Get) -> OriginResponse:
        try:
            response = get()
            if response.status == NOT_MODIFIED and obligation.stale is not None:
                return self._answer(ask, self._update(ask, obligation, response), hit=True)
            stored = self._store(ask, obligation, response)
        except BaseException:
            obligation.cancel(release=True)
            raise
        if stored is not None:
            self._background(lambda: self._pump(ask, response.body, stored.body))
            return self._answer(ask, stored, hit=False)
        if ask.request.method == "HEAD":
            response.body.close()
            return replace(response, body=_nothing())
        return response

    def _revalidate(self, ask: _Ask, obligation: Obligation, get: Get) -> None:
        try:
            response = get()
            if response.status == NOT_MODIFIED and obligation.stale is not None:
                self._update(ask, obligation, response)
                return
            stored = self._store(ask, obligation, response)
        except SendFailure as failure:
            obligation.cancel()
            self._log(f"{_url(ask.request)} stays stale: {failure}")
            return
        except BaseException:
            obligation.cancel()
            raise
        if stored is not None:
            self._pump(ask, response.body, stored.body)
        else:
            response.body.close()
            self._log(f"{_url(ask.request)} stays stale: status {response.status} is not stored")

    def _store(
        self, ask: _Ask, obligation: Obligation, response: OriginResponse
    ) -> CachedObject | None:
        refusal = not_stored(response.status, response.headers)
        if refusal is not None:
            if refusal.remembered:
                obligation.pass_for(PASS_FOR)
            else:
                obligation.cancel(release=True)
            return None
        head = ResponseHead(
            status=response.status,
            headers=storable_headers(response.headers),
            http_version=response.http_version,
            remote_addr=response.remote_addr,
        )
        options, lasts = self._options(ask, head, announced_length(response.headers))
        if not lasts and not validators(head):
            obligation.cancel(release=True)
            return None
        return obligation.insert(options, release=not lasts)

    def _update(self, ask: _Ask, obligation: Obligation, response: OriginResponse) -> CachedObject:
        response.body.close()
        head = renewed(stored_head(obligation.stale), response.headers)
        options, lasts = self._options(ask, head, None)
        return obligation.update(options, release=not lasts)

    def _options(
        self, ask: _Ask, head: ResponseHead, length: int | None
    ) -> tuple[WriteOptions, bool]:
        rules = ask.rules
        life = lifetime(
            head.headers,
            ttl=rules.ttl,
            swr=rules.stale_while_revalidate,
            now=self._clock.now(),
        )
        options = WriteOptions(
            max_age=life.max_age * SECOND,
            initial_age=life.initial_age * SECOND,
            stale_while_revalidate=life.stale_while_revalidate * SECOND,
            stale_if_error=life.stale_if_error * SECOND,
            vary=vary_rule(head.headers),
            surrogate_keys=header_keys(
                " ".join((rules.surrogate_key or "", *values(head.headers, "surrogate-key")))
            ),
            length=length,
            sensitive=rules.pci,
            head=head,
        )
        return options, life.lasts

    def _pump(self, ask: _Ask, source: BodySource, into: StoredBody) -> None:
        try:
            while data := source.read_chunk():
                into.write(data)
        except BaseException as error:
            into.fail(error)
            self._log(f"{_url(ask.request)} is not stored: {error}")
        else:
            into.finish(())
        finally:
            source.close()

    def _answer(self, ask: _Ask, stored: CachedObject, *, hit: bool) -> OriginResponse:
        request = ask.request
        return answer(request.method, request.headers, stored, self._data.now(), hit=hit)


def _if_dropped(get: Get, free: Callable[[], object]) -> "weakref.finalize[[], Get]":
    # On another thread: this one may be in the middle of changing the cache, holding its lock.
    abandoned = weakref.finalize(get, lambda: start_new_thread(free, ()))
    abandoned.atexit = False
    return abandoned


def _key(request: OriginRequest) -> Hashable | None:
    host = next(values(request.headers, "host"), request.authority or "")
    return in_store(default_key(host, request.path_and_query)) if host else None


def _url(request: OriginRequest) -> str:
    host = next(values(request.headers, "host"), request.authority or "")
    return f"{host}{request.path_and_query}"


def _whole(request: OriginRequest, stale: ResponseHead | None, *, alone: bool) -> OriginRequest:
    """Return the request for a whole response, conditional on the stale one if there is one."""
    headers = backend_headers(request.headers, stale)
    if alone:
        headers = [item for item in headers if item[0].lower() not in _FRAMING]
    asked = replace(request, method="GET", headers=headers)
    # The body belongs to the guest, which continues meanwhile.
    return replace(asked, body=b"") if alone else asked


def _nothing() -> BodySource:
    empty = StoredBody(0)
    empty.finish(())
    return empty.reader()
