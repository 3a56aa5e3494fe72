"""End a guest's sleep at its time limit: no epoch interrupts wasmtime's waits for a clock."""

import time
from ctypes import byref
from typing import Any

from wasmtime import Engine, StoreContext, WasmtimeError
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Func, Linker

from fastly_compute.local.runtime.sandbox import running

_CLOCK = "wasi:clocks/monotonic-clock@0.2."

# How long after the time limit a wait ends: late enough for the next epoch to end the guest.
_GRACE_SECONDS = 0.25
_NANOSECONDS = 10**9
_VERSIONS = 100

# A host function cannot call another one; a component can, and forwards what it returns.
_PASSING = """
(component
  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $same (eq $outer)))
    (export "now" (func (result u64)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $same))))))
  (core func $now (canon lower (func $clock "now")))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core module $passing
    (import "clock" "now" (func $now (result i64)))
    (import "clock" "subscribe" (func $subscribe (param i64) (result i32)))
    (func (export "now") (result i64) call $now)
    (func (export "subscribe") (param i64) (result i32) local.get 0 call $subscribe))
  (core instance $instance (instantiate $passing (with "clock" (instance
    (export "now" (func $now))
    (export "subscribe" (func $subscribe))))))
  (func (export "now") (result u64) (canon lift (core func $instance "now")))
  (func (export "subscribe") (param "when" u64) (result (own $pollable))
    (canon lift (core func $instance "subscribe")))
)
"""


class Waits:
    """Shortens a guest's subscriptions to the clock to its time limit.

    Attributes:
        clock: The name of the interface in which its functions replace wasmtime's.

    Args:
        engine: The engine that compiled the guest's component.

    Raises:
        WasmtimeError: The engine has no clock of WASI 0.2.
    """

    def __init__(self, engine: Engine) -> None:
        self.clock = clock_of(engine)
        self._linker = Linker(engine)
        self._linker.add_wasip2()
        self._component = Component(engine, _PASSING)
        self._instances: dict[str, tuple[Func, Func]] = {}

    def subscribe_duration(self, context: Any, duration: int, target: Any) -> None:
        """Let a guest wait for some nanoseconds."""
        _, subscribe = self._functions(context)
        _call(subscribe, context, [_shortened(duration)], target)

    def subscribe_instant(self, context: Any, instant: int, target: Any) -> None:
        """Let a guest wait until its clock shows *instant*."""
        now, _ = self._functions(context)
        shows = ffi.wasmtime_component_val_t()
        _call(now, context, [], shows)
        self.subscribe_duration(context, max(instant - shows.of.u64, 0), target)

    def _functions(self, context: Any) -> tuple[Func, Func]:
        """Return the clock's functions for the guest of the current sandbox."""
        sandbox = running()
        if sandbox.id not in self._instances:
            store = StoreContext(context)
            instance = self._linker.instantiate(store, self._component)
            now, subscribe = (instance.get_func(store, name) for name in ("now", "subscribe"))
            if now is None or subscribe is None:
                raise AssertionError("the component lacks its own exports")
            self._instances[sandbox.id] = now, subscribe
            sandbox.call_at_end(lambda: self._forget(sandbox.id))
        return self._instances[sandbox.id]

    def _forget(self, sandbox_id: str) -> None:
        del self._instances[sandbox_id]


def clock_of(engine: Engine) -> str:
    """Return the name of wasmtime's clock, which depends on its version of WASI.

    Args:
        engine: The engine.

    Raises:
        WasmtimeError: The engine has no clock of WASI 0.2.
    """
    linker = Linker(engine)
    linker.add_wasip2()
    with linker.root() as root:
        for version in range(_VERSIONS):
            name = f"{_CLOCK}{version}"
            with root.add_instance(name) as instance:
                try:
                    instance.add_func("now", lambda _store: 0)
                except WasmtimeError:  # it is defined already
                    return name
    raise WasmtimeError(f"this wasmtime has no {_CLOCK}x")


def _shortened(duration: int) -> int:
    deadline = running().deadline
    if deadline is None:
        return duration
    left = deadline - time.monotonic() + _GRACE_SECONDS
    return min(duration, max(int(left * _NANOSECONDS), 0))


def _call(function: Func, context: Any, arguments: list[int], target: Any) -> None:
    values = (ffi.wasmtime_component_val_t * len(arguments))()
    for value, number in zip(values, arguments, strict=True):
        value.kind = ffi.WASMTIME_COMPONENT_U64
        value.of.u64 = number
    error = ffi.wasmtime_component_func_call(
        byref(function._func), context, values, len(arguments), byref(target), 1
    )
    if error:
        raise WasmtimeError._from_ptr(error)
