"""The bindings of ``fastly:compute/shielding``; their errors become this package's exceptions."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings, read_sized
from fastly_compute.shielding.errors import FINDING, shielding_error
from fastly_compute.shielding.options import Options

if TYPE_CHECKING:
    from wit_world.imports import backend, shielding
else:
    shielding = bindings.interface("shielding")


def shield_info(name: str) -> str:
    """Look up a shield: whether it is this site, then its URLs, with a NUL after each."""
    try:
        return read_sized(lambda size: shielding.shield_info(name, size))
    except bindings.Err as err:
        raise shielding_error(
            err.value, "shielding.shield-info", subject=name, classes=FINDING
        ) from None


def backend_for_shield(name: str, url: str, options: Options) -> "tuple[str, backend.Backend]":
    """Make a backend of a shield's URL, and return its name as well."""
    with shielding.ShieldBackendOptions() as given:
        if options.cache_key is not None:
            given.set_cache_key(options.cache_key)
        if options.first_byte_timeout_ms is not None:
            given.set_first_byte_timeout(options.first_byte_timeout_ms)
        if options.between_bytes_timeout_ms is not None:
            given.set_between_bytes_timeout(options.between_bytes_timeout_ms)
        try:
            made = shielding.backend_for_shield(url, given)
        except bindings.Err as err:
            raise shielding_error(err.value, "shielding.backend-for-shield", subject=name) from None
    return made.get_name(), made
