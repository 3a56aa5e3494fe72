"""The cache of a host: objects by key and vary rule, and obligations to store missing ones."""

import itertools
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Literal

from fastly_compute.local.clock import Clock
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state.cached_object import SECOND, CachedObject, WriteOptions
from fastly_compute.local.state.eviction import EACH, evict
from fastly_compute.local.state.slots import CacheEntry, Slot
from fastly_compute.local.state.stored_body import StoredBody
from fastly_compute.local.state.transaction import (
    Found,
    Obligation,
    ObligationGone,
    Outcome,
    Transaction,
)
from fastly_compute.local.state.vary import Variant, VaryRule

Strategy = Literal["immediate", "immediate-force-miss", "wait"]
"""How to replace an object that others may be storing: `replace-strategy` of the WIT."""


class CacheData:
    """All cached objects of a host. Every method can be called from any thread.

    A key is any hashable value; the interfaces use distinct ones. When the limit is exceeded, the
    least recently used objects are evicted until an eighth of the limit is free.

    Example:
        >>> from fastly_compute.local.clock import Clock
        >>> from fastly_compute.local.state import CacheData, WriteOptions
        >>> data = CacheData(Clock())
        >>> stored = data.insert("key", (), WriteOptions(max_age=60 * 10**9))
        >>> stored.body.write(b"content")
        >>> stored.body.finish(())
        >>> data.lookup("key", ()).object.body.reader().read_chunk()
        b'content'

    Args:
        clock: The clock for ages.
        limit: Most bytes of all objects together; each counts 1 KiB in addition to its body.
    """

    def __init__(self, clock: Clock, *, limit: int = 256 * 1024 * 1024) -> None:
        self._clock = clock
        self._limit = limit
        self._at_most = 0
        self._uses = itertools.count(1)
        self._lock = threading.Lock()
        self._keys: dict[Hashable, CacheEntry] = {}

    def now(self) -> int:
        """Return the time in nanoseconds."""
        return round(self._clock.now() * SECOND)

    def lookup(self, key: Hashable, headers: RawHeaders) -> Found | None:
        """Return an object that can be used, even if it is stale.

        Args:
            key: The key.
            headers: The request's headers, for the vary rules.
        """
        with self._lock:
            there = self._keys.get(key)
            present = None if there is None else self._usable(there, headers)
            return None if present is None else self._found(present)

    def insert(self, key: Hashable, headers: RawHeaders, options: WriteOptions) -> CachedObject:
        """Store an object without waiting for other lookups; the caller writes its body.

        Args:
            key: The key.
            headers: The headers of the request that it answers.
            options: How to store it.
        """
        with self._changing(key) as there:
            return self._put(there, headers, options, StoredBody(options.length))

    def begin(self, key: Hashable, headers: RawHeaders, *, holder: object = None) -> Transaction:
        """Look up an object, with an obligation to store it if it is missing or stale.

        Args:
            key: The key.
            headers: The request's headers.
            holder: The owner of the transaction; see `blocked`.

        Returns:
            The transaction, which may have to be waited for; this method never blocks.
        """
        asked = Transaction(self, key, headers, holder, replaces=False)
        with self._changing(key) as there:
            there.waiters.append(asked)
        return asked

    def replace(
        self, key: Hashable, headers: RawHeaders, strategy: Strategy, *, holder: object = None
    ) -> Transaction:
        """Prepare to replace an object.

        Args:
            key: The key.
            headers: The request's headers.
            strategy: ``immediate`` competes with all others and has no obligation; the others have
                one. ``immediate-force-miss`` removes the object at once, so that lookups wait;
                ``wait`` queues after those who are about to store one.
            holder: The owner of the transaction.

        Returns:
            The transaction, which may have to be waited for, with the present object.
        """
        asked = Transaction(self, key, headers, holder, replaces=True)
        if strategy == "immediate":
            with self._changing(key) as there:
                asked.decide(Outcome(_seen(self._usable(there, headers))))
        elif strategy == "immediate-force-miss":
            with self._changing(key) as there:
                seen = _seen(self._usable(there, headers))
                for _, slot in there.matching(headers):
                    slot.clear()
                obligation = self._oblige(there, asked, there.variants(headers)[0])
                asked.decide(Outcome(seen, obligation))
        else:
            with self._changing(key) as there:
                there.waiters.append(asked)
            return asked
        asked.resolved()
        return asked

    def blocked(self, asked: Transaction) -> bool:
        """Return whether a transaction waits only for its own holder."""
        with self._lock:
            if asked.outcome is not None:
                return False
            there = self._keys.get(asked.key) or CacheEntry()
            slots = [slot for _, slot in there.matching(asked.headers)]
            holders = [slot.obligation.holder for slot in slots if slot.obligation is not None]
            return asked.holder is not None and all(holder is asked.holder for holder in holders)

    def purge(self, surrogate_key: str, *, soft: bool) -> int:
        """Purge the objects that have a surrogate key.

        Args:
            surrogate_key: The key.
            soft: Mark them stale instead of removing them.

        Returns:
            The number of objects.
        """
        with self._lock:
            return sum(
                self._purge(slot, soft=soft)
                for there in self._keys.values()
                for slot in there.slots.values()
                if slot.present is not None and surrogate_key in slot.present.options.surrogate_keys
            )

    def purge_key(self, key: Hashable, *, soft: bool) -> int:
        """Purge the objects under one key.

        Args:
            key: The key.
            soft: Mark them stale instead of removing them.

        Returns:
            The number of objects.
        """
        with self._lock:
            there = self._keys.get(key)
            slots = () if there is None else there.slots.values()
            for slot in slots:
                slot.pass_until(0)
            return sum(self._purge(slot, soft=soft) for slot in slots)

    def meet(
        self,
        obligation: Obligation,
        headers: RawHeaders,
        options: WriteOptions,
        body: StoredBody,
        *,
        release: bool,
    ) -> CachedObject:
        """Store the object for an obligation; see `Obligation`."""
        with self._changing(obligation.key) as there:
            if not self._drop(there, obligation):
                raise ObligationGone("the obligation to store an object no longer exists")
            stored = self._put(there, headers, options, body)
            if release:
                self._release(there, obligation)
            return stored

    def give_up(
        self, obligation: Obligation, *, passing: int, release: bool, vary: VaryRule | None = None
    ) -> bool:
        """Give up an obligation; see `Obligation`."""
        with self._changing(obligation.key) as there:
            if not self._drop(there, obligation):
                return False
            if passing:
                variant = obligation.variant
                if vary is not None:
                    there.prefer(vary)
                    variant = vary.variant(obligation.headers)
                slot = there.slot(variant)
                slot.clear()
                slot.pass_until(self.now() + passing)
            if release:
                self._release(there, obligation)
            return True

    def settle_for_stale(self, obligation: Obligation) -> Found:
        """Use the stale object, here and in the lookups that wait; see `Obligation`."""
        with self._changing(obligation.key) as there:
            stale = obligation.stale
            if stale is None or not stale.usable_if_error(self.now()):
                raise ObligationGone("there is no stale object that may be used after an error")
            if not self._drop(there, obligation):
                raise ObligationGone("the obligation to store an object no longer exists")
            for asked in there.waiters:
                if obligation.variant in there.variants(asked.headers) and not asked.replaces:
                    asked.decide(Outcome(self._found(stale), if_error=True))
            return self._found(stale)

    def leave(self, asked: Transaction) -> None:
        """Remove a transaction from the queue; see `Transaction.close`."""
        with self._lock:
            outcome = asked.outcome
            there = self._keys.get(asked.key)
            if outcome is None and there is not None and asked in there.waiters:
                there.waiters.remove(asked)
        if outcome is None:
            asked.resolved()
        elif outcome.obligation is not None:
            outcome.obligation.cancel()

    @contextmanager
    def _changing(self, key: Hashable) -> Iterator[CacheEntry]:
        """Change the objects under a key, then wake transactions that need not wait any more."""
        resolved: list[Transaction] = []
        try:
            with self._lock:
                there = self._keys.get(key)
                if there is None:
                    there = self._keys[key] = CacheEntry()
                    self._at_most += EACH
                try:
                    yield there
                finally:
                    for asked in there.waiters:
                        outcome = asked.outcome or self._evaluate(there, asked)
                        if outcome is not None:
                            asked.decide(outcome)
                    resolved = [asked for asked in there.waiters if asked.outcome is not None]
                    there.waiters = [asked for asked in there.waiters if asked.outcome is None]
                    self._make_room()
        finally:
            # Not under the lock: it runs callbacks of others.
            for asked in resolved:
                asked.resolved()

    def _evaluate(self, there: CacheEntry, asked: Transaction) -> Outcome | None:
        now = self.now()
        slots = there.matching(asked.headers)
        if asked.replaces:
            return self._evaluate_replace(there, asked, slots, now)
        usable = None
        for variant, slot in slots:
            present = slot.live()
            if present is not None and present.fresh(now):
                return Outcome(self._found(present))
            if present is not None and present.usable(now):
                usable = usable or (variant, slot, present)
        if any(slot.passes_until > now for _, slot in slots):
            return Outcome(passes=True)
        if usable is not None:
            variant, slot, present = usable
            taken = slot.obligation is not None
            return Outcome(
                self._found(present), None if taken else self._oblige(there, asked, variant)
            )
        if any(slot.obligation is not None for _, slot in slots):
            return None
        old = (variant for variant, slot in slots if slot.present is not None)
        variant = next(old, there.variants(asked.headers)[0])
        return Outcome(None, self._oblige(there, asked, variant))

    def _evaluate_replace(
        self, there: CacheEntry, asked: Transaction, slots: list[tuple[Variant, Slot]], now: int
    ) -> Outcome | None:
        if any(slot.obligation is not None for _, slot in slots):
            return None
        for variant, slot in slots:
            present = slot.live()
            if present is not None and present.usable(now):
                return Outcome(_seen(present), self._oblige(there, asked, variant))
        variant = there.variants(asked.headers)[0]
        return Outcome(None, self._oblige(there, asked, variant))

    def _usable(self, there: CacheEntry, headers: RawHeaders) -> CachedObject | None:
        now = self.now()
        present = [slot.live() for _, slot in there.matching(headers)]
        usable = [item for item in present if item is not None and item.usable(now)]
        return next((item for item in usable if item.fresh(now)), usable[0] if usable else None)

    def _oblige(self, there: CacheEntry, asked: Transaction, variant: Variant) -> Obligation:
        slot = there.slot(variant)
        obligation = Obligation(self, asked, variant, slot.live())
        slot.oblige(obligation)
        return obligation

    def _drop(self, there: CacheEntry, obligation: Obligation) -> bool:
        if not obligation.held:
            return False
        obligation.end()
        there.slot(obligation.variant).release(obligation)
        return True

    def _put(
        self, there: CacheEntry, headers: RawHeaders, options: WriteOptions, body: StoredBody
    ) -> CachedObject:
        there.prefer(options.vary)
        stored = CachedObject(options, body, self.now())
        stored.note_use(next(self._uses), found=False)
        body.report_growth(self._grown)
        self._at_most += EACH
        there.slot(options.vary.variant(headers)).store(stored)
        return stored

    def _release(self, there: CacheEntry, obligation: Obligation) -> None:
        now = self.now()
        for asked in there.waiters:
            slots = there.matching(asked.headers)
            served = any(
                (present := slot.live()) is not None and present.usable(now) for _, slot in slots
            )
            waited = obligation.variant in there.variants(asked.headers)
            if waited and not served and not asked.replaces:
                asked.decide(Outcome(passes=True))

    def _purge(self, slot: Slot, *, soft: bool) -> int:
        present = slot.live()
        if present is None:
            return 0
        if soft:
            present.soft_purge(self.now())
        else:
            slot.clear()
        return 1

    def _found(self, present: CachedObject) -> Found:
        present.note_use(next(self._uses), found=True)
        return Found(present, present.hits, present.body.length)

    def _grown(self, size: int) -> None:
        with self._lock:
            self._at_most += size
            self._make_room()

    def _make_room(self) -> None:
        # Objects that were purged or replaced still count, until everything is counted again.
        if self._at_most > self._limit:
            self._at_most = evict(self._keys, self.now(), self._limit - self._limit // 8)


def _seen(present: CachedObject | None) -> Found | None:
    return None if present is None else Found(present, present.hits, present.body.length)
