"""How the platform's cache treats a request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from fastly_compute.core import Duration, milliseconds, whole_seconds
from fastly_compute.http.surrogate_keys import joined_keys

if TYPE_CHECKING:
    from fastly_compute.http.backend_request import BackendRequest
    from fastly_compute.http.candidate import CandidateResponse

BeforeSend: TypeAlias = "Callable[[BackendRequest], None]"
"""A function that may change a request that the cache cannot answer."""

AfterSend: TypeAlias = "Callable[[CandidateResponse], None]"
"""A function that may change a response, and how it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheOptions:
    """How the readthrough cache treats a request and its response (``cache-override`` in the WIT).

    Without any options, the response's headers decide. Options apply to what is stored for this
    request; a response that is already in the cache is not changed.

    With `before_send`, `after_send`, `key` or `stale_if_error`, the app itself looks up and stores
    the response (the WIT's ``http-cache``), if the method is GET or HEAD. Viceroy does not have
    that: sending the request raises `HttpCacheUnsupported` there.

    Attributes:
        ttl: How long the response is fresh: a `datetime.timedelta` or a number of seconds, whole,
            at least 0 and less than 2^32 s. With 0, no stored response is fresh. None leaves it to
            the response.
        stale_while_revalidate: How long the response may be served stale while it is revalidated,
            in the same range.
        stale_if_error: How long the response may be served stale if revalidating it fails, in the
            same range.
        surrogate_key: Keys to purge the response by, in addition to those of its Surrogate-Key
            header: text with spaces between keys, or a sequence of keys. Each is visible ASCII of
            up to 1024 characters, all of them together up to 16 KiB.
        pci: Whether the response must be stored as the PCI and HIPAA rules require: never on disk.
        key: Text or bytes that replace the URL as the cache key, not empty. Their SHA-256 is used.
        lookup_timeout: The longest time to wait for another request that fetches the same response:
            a `datetime.timedelta` or a number of seconds, more than 0 and less than 2^32 ms. After
            that, the request fails with `ResponseTimeout`; it is not sent.
        before_send: Called with the `BackendRequest` before it goes to the backend. It may change
            the headers. It is called neither if the cache has the response, nor if it has a record
            that the response is not cacheable (see `CandidateResponse.set_uncacheable`).
        after_send: Called with the backend's response, a `CandidateResponse`, before it is stored.
            It may change the response, and whether and how long it is stored.
        pass_through: Whether to bypass the cache; excludes all other options.

    An exception in a hook is raised by the call that sends or awaits the request; another request
    that waits for the same response then fetches it.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A value breaks its rule, or is combined with `pass_through`.

    Example:
        >>> from fastly_compute.http import CacheOptions, CandidateResponse, Request
        >>> cached = CacheOptions(ttl=30, stale_while_revalidate=60, surrogate_key="home news")
        >>> request = Request("GET", "https://news.example/", cache=cached)
        >>> def keep_longer(candidate: CandidateResponse) -> None:
        ...     if candidate.headers.get("content-type") == "image/png":
        ...         candidate.ttl = 86400
        >>> hooked = CacheOptions(after_send=keep_longer)
    """

    ttl: Duration | None = None
    stale_while_revalidate: Duration | None = None
    surrogate_key: str | Sequence[str] | None = None
    pci: bool = False
    pass_through: bool = False
    stale_if_error: Duration | None = None
    lookup_timeout: Duration | None = None
    key: str | bytes | None = field(default=None, repr=False)
    before_send: "BeforeSend | None" = None
    after_send: "AfterSend | None" = None

    def __post_init__(self) -> None:
        for name in ("pci", "pass_through"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {getattr(self, name)!r}")
        for name in ("before_send", "after_send"):
            hook = getattr(self, name)
            if hook is not None and not callable(hook):
                raise TypeError(f"{name} must be a function, not {type(hook).__name__}")
        overrides: list[object] = [self.ttl_s, self.stale_while_revalidate_s, self.surrogate_keys]
        overrides += [self.stale_if_error_s, self.key_hash, self.lookup_timeout_ms]
        given = self.pci or any(value is not None for value in overrides) or self.is_guest_cached
        if self.pass_through and given:
            raise ValueError("pass_through bypasses the cache: give no other options with it")

    @property
    def ttl_s(self) -> int | None:
        """The time to live in seconds."""
        return _seconds(self.ttl, "ttl")

    @property
    def stale_while_revalidate_s(self) -> int | None:
        """The time to serve the response stale while it is revalidated, in seconds."""
        return _seconds(self.stale_while_revalidate, "stale_while_revalidate")

    @property
    def stale_if_error_s(self) -> int | None:
        """The time to serve the response stale if revalidating it fails, in seconds."""
        return _seconds(self.stale_if_error, "stale_if_error")

    @property
    def lookup_timeout_ms(self) -> int | None:
        """The longest time to wait for another request, in milliseconds."""
        if self.lookup_timeout is None:
            return None
        limit = milliseconds(self.lookup_timeout, field="lookup_timeout")
        if not limit:
            raise ValueError("lookup_timeout must be more than 0")
        return limit

    @property
    def surrogate_keys(self) -> str | None:
        """The keys as they are sent, separated by spaces."""
        keys = self.surrogate_key
        return None if keys is None else joined_keys(keys, field="surrogate_key")

    @property
    def key_hash(self) -> bytes | None:
        """The cache key as it is sent."""
        key = self.key
        if key is None:
            return None
        if not isinstance(key, str | bytes):
            raise TypeError(f"key must be a str or bytes, not {type(key).__name__}")
        if not key:
            raise ValueError("key must not be empty")
        return sha256(key.encode() if isinstance(key, str) else key).digest()

    @property
    def is_guest_cached(self) -> bool:
        """Whether the app itself looks up and stores the response."""
        return not (
            self.after_send is None
            and self.before_send is None
            and self.key is None
            and self.stale_if_error is None
        )


def _seconds(value: Duration | None, name: str) -> int | None:
    return None if value is None else whole_seconds(value, field=name)
