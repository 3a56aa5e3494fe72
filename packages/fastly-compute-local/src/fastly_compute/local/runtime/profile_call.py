"""Counting and timing what a guest calls."""

import time
from collections.abc import Callable

from fastly_compute.local.runtime.sandbox import running

_READ = "http-body.read"
_WRITTEN = frozenset({"http-body.write", "http-body.write_front"})


def profile_call(
    label: str, function: Callable[..., object], arguments: tuple[object, ...]
) -> object:
    """Count and time a host call in the record of its request; this is a `Host.interpose`.

    Args:
        label: Its name, such as ``http-body.read``.
        function: Its implementation.
        arguments: Its arguments.
    """
    sandbox = running()
    record = sandbox.exchange.record
    if record is None or sandbox.nested:
        return function(*arguments)
    started = time.perf_counter()
    try:
        result = function(*arguments)
    finally:
        record.called(label, time.perf_counter() - started)
    if label == _READ and isinstance(result, bytes):
        record.guest_read_bytes += len(result)
    elif label in _WRITTEN and isinstance(arguments[1], bytes):
        record.guest_written_bytes += len(arguments[1])
    return result
