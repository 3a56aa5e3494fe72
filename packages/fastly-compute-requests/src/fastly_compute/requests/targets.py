"""Which backend a request goes to: that of the request, of its adapter, or of its URL."""

from typing import Final

from fastly_compute.backend import Backend
from fastly_compute.backend.adapting import Keywords, backend_for, checked_backend
from fastly_compute.requests.keywords import BackendLike
from fastly_compute.requests.send_options import SendOptions

_KEYWORDS: Final = Keywords(
    timeouts="timeout= or fastly_timeout=",
    others="verify= and cert=",
    ignoring="mount a BackendAdapter(..., ignore_timeout=True)",
)


def target_of(
    url: str, options: SendOptions, default: BackendLike, *, ignore_timeout: bool
) -> Backend | str:
    """Find the backend of a request.

    Args:
        url: Its URL.
        options: What it was told, the backend included.
        default: The backend of the adapter, for a request that was given none.
        ignore_timeout: Whether timeouts are ignored where the backend has its own.

    Returns:
        The backend, or its name.

    Raises:
        BackendError: The backend does not exist, or the app's policy forbids it.
        NotImplementedError: Certificates are not to be verified, or are files.
        TypeError: The backend is nothing of the kind.
        ValueError: Something cannot be had with a backend that is given.
    """
    backend = default if options.backend is None else checked_backend(options.backend)
    if options.are_default:
        return backend_for(url, backend, _KEYWORDS)
    return backend_for(
        url,
        backend,
        _KEYWORDS,
        timeouts=options.timeouts(),
        others=options.tls(),
        ignore_timeout=ignore_timeout,
    )
