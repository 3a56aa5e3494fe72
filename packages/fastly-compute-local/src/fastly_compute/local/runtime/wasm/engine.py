"""The engine that components are compiled with and run on."""

from wasmtime import Config, Engine
from wasmtime import _ffi as ffi


def make_engine() -> Engine:
    """Make an engine whose components can be interrupted, by epochs."""
    config = Config()
    config.epoch_interruption = True
    # No component of the WIT is asynchronous. And with concurrency, wasmtime 50 fails when a call
    # passes two borrowed resources (tests/upstream/wasmtime_borrows).
    ffi.wasmtime_config_concurrency_support_set(config.ptr(), False)
    return Engine(config)
