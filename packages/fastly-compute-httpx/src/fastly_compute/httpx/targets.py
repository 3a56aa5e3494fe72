"""Which backend a request goes to: its own, that of its transport, or that of its URL."""

from dataclasses import dataclass
from typing import Final, cast

import httpx
from fastly_compute.backend import Backend, BackendOptions, DynamicBackendConfig
from fastly_compute.backend.adapting import (
    BackendLike,
    checked_backend,
    dynamic_backend,
    explicit_backend,
)
from fastly_compute.httpx.timeouts import backend_options, is_given, timeouts_of

BACKEND: Final = "fastly_backend"
"""The extension with the backend of one request."""

_ORIGIN: Final = "fastly_backend_origin"


def own_backend(request: httpx.Request) -> BackendLike | None:
    """Find the backend that a request was given.

    httpx copies the extensions of a request to those that it is redirected to: there, the backend
    only counts for the same origin.

    Args:
        request: The request, in whose extensions the origin is noted.

    Returns:
        The backend, or None.

    Raises:
        TypeError: The extension is not a backend.
    """
    backend: BackendLike | None = checked_backend(request.extensions.get(BACKEND))
    if backend is None:
        return None
    url = request.url
    origin = (url.scheme, url.host, url.port)
    return backend if request.extensions.setdefault(_ORIGIN, origin) == origin else None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a transport sends requests that do not name a backend.

    Attributes:
        backend: The backend; None for that of each URL.
        tls: The options for TLS, for requests to ``https`` URLs.
        ignore_timeout: Whether a timeout is ignored where the backend has its own.
    """

    backend: BackendLike | None
    tls: BackendOptions
    ignore_timeout: bool

    def of(self, request: httpx.Request, url: str) -> Backend | str:
        """Find the backend of a request.

        Args:
            request: The request.
            url: Its URL, as it is sent.

        Returns:
            The backend, or its name.

        Raises:
            BackendError: The backend does not exist, or the app's policy forbids it.
            TypeError: The extension is not a backend.
            ValueError: A timeout is out of range, or would have no effect.
        """
        backend = own_backend(request) or self.backend or explicit_backend(url)
        timeouts = timeouts_of(request)
        if backend is None or isinstance(backend, DynamicBackendConfig):
            options = backend_options(timeouts)
            if backend is not None and not is_given(timeouts):
                options = _missing_in(backend, options)
            if request.url.scheme == "https":
                options = {**options, **self.tls}
            return dynamic_backend(url, backend, **options)
        if self.tls:
            raise ValueError(
                "verify= and cert= have no effect on a backend that is given: configure them "
                "there, or leave the backend out"
            )
        if is_given(timeouts) and not self.ignore_timeout:
            raise ValueError(
                "timeout= has no effect on a backend that is given, which has its own timeouts: "
                "configure them there, leave the backend out, or pass ignore_timeout=True to the "
                "client or transport"
            )
        return backend


def _missing_in(config: DynamicBackendConfig, options: BackendOptions) -> BackendOptions:
    """Leave out the options that a configuration has: nobody asked for the default timeouts."""
    missing = {name: value for name, value in options.items() if getattr(config, name) is None}
    return cast("BackendOptions", missing)
