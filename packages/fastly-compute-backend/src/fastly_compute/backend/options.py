"""The table of a dynamic backend's options: field, check and WIT setter of each."""

from collections.abc import Callable
from typing import NamedTuple, TypedDict

from fastly_compute.backend import checks
from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.healthcheck import HealthCheck
from fastly_compute.backend.tls import CertHostnameCheck, TLSVersion
from fastly_compute.core import Duration


class BackendOptions(TypedDict, total=False):
    """The options of `Backend.create_dynamic` and `Backend.for_url`, besides the target.

    `DynamicBackendConfig` describes each of them.

    Example:
        >>> from fastly_compute.backend import Backend, BackendOptions
        >>> PATIENT: BackendOptions = {"connect_timeout": 2, "first_byte_timeout": 60}
        >>> def report_server() -> Backend:
        ...     return Backend.create_dynamic("reports.example", use_tls=True, **PATIENT)
    """

    override_host: str | None
    connect_timeout: Duration | None
    first_byte_timeout: Duration | None
    between_bytes_timeout: Duration | None
    use_tls: bool | None
    tls_min_version: TLSVersion | None
    tls_max_version: TLSVersion | None
    cert_hostname: str | CertHostnameCheck | None
    ca_certificate: str | None
    tls_ciphers: str | None
    sni_hostname: str | None
    client_cert: ClientCert | None
    http_keepalive_time: Duration | None
    tcp_keepalive_enable: bool | None
    tcp_keepalive_interval: Duration | None
    tcp_keepalive_probes: int | None
    tcp_keepalive_time: Duration | None
    max_connections: int | None
    max_use: int | None
    max_lifetime: Duration | None
    pooling: bool | None
    grpc: bool | None
    prefer_ipv6: bool | None
    healthcheck: HealthCheck | None


class ConfigChanges(BackendOptions, total=False):
    """The arguments of `DynamicBackendConfig.replace`: the options and the target."""

    target: str


USE_TLS = "use_tls"
PROBE = "tcp_keepalive_enable"


class Option(NamedTuple):
    """One option.

    Attributes:
        field: Its name in Python.
        setter: Its method in the bindings of ``dynamic-backend-options``.
        check: Validates a value and returns the one to store.
        switches_on: The option that it implies, `USE_TLS` or `PROBE`; None for most.
    """

    field: str
    setter: str
    check: Callable[[str, object], object]
    switches_on: str | None = None


def _tls_version(field: str, value: object) -> TLSVersion:
    return checks.instance(field, value, TLSVersion, "a TLSVersion such as TLSVersion.V1_2")


def _cert_hostname(field: str, value: object) -> str | CertHostnameCheck:
    return value if isinstance(value, CertHostnameCheck) else checks.host(field, value)


def _client_cert(field: str, value: object) -> ClientCert:
    return checks.instance(field, value, ClientCert, "a ClientCert")


def _healthcheck(field: str, value: object) -> HealthCheck:
    return checks.instance(field, value, HealthCheck, "a HealthCheck")


OPTIONS = (
    Option("override_host", "override_host", checks.header_value),
    Option("connect_timeout", "connect_timeout", checks.milliseconds),
    Option("first_byte_timeout", "first_byte_timeout", checks.milliseconds),
    Option("between_bytes_timeout", "between_bytes_timeout", checks.milliseconds),
    Option("use_tls", "use_tls", checks.boolean),
    Option("tls_min_version", "tls_min_version", _tls_version, USE_TLS),
    Option("tls_max_version", "tls_max_version", _tls_version, USE_TLS),
    Option("cert_hostname", "cert_hostname", _cert_hostname, USE_TLS),
    Option("ca_certificate", "ca_certificate", checks.certificates, USE_TLS),
    Option("tls_ciphers", "tls_ciphers", checks.ciphers, USE_TLS),
    Option("sni_hostname", "sni_hostname", checks.host_name, USE_TLS),
    Option("client_cert", "client_cert", _client_cert, USE_TLS),
    Option("http_keepalive_time", "http_keepalive_time_ms", checks.milliseconds),
    Option("tcp_keepalive_enable", "tcp_keepalive_enable", checks.boolean),
    Option("tcp_keepalive_interval", "tcp_keepalive_interval_secs", checks.positive_seconds, PROBE),
    Option("tcp_keepalive_probes", "tcp_keepalive_probes", checks.positive_count, PROBE),
    Option("tcp_keepalive_time", "tcp_keepalive_time_secs", checks.positive_seconds, PROBE),
    Option("max_connections", "max_connections", checks.count),
    Option("max_use", "max_use", checks.count),
    Option("max_lifetime", "max_lifetime_ms", checks.milliseconds),
    Option("pooling", "pooling", checks.boolean),
    Option("grpc", "grpc", checks.boolean),
    Option("prefer_ipv6", "prefer_ipv6", checks.boolean),
    Option("healthcheck", "healthcheck", _healthcheck),
)
"""All options, in the order in which they are set on the host."""


def implying(switch: str) -> frozenset[str]:
    """Return the options that imply another.

    Args:
        switch: `USE_TLS` or `PROBE`.

    Returns:
        Their field names.
    """
    return frozenset(option.field for option in OPTIONS if option.switches_on == switch)
