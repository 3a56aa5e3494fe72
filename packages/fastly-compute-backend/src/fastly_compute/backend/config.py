"""The configuration of a dynamic backend."""

import dataclasses
from dataclasses import dataclass
from typing import Unpack

from fastly_compute.backend import pem
from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.errors import InvalidBackendOption
from fastly_compute.backend.healthcheck import HealthCheck
from fastly_compute.backend.options import OPTIONS, PROBE, USE_TLS, ConfigChanges
from fastly_compute.backend.target import parse_target
from fastly_compute.backend.tls import CertHostnameCheck, TLSVersion
from fastly_compute.core import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicBackendConfig:
    """The target and options of a dynamic backend: a value, created and compared without a host.

    None stands for the default set with `set_default_dynamic_config`, or else the platform's
    default, which is given below where Fastly documents it. A duration is a `datetime.timedelta` or
    a number of seconds, and is stored as a `timedelta`; unless stated otherwise, it is finite, at
    least 0 and less than 2^32 ms, and fractions of a millisecond are rounded up. The name in
    parentheses is the setter of the WIT's ``dynamic-backend-options``.

    Any of the options marked *TLS* turns TLS on, and is refused with ``use_tls=False``. With TLS
    on, `cert_hostname` and `sni_hostname` default to the target's host without its port; if the
    target is an IP address, no server name indication is sent.

    Attributes:
        target: The server's address: a host name or an IPv4 address, each with an optional
            ``:port``; or an IPv6 address, in brackets if there is a port. Stored in lower case and
            without a final dot. The port defaults to 443 with TLS and to 80 without.
        override_host: The Host header of every request to this backend: a host with or without a
            port, 1 to 1024 ASCII characters; default: the request's own, or else the target
            (``override-host``).
        connect_timeout: The time limit for connecting; default 1 s (``connect-timeout``).
        first_byte_timeout: The time limit from then to the response's first byte; default 15 s
            (``first-byte-timeout``).
        between_bytes_timeout: The longest allowed pause within a response; default 10 s
            (``between-bytes-timeout``).
        use_tls: Whether to use TLS; default False, or True with another TLS option (``use-tls``).
        tls_min_version: *TLS.* The lowest version to accept, at most `tls_max_version`
            (``tls-min-version``).
        tls_max_version: *TLS.* The highest version to accept (``tls-max-version``).
        cert_hostname: *TLS.* The host name or IP address that the backend's certificate must be
            for; default: the target's host. `UNCHECKED_CERT_HOSTNAME` accepts any
            (``cert-hostname``).
        ca_certificate: *TLS.* The only certificate authorities to trust, in PEM, up to 64 KiB;
            default: the public ones (``ca-certificate``).
        tls_ciphers: *TLS.* The cipher suites for TLS 1.0 to 1.2: an OpenSSL cipher list that adds
            at least one, up to 8192 characters. Cipher names are not checked here
            (``tls-ciphers``).
        sni_hostname: *TLS.* The host name to send in the handshake, not an IP address; default:
            the target's host (``sni-hostname``). Viceroy refuses one that differs from
            `cert_hostname`.
        client_cert: *TLS.* The certificate to show to the backend, with its key
            (``client-cert``).
        http_keepalive_time: How long an idle connection stays in the pool
            (``http-keepalive-time-ms``).
        tcp_keepalive_enable: Whether to probe idle connections; default False, or True with one of
            the next three options, which are refused with ``tcp_keepalive_enable=False``
            (``tcp-keepalive-enable``).
        tcp_keepalive_interval: The time between probes, in whole seconds, at least 1
            (``tcp-keepalive-interval-secs``).
        tcp_keepalive_probes: How many unanswered probes end a connection, at least 1
            (``tcp-keepalive-probes``).
        tcp_keepalive_time: The idle time before the first probe, in whole seconds, at least 1
            (``tcp-keepalive-time-secs``).
        max_connections: How many connections the pool keeps; 0 means unlimited
            (``max-connections``).
        max_use: How many requests a connection serves; 0 means unlimited (``max-use``).
        max_lifetime: The age at which a connection stops being reused; 0 means unlimited
            (``max-lifetime-ms``).
        pooling: Whether sandboxes share connections to backends of the same name and settings;
            default True (``pooling``).
        grpc: Whether the backend is for gRPC, and for nothing else; default False (``grpc``).
        prefer_ipv6: Whether to try IPv6 first if a name has both kinds of address; default True
            (``prefer-ipv6``).
        healthcheck: How to check whether the backend is healthy; default: no checks
            (``healthcheck``).

    Raises:
        InvalidBackendOption: A value breaks its rule, or contradicts another.
        BackendOptionTypeError: A value is of the wrong type.
        TypeError: An option is unknown.

    Example:
        >>> from fastly_compute.backend import DynamicBackendConfig
        >>> config = DynamicBackendConfig(target="Origin.Example:8443", use_tls=True)
        >>> config.replace(connect_timeout=0.5)
        DynamicBackendConfig(target='origin.example:8443', connect_timeout=datetime.timedelta(microseconds=500000), use_tls=True)
    """  # noqa: E501 - the repr is one line

    target: str
    override_host: str | None = None
    connect_timeout: Duration | None = None
    first_byte_timeout: Duration | None = None
    between_bytes_timeout: Duration | None = None
    use_tls: bool | None = None
    tls_min_version: TLSVersion | None = None
    tls_max_version: TLSVersion | None = None
    cert_hostname: str | CertHostnameCheck | None = None
    ca_certificate: str | None = None
    tls_ciphers: str | None = None
    sni_hostname: str | None = None
    client_cert: ClientCert | None = None
    http_keepalive_time: Duration | None = None
    tcp_keepalive_enable: bool | None = None
    tcp_keepalive_interval: Duration | None = None
    tcp_keepalive_probes: int | None = None
    tcp_keepalive_time: Duration | None = None
    max_connections: int | None = None
    max_use: int | None = None
    max_lifetime: Duration | None = None
    pooling: bool | None = None
    grpc: bool | None = None
    prefer_ipv6: bool | None = None
    healthcheck: HealthCheck | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", str(parse_target(self.target)))
        for option in OPTIONS:
            value = getattr(self, option.field)
            if value is not None:
                object.__setattr__(self, option.field, option.check(option.field, value))
        self._check_tcp_keepalive()
        self._check_tls()

    def _check_tcp_keepalive(self) -> None:
        if self.tcp_keepalive_enable is False and (given := self._given(PROBE)):
            raise InvalidBackendOption(
                given[0], "omitted with tcp_keepalive_enable=False, which it contradicts"
            )

    def _check_tls(self) -> None:
        if self.use_tls is False and (given := self._given(USE_TLS)):
            raise InvalidBackendOption(
                given[0], "omitted without TLS, which use_tls=False or an http URL turns off"
            )
        lowest, highest = self.tls_min_version, self.tls_max_version
        if lowest is not None and highest is not None and lowest > highest:
            raise InvalidBackendOption(
                "tls_min_version", f"at most tls_max_version, which is {highest}", str(lowest)
            )

    def _given(self, switch: str) -> list[str]:
        """The given options that imply another."""
        return [
            option.field
            for option in OPTIONS
            if option.switches_on == switch and getattr(self, option.field) is not None
        ]

    @property
    def is_tls(self) -> bool:
        """Whether the backend uses TLS, explicitly or by implication."""
        return bool(self.use_tls or self._given(USE_TLS))

    @property
    def is_tcp_keepalive(self) -> bool:
        """Whether idle connections are probed, explicitly or by implication."""
        return bool(self.tcp_keepalive_enable or self._given(PROBE))

    def replace(self, **changes: Unpack[ConfigChanges]) -> "DynamicBackendConfig":
        """Return a copy with some options changed.

        Args:
            **changes: The options to change. The others stay as given, so a new target also changes
                `cert_hostname` and `sni_hostname` unless they were set.

        Returns:
            The new configuration, validated again.

        Raises:
            InvalidBackendOption: A value breaks its rule, or contradicts another.
            BackendOptionTypeError: A value is of the wrong type.
            TypeError: An option is unknown.
        """
        return dataclasses.replace(self, **changes)

    def __repr__(self) -> str:
        given = [f"target={self.target!r}"]
        for option in OPTIONS:
            value = getattr(self, option.field)
            if value is not None:
                text = pem.redact(value) if option.field == "ca_certificate" else repr(value)
                given.append(f"{option.field}={text}")
        return f"DynamicBackendConfig({', '.join(given)})"
