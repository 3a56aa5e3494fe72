"""`fastly:compute/shielding`: other sites to send requests through."""

from urllib.parse import urlsplit

from componentize_py_types import Err
from wit_world.imports.types import Error_GenericError, Error_InvalidArgument

from fastly_compute.local.config import BackendConfig
from fastly_compute.local.interfaces.backend import Backend
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running


class ShieldBackendOptions(Resource):
    """The options of a backend for another site."""

    def __init__(self) -> None:
        self.first_byte_timeout_ms: int | None = None
        self.between_bytes_timeout_ms: int | None = None

    def set_cache_key(self, cache_key: str) -> None:
        """Accept a cache key, which has no effect on this host."""

    def set_first_byte_timeout(self, timeout_ms: int) -> None:
        """Limit the wait for a response."""
        self.first_byte_timeout_ms = timeout_ms

    def set_between_bytes_timeout(self, timeout_ms: int) -> None:
        """Limit each wait for more of a response."""
        self.between_bytes_timeout_ms = timeout_ms


def shield_info(name: str, max_len: int) -> str:
    """Return whether the site is the local one, then its URLs, each followed by a NUL."""
    sites = running().host.config.shielding_sites
    if name not in sites:
        raise Err(Error_InvalidArgument())
    site = sites[name]
    if site is None:
        return fit("\x01\0\0", max_len)
    return fit(f"\0{_with_path(site.unencrypted)}\0{_with_path(site.encrypted)}\0", max_len)


def backend_for_shield(name: str, options: ShieldBackendOptions | None) -> Backend:
    """Make a backend from a URL that `shield-info` returned."""
    sandbox = running()
    given = options or ShieldBackendOptions()
    try:
        config = BackendConfig(
            url=name,
            cert_hostname=urlsplit(name).hostname,
            first_byte_timeout_ms=given.first_byte_timeout_ms,
            between_bytes_timeout_ms=given.between_bytes_timeout_ms,
        )
    except ValueError as error:
        sandbox.host.log(f"backend-for-shield {name!r}: {error}")
        raise Err(Error_InvalidArgument()) from error
    own_name = f"******{name}*****"
    if sandbox.backend(own_name) is not None:
        sandbox.host.log(f"backend-for-shield: a backend for {name!r} already exists")
        raise Err(Error_GenericError())
    sandbox.register_backend(own_name, config)
    return Backend(own_name, config)


def _with_path(url: str) -> str:
    return url if urlsplit(url).path else f"{url}/"
