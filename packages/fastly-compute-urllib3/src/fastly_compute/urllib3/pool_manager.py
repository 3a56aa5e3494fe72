"""A pool manager of urllib3 whose requests go to backends."""

from typing import Any

import urllib3
from fastly_compute.backend.adapting import BackendLike
from fastly_compute.http import CacheOptions
from fastly_compute.urllib3.connections import HTTPConnectionPool, HTTPSConnectionPool
from fastly_compute.urllib3.targets import Target


class PoolManager(urllib3.PoolManager):
    """``urllib3.PoolManager``, whose requests go to backends.

    It needs no `inject_into_urllib3`, and leaves urllib3 as it is.

    Args:
        num_pools: As for urllib3.
        headers: As for urllib3.
        backend: A backend, its name, or the configuration of a dynamic one, for all requests; None
            for the dynamic backend of each URL, if the app's policy allows it.
        cache: How the cache treats requests. None bypasses it, as a client of urllib3 expects:
            ``CacheOptions()`` lets the responses' headers decide.
        ignore_timeout: Whether timeouts are ignored where the backend is given by name or as a
            `Backend`, and has its own. Otherwise they are refused.
        **connection_pool_kw: As for urllib3.

    Raises:
        TypeError: ``backend`` or ``cache`` is of another type.

    Example:
        >>> from fastly_compute.urllib3 import PoolManager
        >>> def weather(city: str) -> bytes:
        ...     http = PoolManager(timeout=5)
        ...     return http.request("GET", f"https://weather.example/{city}").data
    """

    def __init__(
        self,
        num_pools: int = 10,
        headers: Any = None,
        *,
        backend: BackendLike | None = None,
        cache: CacheOptions | None = None,
        ignore_timeout: bool = False,
        **connection_pool_kw: Any,
    ) -> None:
        Target(backend, cache)
        super().__init__(num_pools, headers, **connection_pool_kw)
        self.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        self._target_options = {
            "backend": backend,
            "cache": cache,
            "ignore_timeout": ignore_timeout,
        }

    def _new_pool(
        self,
        scheme: str,
        host: str,
        port: int,
        request_context: dict[str, Any] | None = None,
    ) -> urllib3.HTTPConnectionPool:
        context = self.connection_pool_kw if request_context is None else request_context
        return super()._new_pool(scheme, host, port, {**context, **self._target_options})
