"""How the platform's cache treats a request."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastly_compute.core import Duration, whole_seconds

_LONGEST_KEY = 1024
_LONGEST_KEYS = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheOptions:
    """How the readthrough cache treats a request and its response (``cache-override`` in the WIT).

    Without any options, the response's headers decide. Options apply to what is stored for this
    request; a response that is already in the cache is not changed.

    Attributes:
        ttl: How long the response is fresh: a `datetime.timedelta` or a number of seconds, whole,
            at least 0 and less than 2^32 s. With 0, no stored response is fresh. None leaves it to
            the response.
        stale_while_revalidate: How long the response may be served stale while it is revalidated,
            in the same range.
        surrogate_key: Keys to purge the response by, in addition to those of its Surrogate-Key
            header: text with spaces between keys, or a sequence of keys. Each is visible ASCII of
            up to 1024 characters, all of them together up to 16 KiB.
        pci: Whether the response must be stored as the PCI and HIPAA rules require: never on disk.
        pass_through: Whether to bypass the cache; excludes all other options.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A value breaks its rule, or is combined with `pass_through`.

    Example:
        >>> from fastly_compute.http import CacheOptions, Request
        >>> cached = CacheOptions(ttl=30, stale_while_revalidate=60, surrogate_key="home news")
        >>> request = Request("GET", "https://news.example/", cache=cached)
    """

    ttl: Duration | None = None
    stale_while_revalidate: Duration | None = None
    surrogate_key: str | Sequence[str] | None = None
    pci: bool = False
    pass_through: bool = False

    def __post_init__(self) -> None:
        for name in ("pci", "pass_through"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {getattr(self, name)!r}")
        overrides = [self.ttl_s, self.stale_while_revalidate_s, self.surrogate_keys]
        if self.pass_through and (self.pci or any(value is not None for value in overrides)):
            raise ValueError("pass_through bypasses the cache: give no other options with it")

    @property
    def ttl_s(self) -> int | None:
        """The time to live in seconds."""
        return None if self.ttl is None else whole_seconds(self.ttl, field="ttl")

    @property
    def stale_while_revalidate_s(self) -> int | None:
        """The time to serve the response stale, in seconds."""
        value = self.stale_while_revalidate
        return None if value is None else whole_seconds(value, field="stale_while_revalidate")

    @property
    def surrogate_keys(self) -> str | None:
        """The keys as they are sent, separated by spaces."""
        if self.surrogate_key is None:
            return None
        keys = self.surrogate_key
        if isinstance(keys, str):
            keys = keys.split(" ")
        if not isinstance(keys, Sequence):
            raise TypeError(
                f"surrogate_key must be a str or a sequence of str, not {type(keys).__name__}"
            )
        for key in keys:
            if not isinstance(key, str):
                kind = type(key).__name__
                raise TypeError(f"each key in surrogate_key must be a str, not {kind}")
            if not (key.isascii() and key.isprintable() and key) or " " in key:
                raise ValueError(
                    f"invalid surrogate_key {key!r}: a key must be visible ASCII and not empty"
                )
            if len(key) > _LONGEST_KEY:
                raise ValueError(
                    f"invalid surrogate_key {key[:32]!r}…: a key must have at most 1024 characters"
                )
        joined = " ".join(keys)
        if not joined or len(joined) > _LONGEST_KEYS:
            raise ValueError("surrogate_key must have 1 to 16384 characters in all")
        return joined
