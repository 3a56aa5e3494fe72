"""`fastly:compute/device-detection`: device data by user agent."""

import json
from collections.abc import Mapping

from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.runtime.sandbox import running


def lookup(user_agent: str, max_len: int) -> str | None:
    """Return the configured data for a User-Agent as JSON."""
    fields = running().host.config.device_detection.get(user_agent)
    return None if fields is None else fit(json.dumps(_plain(fields), ensure_ascii=False), max_len)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return value
