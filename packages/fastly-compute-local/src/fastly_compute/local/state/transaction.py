"""Lookups that may store an object: their outcome, and the obligation to store it."""

from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state.cached_object import SECOND, CachedObject, WriteOptions
from fastly_compute.local.state.stored_body import StoredBody
from fastly_compute.local.state.vary import Variant, VaryRule

if TYPE_CHECKING:
    from fastly_compute.local.state.cache import CacheData


CacheOutcome: TypeAlias = Literal["hit", "stale", "miss", "pass"]
"""The outcome of a lookup, in a word.

``hit``: a fresh object; ``stale``: one that is used although it is no longer fresh; ``miss``:
nothing, so that it must be fetched; ``pass``: the cache was bypassed.
"""


class ObligationGone(Exception):
    """The obligation was already met, given up or withdrawn."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a lookup, as of the lookup.

    Attributes:
        object: The object.
        hits: How often it had been found, including this time.
        length: The length of its body, if known.
    """

    object: CachedObject
    hits: int
    length: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a transaction.

    Attributes:
        found: The object to use, fresh or stale.
        obligation: The obligation to store an object, held by this transaction only.
        passes: Whether the cache has nothing to return and nothing to store.
        if_error: Whether the object is used because fetching a new one failed.
    """

    found: Found | None = None
    obligation: "Obligation | None" = None
    passes: bool = False
    if_error: bool = False

    def label(self, now: int) -> CacheOutcome:
        """Return the outcome in a word, at a time in nanoseconds."""
        if self.found is None:
            return "pass" if self.obligation is None else "miss"
        return "hit" if self.found.object.fresh(now) else "stale"


class Transaction:
    """A lookup that may have to wait for an object that another one is storing.

    Attributes:
        outcome: The outcome; None while it waits.
    """

    def __init__(
        self,
        data: "CacheData",
        key: Hashable,
        headers: RawHeaders,
        holder: object,
        *,
        replaces: bool,
    ) -> None:
        self.outcome: Outcome | None = None
        self.key = key
        self.headers = tuple(headers)
        self.holder = holder
        self.replaces = replaces
        self._data = data
        self._done: Future[object] = Future()

    def decide(self, outcome: Outcome) -> None:
        """Set the outcome; for `CacheData` only, which calls `resolved` afterwards."""
        self.outcome = outcome

    def waiting(self) -> "Future[object] | None":
        """Return the future to wait for, or None if there is an outcome."""
        return None if self._done.done() else self._done

    def result(self, limit: float | None = None) -> Outcome:
        """Wait for the outcome.

        Args:
            limit: The longest time to wait, in seconds; None for no limit.

        Raises:
            TimeoutError: There is no outcome in time.
        """
        self._done.result(limit)
        if self.outcome is None:
            raise ObligationGone("the lookup was cancelled while it waited")
        return self.outcome

    def close(self) -> None:
        """Stop waiting, and give up the obligation, if any."""
        self._data.leave(self)

    def resolved(self) -> None:
        """Wake the thread that waits for it."""
        if not self._done.done():
            self._done.set_result(None)


class Obligation:
    """The obligation to store an object that others may wait for. Met or given up once.

    Attributes:
        key: The key of the object.
        headers: The headers of the request that it comes from.
        variant: The variant of the key that is waited for.
        stale: The present object, however old.
        holder: The owner of the obligation.
        held: Whether it is neither met nor given up; for `CacheData` only.
    """

    def __init__(
        self, data: "CacheData", asked: Transaction, variant: Variant, stale: CachedObject | None
    ) -> None:
        self.key = asked.key
        self.headers = asked.headers
        self.variant = variant
        self.stale = stale
        self.holder = asked.holder
        self.held = True
        self._data = data

    def end(self) -> None:
        """Note that it is met or given up; for `CacheData` only."""
        self.held = False

    def insert(
        self, options: WriteOptions, *, headers: RawHeaders | None = None, release: bool = False
    ) -> CachedObject:
        """Store a new object; the caller writes its body.

        Args:
            options: How to store it.
            headers: The headers of the request that it answers, by default those of the request
                that the obligation comes from.
            release: Release all waiting lookups that cannot use it, instead of passing the
                obligation on to one of them.

        Raises:
            ObligationGone: The obligation no longer exists.
        """
        body = StoredBody(options.length)
        asked = self.headers if headers is None else headers
        return self._data.meet(self, asked, options, body, release=release)

    def update(self, options: WriteOptions, *, release: bool = False) -> CachedObject:
        """Renew the present object, keeping its body.

        Args:
            options: How to store it.
            release: As for `insert`.

        Raises:
            ObligationGone: The obligation no longer exists, or has no object to update.
        """
        if self.stale is None:
            raise ObligationGone("the obligation has no object to update")
        renewed = self._data.meet(self, self.headers, options, self.stale.body, release=release)
        renewed.renew(self.stale)
        return renewed

    def choose_stale(self) -> Found:
        """Give it up, and use the present object; the lookups that wait use it as well.

        Raises:
            ObligationGone: The obligation no longer exists, or no object is usable after an error.
        """
        return self._data.settle_for_stale(self)

    def pass_for(self, seconds: float, *, vary: VaryRule | None = None) -> None:
        """Give it up; for some seconds, lookups neither wait nor get an obligation.

        Args:
            seconds: The time.
            vary: The request headers that this depends on; None for the variant that is waited for.
        """
        self._data.give_up(self, passing=round(seconds * SECOND), release=True, vary=vary)

    def cancel(self, *, release: bool = False) -> bool:
        """Give it up.

        Args:
            release: Release all waiting lookups, instead of passing the obligation on to one.

        Returns:
            Whether it still existed.
        """
        return self._data.give_up(self, passing=0, release=release)
