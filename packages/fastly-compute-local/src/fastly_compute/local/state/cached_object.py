"""One object in the cache, with what it was stored with."""

from dataclasses import dataclass, field

from fastly_compute.local.state.stored_body import StoredBody
from fastly_compute.local.state.vary import NO_VARY, VaryRule

SECOND = 1_000_000_000
"""Nanoseconds: the unit of every time in the cache, as in the WIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """What the readthrough cache keeps of a response beside its body.

    Attributes:
        status: The status.
        headers: The fields that may be stored, in their order.
        http_version: The origin's, such as ``HTTP/1.1``.
        remote_addr: The address of the origin that answered.
    """

    status: int
    headers: tuple[tuple[str, bytes], ...] = field(repr=False)
    http_version: str
    remote_addr: tuple[str, int]

    def first(self, name: str) -> bytes | None:
        """Return the first value of a field, by its lower-case name."""
        return next((value for field, value in self.headers if field.lower() == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How an object is stored: `write-options` of the WIT's `cache`, in nanoseconds.

    Attributes:
        max_age: How old it may get and still be fresh.
        initial_age: How old it is when it is stored.
        stale_while_revalidate: How much longer it may be used while a new one is on the way.
        edge_max_age: How old it may get near the client, at most `max_age`; kept, and of no
            effect where there is one cache. None is `max_age`.
        vary: The request headers that it depends on.
        surrogate_keys: What it can be purged by.
        length: How long its body is going to be, where that is known.
        user_metadata: Bytes kept beside it.
        sensitive: Whether it must never be written to disk, which this cache does with none.
        head: The head of the response that it is, where the readthrough cache stores it.
    """

    max_age: int
    initial_age: int = 0
    stale_while_revalidate: int = 0
    edge_max_age: int | None = None
    vary: VaryRule = NO_VARY
    surrogate_keys: frozenset[str] = frozenset()
    length: int | None = None
    user_metadata: bytes = field(default=b"", repr=False)
    sensitive: bool = False
    head: ResponseHead | None = None

    def __post_init__(self) -> None:
        if self.edge_max_age is not None and self.edge_max_age > self.max_age:
            raise ValueError(
                f"edge_max_age {self.edge_max_age} ns is more than max_age {self.max_age} ns"
            )


class CachedObject:
    """An object, as old as it is.

    Args:
        options: What it is stored with.
        body: Its content, which may still be coming in.
        now: The time, in nanoseconds.

    Attributes:
        options: What it was stored with.
        body: Its content.
        hits: How often a lookup found it.
        used: When it was stored or found last; a greater number is later. For `CacheData` alone.
    """

    def __init__(self, options: WriteOptions, body: StoredBody, now: int) -> None:
        self.options = options
        self.body = body
        self.hits = 0
        self.used = 0
        self._born = now - options.initial_age
        self._purged: int | None = None

    def age(self, now: int) -> int:
        """Tell how old it is, in nanoseconds."""
        return now - self._born

    def fresh(self, now: int) -> bool:
        """Tell whether it can be used as it is."""
        return self._purged is None and self.age(now) < self.options.max_age

    def usable(self, now: int) -> bool:
        """Tell whether it can be used, if only while a new one is on the way."""
        end = self._born + self.options.max_age
        if self._purged is not None and self.options.head is not None:
            # A response that is soft-purged is one whose time is up. For any other object, a soft
            # purge asks for a new one and leaves the old one usable, as on Viceroy.
            end = min(end, self._purged)
        return now < end + self.options.stale_while_revalidate

    def soft_purge(self, now: int) -> None:
        """Make it stale."""
        if self._purged is None:
            self._purged = now
