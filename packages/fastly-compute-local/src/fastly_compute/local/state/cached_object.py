"""One object in the cache, with the options it was stored with."""

from dataclasses import dataclass, field

from fastly_compute.local.state.stored_body import StoredBody
from fastly_compute.local.state.vary import NO_VARY, VaryRule

SECOND = 1_000_000_000
"""Nanoseconds: the unit of every time in the cache, as in the WIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """The head of a response in the readthrough cache.

    Attributes:
        status: The status.
        headers: The headers that may be stored, in order.
        http_version: The origin's version, such as ``HTTP/1.1``.
        remote_addr: The address of the origin that responded; None if the guest made it.
    """

    status: int
    headers: tuple[tuple[str, bytes], ...] = field(repr=False)
    http_version: str
    remote_addr: tuple[str, int] | None

    def first(self, name: str) -> bytes | None:
        """Return the first value of a header, by its lower-case name."""
        return next((value for field, value in self.headers if field.lower() == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How an object is stored: `write-options` of the WIT's `cache`, in nanoseconds.

    max_age: The age up to which it is fresh.
    initial_age: Its age when it is stored.
    stale_while_revalidate: How much longer it may be used while a new one is fetched.
    stale_if_error: How much longer it may be used if fetching a new one fails.
    edge_max_age: The age up to which it is fresh near the client, at most `max_age`; without
        effect here, where there is only one cache. None means `max_age`.
    vary: The request headers that it depends on.
    surrogate_keys: The keys to purge it by.
    length: The length of its body, if known.
    user_metadata: Bytes stored with it.
    sensitive: Whether it must never be written to disk; this cache never writes to disk.
    head: The head of the response, if the readthrough cache stores it.
    """

    max_age: int
    initial_age: int = 0
    stale_while_revalidate: int = 0
    stale_if_error: int = 0
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
    """An object with its age.

    Args:
        options: The options it is stored with.
        body: Its content, which may still be arriving.
        now: The time, in nanoseconds.

    Attributes:
        options: The options it was stored with.
        body: Its content.
        hits: How often a lookup found it.
        used: When it was last stored or found; a greater number is later. For `CacheData` only.
    """

    def __init__(self, options: WriteOptions, body: StoredBody, now: int) -> None:
        self.options = options
        self.body = body
        self.hits = 0
        self.used = 0
        self._born = now - options.initial_age
        self._purged: int | None = None

    def note_use(self, use: int, *, found: bool) -> None:
        """Count a use; for `CacheData` only.

        Args:
            use: The number of the use, greater than that of the last one.
            found: Whether a lookup found it; otherwise it was stored.
        """
        self.used = use
        self.hits += found

    def renew(self, before: "CachedObject") -> None:
        """Continue the count of an object that this one replaces."""
        self.hits = before.hits

    def age(self, now: int) -> int:
        """Return its age in nanoseconds."""
        return now - self._born

    def fresh(self, now: int) -> bool:
        """Return whether it can be used without fetching a new one."""
        return self._purged is None and self.age(now) < self.options.max_age

    def usable(self, now: int) -> bool:
        """Return whether it can be used, at least while a new one is fetched."""
        return now < self._end + self.options.stale_while_revalidate

    def usable_if_error(self, now: int) -> bool:
        """Return whether it can be used if fetching a new one fails."""
        return now < self._end + self.options.stale_if_error

    @property
    def _end(self) -> int:
        """The time until which it is fresh."""
        end = self._born + self.options.max_age
        if self._purged is not None and self.options.head is not None:
            # A soft purge ends the lifetime of a response. For any other object, it requests a new
            # one and leaves the old one usable, as on Viceroy.
            return min(end, self._purged)
        return end

    def soft_purge(self, now: int) -> None:
        """Mark it stale."""
        if self._purged is None:
            self._purged = now
