"""Which backend a request goes to: that of the request, of its adapter, or of its URL."""

from fastly_compute.backend import Backend, BackendOptions, DynamicBackendConfig
from fastly_compute.backend.adapting import checked_backend, dynamic_backend
from fastly_compute.requests.keywords import BackendLike
from fastly_compute.requests.send_options import SendOptions


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
    timeouts, tls = options.timeouts(), options.tls()
    backend = default if options.backend is None else checked_backend(options.backend)
    if backend is None or isinstance(backend, DynamicBackendConfig):
        both: BackendOptions = {**timeouts, **tls}
        return dynamic_backend(url, backend, **both)
    if tls:
        raise ValueError(
            "verify= and cert= have no effect on a backend that is given: configure them there, "
            "or leave the backend out"
        )
    if timeouts and not ignore_timeout:
        raise ValueError(
            "timeout= and fastly_timeout= have no effect on a backend that is given, which has "
            "its own: configure them there, leave the backend out, or mount a "
            "BackendAdapter(..., ignore_timeout=True)"
        )
    return backend
