"""The configuration of a host, read from the ``[local_server]`` of a file or given as values."""

from fastly_compute.local.config.acl import AclEntry
from fastly_compute.local.config.backend import BackendConfig, Health
from fastly_compute.local.config.backend_error import BackendConfigError
from fastly_compute.local.config.files import HostConfig, load, parse
from fastly_compute.local.config.health_check import HealthCheckConfig
from fastly_compute.local.config.kv import KvItem
from fastly_compute.local.config.lookups import Geolocation
from fastly_compute.local.config.service import Product, ServiceInfo
from fastly_compute.local.config.shielding import ShieldingSite
from fastly_compute.local.config.table import ConfigError
from fastly_compute.local.config.waf import WafVerdict

__all__ = [
    "AclEntry",
    "BackendConfig",
    "BackendConfigError",
    "ConfigError",
    "Geolocation",
    "Health",
    "HealthCheckConfig",
    "HostConfig",
    "KvItem",
    "Product",
    "ServiceInfo",
    "ShieldingSite",
    "WafVerdict",
    "load",
    "parse",
]
