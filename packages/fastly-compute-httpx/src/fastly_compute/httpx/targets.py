"""Which backend a request goes to: its own, that of its transport, or that of its URL."""

from dataclasses import dataclass
from typing import Final

import httpx
from fastly_compute.backend import Backend, BackendOptions
from fastly_compute.backend.adapting import BackendLike, Keywords, backend_for, checked_backend
from fastly_compute.httpx.timeouts import backend_options, is_given, timeouts_of

BACKEND: Final = "fastly_backend"
"""The extension with the backend of one request."""

_ORIGIN: Final = "fastly_backend_origin"
_KEYWORDS: Final = Keywords(
    timeouts="timeout=",
    others="verify= and cert=",
    ignoring="pass ignore_timeout=True to the client or transport",
)


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
        tls: The options for TLS.
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
        timeouts = timeouts_of(request)
        options, none = backend_options(timeouts), BackendOptions()
        given = is_given(timeouts)
        return backend_for(
            url,
            own_backend(request) or self.backend,
            _KEYWORDS,
            timeouts=options if given else none,
            others=self.tls,
            defaults=none if given else options,
            ignore_timeout=self.ignore_timeout,
        )
