"""Looking an object up with the will to store it: what that comes to, and what it obliges to."""

from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state.cached_object import SECOND, CachedObject, WriteOptions
from fastly_compute.local.state.stored_body import StoredBody
from fastly_compute.local.state.vary import Variant

if TYPE_CHECKING:
    from fastly_compute.local.state.cache import CacheData


class ObligationGone(Exception):
    """An obligation was met, given up or taken away before."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a lookup found, as it was then.

    Attributes:
        object: The object.
        hits: How often it had been found, this time included.
        length: How long its body is, where that was known.
    """

    object: CachedObject
    hits: int
    length: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transaction came to.

    Attributes:
        found: The object to use, fresh or stale.
        obligation: The task of storing an object; nobody else has it.
        passes: Whether there is nothing to be had from the cache, nor to be stored.
    """

    found: Found | None = None
    obligation: "Obligation | None" = None
    passes: bool = False


class Transaction:
    """A lookup that may have to wait for what another one is bringing.

    Attributes:
        outcome: What it came to; None while it waits.
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

    def waiting(self) -> "Future[object] | None":
        """What it waits for; None where it has come to something."""
        return None if self._done.done() else self._done

    def result(self) -> Outcome:
        """Wait for what it comes to."""
        self._done.result()
        if self.outcome is None:
            raise ObligationGone("the lookup was cancelled while it waited")
        return self.outcome

    def close(self) -> None:
        """Wait no more, and give up the obligation if it has one."""
        self._data.leave(self)

    def resolved(self) -> None:
        """Wake who waits for it."""
        if not self._done.done():
            self._done.set_result(None)


class Obligation:
    """The task of storing an object that others may wait for. Met or given up once.

    Attributes:
        key: Where it belongs.
        headers: The headers of the request that it comes from.
        variant: Which variant of the key is waited for.
        stale: The object that there is, however old.
        holder: Whose task it is.
        held: Whether it is neither met nor given up; for `CacheData` alone to change.
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

    def insert(
        self, options: WriteOptions, *, headers: RawHeaders | None = None, release: bool = False
    ) -> CachedObject:
        """Store a new object; its body is to be written.

        Args:
            options: How to store it.
            headers: The headers of the request that it is stored for, by default those of the
                request that the obligation comes from.
            release: Send those who wait and cannot use it on their way, one and all, in place of
                obliging one of them.

        Raises:
            ObligationGone: The obligation is not there any more.
        """
        body = StoredBody(options.length)
        asked = self.headers if headers is None else headers
        return self._data.meet(self, asked, options, body, release=release)

    def update(self, options: WriteOptions, *, release: bool = False) -> CachedObject:
        """Store the object that there is anew, with the body it has.

        Args:
            options: How to store it.
            release: As for `insert`.

        Raises:
            ObligationGone: The obligation is not there any more, or there is no object.
        """
        if self.stale is None:
            raise ObligationGone("there is no object to update")
        renewed = self._data.meet(self, self.headers, options, self.stale.body, release=release)
        renewed.hits = self.stale.hits
        return renewed

    def pass_for(self, seconds: int) -> None:
        """Give it up, and let nobody be obliged or wait for so many seconds."""
        self._data.give_up(self, passing=seconds * SECOND, release=True)

    def cancel(self, *, release: bool = False) -> bool:
        """Give it up.

        Args:
            release: Send those who wait on their way, one and all, in place of obliging one.

        Returns:
            Whether it was still there.
        """
        return self._data.give_up(self, passing=0, release=release)
