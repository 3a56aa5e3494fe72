"""The rules of a request for the readthrough cache."""

from dataclasses import dataclass


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
