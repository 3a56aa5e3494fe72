"""What a host is configured with: the ``[local_server]`` of a file, or the same as values."""

from fastly_compute.local.config.backend import BackendConfig, BackendConfigError, Health
from fastly_compute.local.config.files import LocalServer, load, parse
from fastly_compute.local.config.table import ConfigError

__all__ = [
    "BackendConfig",
    "BackendConfigError",
    "ConfigError",
    "Health",
    "LocalServer",
    "load",
    "parse",
]
