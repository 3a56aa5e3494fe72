"""`fastly:compute/purge`: purging objects from the core cache and the readthrough cache."""

import json
import secrets

from componentize_py_types import Err
from wit_world.imports.purge import PurgeOptions
from wit_world.imports.types import Error_InvalidArgument

from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.state.surrogate_keys import surrogate_key


def purge_surrogate_key(surrogate_keys: str, purge_options: PurgeOptions) -> None:
    """Purge objects by surrogate key; only one, despite the WIT's plural, as on Viceroy."""
    host = running().host
    try:
        key = surrogate_key(surrogate_keys)
    except ValueError as error:
        host.log(f"purge.purge-surrogate-key: {error}")
        raise Err(Error_InvalidArgument()) from error
    host.cache.purge(key, soft=purge_options.soft_purge)


def purge_surrogate_key_verbose(
    surrogate_keys: str, purge_options: PurgeOptions, max_len: int
) -> str:
    """Purge objects by surrogate key, and return the purge API's JSON response."""
    answer = fit(json.dumps({"status": "ok", "id": secrets.token_hex(12)}), max_len)
    purge_surrogate_key(surrogate_keys, purge_options)
    return answer
