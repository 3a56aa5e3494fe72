"""Configuration of Fastly Compute: open a config store, and look up its values."""

from fastly_compute.config_store.errors import (
    ConfigKeyNotFound,
    ConfigKeyRefused,
    ConfigStoreCallFailed,
    ConfigStoreError,
    ConfigStoreNameRefused,
    ConfigStoreNotFound,
    ConfigStoreUnsupported,
    InvalidConfigName,
)
from fastly_compute.config_store.store import ConfigStore

__all__ = [
    "ConfigKeyNotFound",
    "ConfigKeyRefused",
    "ConfigStore",
    "ConfigStoreCallFailed",
    "ConfigStoreError",
    "ConfigStoreNameRefused",
    "ConfigStoreNotFound",
    "ConfigStoreUnsupported",
    "InvalidConfigName",
]
