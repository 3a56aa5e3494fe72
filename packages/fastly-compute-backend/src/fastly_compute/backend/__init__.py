"""Backends of Fastly Compute: open, register and inspect the servers that requests go to."""

from fastly_compute.backend.backend import Backend
from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.defaults import set_default_dynamic_config
from fastly_compute.backend.errors import (
    BackendCallFailed,
    BackendConfigRefused,
    BackendError,
    BackendLimitExceeded,
    BackendNameInUse,
    BackendNameRefused,
    BackendNotAllowed,
    BackendNotFound,
    BackendOptionTypeError,
    BackendUnsupported,
    DynamicBackendsDisabled,
    InvalidBackendName,
    InvalidBackendOption,
)
from fastly_compute.backend.health import BackendHealth
from fastly_compute.backend.healthcheck import HealthCheck
from fastly_compute.backend.options import BackendOptions
from fastly_compute.backend.policy import allow_dynamic_backends, enforce_explicit_backends
from fastly_compute.backend.tls import UNCHECKED_CERT_HOSTNAME, CertHostnameCheck, TLSVersion

__all__ = [
    "UNCHECKED_CERT_HOSTNAME",
    "Backend",
    "BackendCallFailed",
    "BackendConfigRefused",
    "BackendError",
    "BackendHealth",
    "BackendLimitExceeded",
    "BackendNameInUse",
    "BackendNameRefused",
    "BackendNotAllowed",
    "BackendNotFound",
    "BackendOptionTypeError",
    "BackendOptions",
    "BackendUnsupported",
    "CertHostnameCheck",
    "ClientCert",
    "DynamicBackendConfig",
    "DynamicBackendsDisabled",
    "HealthCheck",
    "InvalidBackendName",
    "InvalidBackendOption",
    "TLSVersion",
    "allow_dynamic_backends",
    "enforce_explicit_backends",
    "set_default_dynamic_config",
]
