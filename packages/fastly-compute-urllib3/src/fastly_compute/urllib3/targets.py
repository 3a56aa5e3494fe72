"""Which backend the requests of a connection go to, and how the cache treats them."""

from dataclasses import dataclass
from typing import Final

from fastly_compute.backend import Backend, BackendOptions
from fastly_compute.backend.adapting import BackendLike, Keywords, backend_for, checked_backend
from fastly_compute.http import CacheOptions

_BYPASS = CacheOptions(pass_through=True)
_KEYWORDS: Final = Keywords(
    timeouts="timeout=",
    others="TLS or socket options",
    ignoring="pass ignore_timeout=True to the PoolManager, pool or connection",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the requests of a connection go.

    Attributes:
        backend: A backend, its name, or the configuration of a dynamic one; None for the dynamic
            backend of each URL.
        cache: How the cache treats requests; None to bypass it.
        ignore_timeout: Whether timeouts are ignored where the backend has its own.

    Raises:
        TypeError: A value is of another type.
    """

    backend: BackendLike | None = None
    cache: CacheOptions | None = None
    ignore_timeout: bool = False

    def __post_init__(self) -> None:
        checked_backend(self.backend)
        if self.cache is not None and not isinstance(self.cache, CacheOptions):
            raise TypeError(f"cache must be CacheOptions, not {type(self.cache).__name__}")

    @property
    def cache_options(self) -> CacheOptions:
        """The cache options of a request."""
        return _BYPASS if self.cache is None else self.cache

    def of(self, url: str, timeouts: BackendOptions, others: BackendOptions) -> Backend | str:
        """Find the backend of a request.

        Args:
            url: Its URL.
            timeouts: The timeouts that it was given.
            others: The other options that its connection was given.

        Returns:
            The backend, or its name.

        Raises:
            BackendError: The backend does not exist, or the app's policy forbids it.
            ValueError: An option would have no effect.
        """
        return backend_for(
            url,
            self.backend,
            _KEYWORDS,
            timeouts=timeouts,
            others=others,
            ignore_timeout=self.ignore_timeout,
        )


BY_URL = Target()
"""The dynamic backend of each URL, without the cache."""
