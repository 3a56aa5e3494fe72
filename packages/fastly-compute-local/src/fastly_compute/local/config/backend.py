"""One backend, static or dynamic: its address and how to talk to it."""

import enum
import ipaddress
import json
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from fastly_compute.local.config.backend_error import BackendConfigError
from fastly_compute.local.config.health_check import HealthCheckConfig
from fastly_compute.local.config.pem import certificate_problem, key_problem

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST_NAME = re.compile(r"(?=.{1,253}\.?\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TLS_VERSIONS = range(0x0301, 0x0305)
_LONGEST_NAME = 1024
_U32_FIELDS = (
    "connect_timeout_ms",
    "first_byte_timeout_ms",
    "between_bytes_timeout_ms",
    "max_connections",
    "max_use",
    "max_lifetime_ms",
    "http_keepalive_time_ms",
    "tcp_keepalive_interval_secs",
    "tcp_keepalive_probes",
    "tcp_keepalive_time_secs",
)
_BOOL_FIELDS = ("grpc", "pooling", "prefer_ipv6", "tcp_keepalive_enable")


class Health(enum.Enum):
    """The health of a backend, `backend-health` in the WIT. It never stops a request.

    Example:
        >>> from fastly_compute.local import BackendConfig, Health
        >>> BackendConfig(url="https://example.org", health=Health.UNHEALTHY).health.value
        'unhealthy'
    """

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfig:
    r"""One backend: a target and the options of `dynamic-backend-options` in the WIT.

    Static and dynamic backends are the same type. Equal values share one connection pool. The
    defaults are the platform's; a timeout or limit of None or 0 means none. Invalid host names,
    numbers out of range and malformed PEM text are refused here.

    The local host does not speak HTTP/2 to backends: a request to one with `grpc` is refused when
    it is sent, and its health checks fail.

    Attributes:
        url: `http://` or `https://`, a host, and optionally a port and a path. The path is
            prepended to the path of every request.
        override_host: The Host header to send, whatever the request has.
        health: A fixed health, without checking. UNKNOWN leaves it to `health_check`.
        health_check: How to check the backend's health. Checks use separate connections, with
            the timeouts and TLS settings of this backend. They run only where requests use the
            network: a host with a custom transport sends nothing but the guest's own requests.
        grpc: Use HTTP/2 only.
        connect_timeout_ms: Limit for TCP and TLS together.
        first_byte_timeout_ms: Limit from the end of the request to the end of the response's head.
        between_bytes_timeout_ms: Limit for each wait for more of the response's body.
        tls_min_version: Lowest TLS version, as in the protocol: 0x0301 (1.0) to 0x0304 (1.3).
        tls_max_version: Highest TLS version, likewise.
        tls_ciphers: Ciphers below TLS 1.3, in OpenSSL's notation.
        cert_hostname: The name that the certificate must have. None accepts a valid certificate
            for any name.
        sni_hostname: The name to send in the TLS handshake (SNI); None or "" sends none.
        ca_certificate: PEM certificates to trust instead of the system's.
        client_certificate: PEM certificate (chain) to present to the target; needs `client_key`.
        client_key: The certificate's private key in PEM form. Never shown.
        pooling: Keep connections for further requests.
        max_connections: Most connections open at once.
        max_use: Most requests on one connection.
        max_lifetime_ms: Age up to which a connection is reused.
        http_keepalive_time_ms: Idle time up to which a connection is reused.
        tcp_keepalive_enable: Whether idle connections are probed by TCP. The next three apply
            to these probes only; None or 0 leaves them to the system, which also has upper
            limits, on Linux 32767 seconds and 127 probes.
        tcp_keepalive_interval_secs: Seconds between probes.
        tcp_keepalive_probes: Unanswered probes that end a connection.
        tcp_keepalive_time_secs: Idle seconds before the first probe.
        prefer_ipv6: Whether to try the IPv6 addresses of a name first, instead of the IPv4 ones.

    Raises:
        BackendConfigError: A field is invalid.

    Example:
        >>> backend = BackendConfig(url="https://example.org/v1", cert_hostname="example.org")
        >>> backend.host, backend.port, backend.path_prefix
        ('example.org', 443, '/v1')
    """

    url: str
    override_host: str | None = None
    health: Health = Health.UNKNOWN
    health_check: HealthCheckConfig | None = None
    grpc: bool = False
    connect_timeout_ms: int | None = 1_000
    first_byte_timeout_ms: int | None = 15_000
    between_bytes_timeout_ms: int | None = 10_000
    tls_min_version: int | None = None
    tls_max_version: int | None = None
    tls_ciphers: str | None = None
    cert_hostname: str | None = None
    sni_hostname: str | None = None
    ca_certificate: str | None = field(default=None, repr=False)
    client_certificate: str | None = field(default=None, repr=False)
    client_key: bytes | None = field(default=None, repr=False)
    pooling: bool = True
    max_connections: int | None = None
    max_use: int | None = None
    max_lifetime_ms: int | None = None
    http_keepalive_time_ms: int | None = None
    tcp_keepalive_enable: bool = False
    tcp_keepalive_interval_secs: int | None = None
    tcp_keepalive_probes: int | None = None
    tcp_keepalive_time_secs: int | None = None
    prefer_ipv6: bool = True

    def __post_init__(self) -> None:
        _check_url(self.url)
        if not isinstance(self.health, Health):
            raise BackendConfigError("health", repr(self.health), "must be a Health")
        if not isinstance(self.health_check, HealthCheckConfig | None):
            shown = repr(self.health_check)
            raise BackendConfigError("health_check", shown, "must be a HealthCheckConfig or None")
        for name in _BOOL_FIELDS:
            if not isinstance(value := getattr(self, name), bool):
                raise BackendConfigError(name, repr(value), "must be True or False")
        for name in _U32_FIELDS:
            _check_u32(name, getattr(self, name))
        self._check_names()
        self._check_tls()

    @property
    def use_tls(self) -> bool:
        """Whether to connect to the target over TLS."""
        return self._parts.scheme == "https"

    @property
    def host(self) -> str:
        """The target's host name or IP address, without brackets."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        """The target's port, 80 or 443 if the URL has none."""
        return self._parts.port or _DEFAULT_PORTS[self._parts.scheme]

    @property
    def authority(self) -> str:
        """Host and port as in a Host header: the port only if it is not the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = self.port == _DEFAULT_PORTS[self._parts.scheme]
        return host if default else f"{host}:{self.port}"

    @property
    def path_prefix(self) -> str:
        """The prefix of every request's path: empty, or `/like/this`."""
        return self._parts.path.rstrip("/")

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    def _check_names(self) -> None:
        host = self.override_host
        if host is not None and not (_VISIBLE.fullmatch(host) and len(host) <= _LONGEST_NAME):
            raise BackendConfigError(
                "override_host",
                json.dumps(host),
                f"must be 1 to {_LONGEST_NAME} visible ASCII characters without spaces",
            )
        for name, value in (
            ("cert_hostname", self.cert_hostname),
            ("sni_hostname", self.sni_hostname or None),
        ):
            if value is not None and not _is_host(value):
                raise BackendConfigError(
                    name, json.dumps(value), "must be a host name or IP address, without a port"
                )

    def _check_tls(self) -> None:
        low, high = self.tls_min_version, self.tls_max_version
        for name, version in (("tls_min_version", low), ("tls_max_version", high)):
            if version is not None and version not in _TLS_VERSIONS:
                raise BackendConfigError(name, repr(version), "must be 0x0301 to 0x0304 or None")
        if low is not None and high is not None and low > high:
            raise BackendConfigError(
                "tls_min_version", hex(low), f"must not be above tls_max_version ({high:#x})"
            )
        if (self.client_certificate is None) != (self.client_key is None):
            missing = "client_key" if self.client_key is None else "client_certificate"
            raise BackendConfigError(missing, "", "a client certificate and its key go together")
        for name, pem in (
            ("ca_certificate", self.ca_certificate),
            ("client_certificate", self.client_certificate),
        ):
            if pem is not None and (problem := certificate_problem(pem)):
                raise BackendConfigError(name, "", problem)
        if self.client_key is not None and (problem := key_problem(self.client_key)):
            raise BackendConfigError("client_key", "", problem)


def _check_url(url: str) -> None:
    def refused(rule: str) -> BackendConfigError:
        shown = re.sub(r"\?[^#]+", "?***", re.sub(r"//[^/]*@", "//***@", url))
        return BackendConfigError("url", json.dumps(shown), rule)

    if not _VISIBLE.fullmatch(url):
        raise refused("must be visible ASCII characters without spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise refused(f"must be a URL ({err})") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise refused("must start with http:// or https://")
    if "@" in parts.netloc:
        raise refused("must not carry a user name or password; send an Authorization header")
    if not parts.hostname or not _is_host(parts.hostname):
        raise refused("must name a host, as in http://127.0.0.1:8080")
    if port == 0:
        raise refused("must have a port from 1 to 65535")
    if "?" in url or "#" in url:
        raise refused("must end with the path: no query, no fragment")


def _check_u32(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise BackendConfigError(name, repr(value), "must be a whole number from 0 to 4294967295")


def _is_host(text: str) -> bool:
    if _HOST_NAME.fullmatch(text):
        return True
    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False
