"""Secrets of Fastly Compute: open a secret store, look up a secret, read it when you need it."""

from fastly_compute.secret_store.errors import (
    InvalidName,
    SecretNotFound,
    SecretNotText,
    SecretStoreCallFailed,
    SecretStoreError,
    SecretStoreNameRefused,
    SecretStoreNotFound,
    SecretStoreUnsupported,
    SecretTooLarge,
)
from fastly_compute.secret_store.secret import Secret
from fastly_compute.secret_store.store import SecretStore

__all__ = [
    "InvalidName",
    "Secret",
    "SecretNotFound",
    "SecretNotText",
    "SecretStore",
    "SecretStoreCallFailed",
    "SecretStoreError",
    "SecretStoreNameRefused",
    "SecretStoreNotFound",
    "SecretStoreUnsupported",
    "SecretTooLarge",
]
