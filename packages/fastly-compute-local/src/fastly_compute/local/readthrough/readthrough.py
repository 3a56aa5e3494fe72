"""The cache that `http-req.send` reads through: Fastly's rules, on plain values.

hishel, a Python library for RFC 9111, is not used: it obeys the request's Cache-Control and has
no Surrogate-Control, default lifetime or request collapsing, the essentials of Fastly's cache.
"""

from collections.abc import Callable

from fastly_compute.local.clock import Clock
from fastly_compute.local.readthrough.answer import answer, stored_head
from fastly_compute.local.readthrough.cache_key import default_key, in_store, request_key, url_of
from fastly_compute.local.readthrough.cache_rules import CacheRules
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
from fastly_compute.local.readthrough.origin_exchange import Fetch, LookedUp, OriginExchange
from fastly_compute.local.readthrough.revalidation import renewed
from fastly_compute.local.server.downstream import BodySource
from fastly_compute.local.state import (
    CacheData,
    CachedObject,
    CacheOutcome,
    Obligation,
    Outcome,
    ResponseHead,
    StoredBody,
    Transaction,
    WriteOptions,
)
from fastly_compute.local.state.cached_object import SECOND
from fastly_compute.local.state.surrogate_keys import header_keys
from fastly_compute.local.transport import OriginRequest, OriginResponse

_METHODS = frozenset({"GET", "HEAD"})


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
        self.log = log
        self.background = background

    def begin(
        self,
        request: OriginRequest,
        rules: CacheRules,
        fetch: Fetch,
        over: Callable[[], None] = lambda: None,
        looked_up: LookedUp | None = None,
    ) -> OriginExchange:
        """Take a request, without waiting.

        Only a GET or HEAD with a host is looked up. Requests for the same object wait for one
        response, which is fetched whole: without Range and conditions, with GET instead of HEAD.

        Args:
            request: The request.
            rules: Its rules for the cache.
            fetch: Sends a request to the origin.
            over: Called when the response has arrived or failed.
            looked_up: Called with the outcome of the lookup.

        Returns:
            The exchange. Ask it for the response soon: other requests may wait for the same one.
        """
        return OriginExchange(self, request, rules, fetch, over, looked_up)

    def look_up(self, request: OriginRequest, rules: CacheRules) -> Transaction | None:
        """Look up the response to a request, without waiting; None if it bypasses the cache."""
        key = request_key(request)
        if rules.pass_through or request.method not in _METHODS or key is None:
            return None
        return self._data.begin(key, request.headers)

    def label(self, outcome: Outcome) -> CacheOutcome:
        """Return the outcome of a lookup in a word, now."""
        return outcome.label(self._data.now())

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

    def store(
        self, rules: CacheRules, obligation: Obligation, response: OriginResponse
    ) -> CachedObject | None:
        """Store a response whose body is still to be pumped into it; None if it is not stored."""
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
        options, lasts = self._options(rules, head, announced_length(response.headers))
        if not lasts and not validators(head):
            obligation.cancel(release=True)
            return None
        return obligation.insert(options, release=not lasts)

    def update(
        self, rules: CacheRules, obligation: Obligation, response: OriginResponse
    ) -> CachedObject:
        """Renew the stored response with a 304."""
        response.body.close()
        head = renewed(stored_head(obligation.stale), response.headers)
        options, lasts = self._options(rules, head, None)
        return obligation.update(options, release=not lasts)

    def pump(self, request: OriginRequest, source: BodySource, into: StoredBody) -> None:
        """Store the body of the response to a request, as it arrives."""
        try:
            while data := source.read_chunk():
                into.write(data)
        except BaseException as error:
            into.fail(error)
            self.log(f"{url_of(request)} is not stored: {error}")
        else:
            into.finish(())
        finally:
            source.close()

    def answer(self, request: OriginRequest, stored: CachedObject, *, hit: bool) -> OriginResponse:
        """Make the response to a request from a stored one; *hit* if it was stored before."""
        return answer(request.method, request.headers, stored, self._data.now(), hit=hit)

    def _options(
        self, rules: CacheRules, head: ResponseHead, length: int | None
    ) -> tuple[WriteOptions, bool]:
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
