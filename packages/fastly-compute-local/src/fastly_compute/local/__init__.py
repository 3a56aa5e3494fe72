"""Fastly Compute on your machine: one model of the platform, run natively or on wasmtime."""

from fastly_compute.local import wit as _wit  # noqa: F401 - first: the rest imports what it loads
from fastly_compute.local.clock import Clock
from fastly_compute.local.config import (
    AclEntry,
    BackendConfig,
    BackendConfigError,
    ConfigError,
    Geolocation,
    Health,
    HealthCheck,
    KvItem,
    LocalServer,
    ShieldingSite,
    load,
    parse,
)
from fastly_compute.local.dispatch import Reuse
from fastly_compute.local.downstream import Answer, Incoming
from fastly_compute.local.entry import EntryError
from fastly_compute.local.handoff import HandOff
from fastly_compute.local.host import GuestFailed, Host
from fastly_compute.local.limits import Limits
from fastly_compute.local.native import NativeApp
from fastly_compute.local.sandbox import Sandbox
from fastly_compute.local.server import Server
from fastly_compute.local.trap import Trap
from fastly_compute.local.wasm import ComponentError, WasmApp  # imports world: fills the bindings

__all__ = [
    "AclEntry",
    "Answer",
    "BackendConfig",
    "BackendConfigError",
    "Clock",
    "ComponentError",
    "ConfigError",
    "EntryError",
    "Geolocation",
    "GuestFailed",
    "HandOff",
    "Health",
    "HealthCheck",
    "Host",
    "Incoming",
    "KvItem",
    "Limits",
    "LocalServer",
    "NativeApp",
    "Reuse",
    "Sandbox",
    "Server",
    "ShieldingSite",
    "Trap",
    "WasmApp",
    "load",
    "parse",
]
