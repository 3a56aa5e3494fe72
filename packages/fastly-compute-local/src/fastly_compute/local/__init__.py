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
    HealthCheckConfig,
    HostConfig,
    KvItem,
    ServiceInfo,
    ShieldingSite,
    WafVerdict,
    load,
    parse,
)
from fastly_compute.local.host import GuestFailed, Host
from fastly_compute.local.runtime.dispatch import ReuseLimits
from fastly_compute.local.runtime.entry import EntryError
from fastly_compute.local.runtime.limits import Limits
from fastly_compute.local.runtime.native import NativeApp
from fastly_compute.local.runtime.profile_call import profile_call
from fastly_compute.local.runtime.request_record import CallTally, RequestRecord
from fastly_compute.local.runtime.sandbox import Sandbox
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.runtime.unavailable import (
    Unavailable,
    UnavailableInSandbox,
    UnavailableInSandboxWarning,
)
from fastly_compute.local.runtime.wasm import (  # imports world: fills the bindings
    ComponentError,
    WasmApp,
)
from fastly_compute.local.server.downstream import Incoming, RecordedResponse
from fastly_compute.local.server.handoff import Handoff
from fastly_compute.local.server.http_server import Server

__all__ = [
    "AclEntry",
    "BackendConfig",
    "BackendConfigError",
    "CallTally",
    "Clock",
    "ComponentError",
    "ConfigError",
    "EntryError",
    "Geolocation",
    "GuestFailed",
    "Handoff",
    "Health",
    "HealthCheckConfig",
    "Host",
    "HostConfig",
    "Incoming",
    "KvItem",
    "Limits",
    "NativeApp",
    "RecordedResponse",
    "RequestRecord",
    "ReuseLimits",
    "Sandbox",
    "Server",
    "ServiceInfo",
    "ShieldingSite",
    "Trap",
    "Unavailable",
    "UnavailableInSandbox",
    "UnavailableInSandboxWarning",
    "WafVerdict",
    "WasmApp",
    "load",
    "parse",
    "profile_call",
]
