"""A configuration as the host gets it: the target, and each setter with its value."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.healthcheck import HealthCheck
from fastly_compute.backend.options import OPTIONS
from fastly_compute.backend.target import Target, parse_target
from fastly_compute.backend.tls import UNCHECKED_CERT_HOSTNAME, TLSVersion

Setting: TypeAlias = int | str | ClientCert | HealthCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A configuration with its implied values; equivalent configurations have equal settings.

    Attributes:
        target: The target, without a default port.
        is_tls: Whether the backend uses TLS.
        setters: The setters of the bindings' ``DynamicBackendOptions`` to call, each with its value
            in the WIT's unit.
    """

    target: str
    is_tls: bool
    setters: tuple[tuple[str, Setting], ...]


def to_wit(config: DynamicBackendConfig) -> Settings:
    """Convert a configuration to the settings that the host gets.

    Args:
        config: The configuration.

    Returns:
        Its settings.
    """
    target = parse_target(config.target)
    values = {option.field: getattr(config, option.field) for option in OPTIONS}
    values |= _tls(config, target)
    values["tcp_keepalive_enable"] = config.is_tcp_keepalive or config.tcp_keepalive_enable
    return Settings(
        target=str(target.without_default_port(tls=config.is_tls)),
        is_tls=config.is_tls,
        setters=tuple(
            (option.setter, _in_wit(option.setter, values[option.field]))
            for option in OPTIONS
            if values[option.field] is not None
        ),
    )


def _tls(config: DynamicBackendConfig, target: Target) -> dict[str, bool | str | None]:
    if not config.is_tls:
        # The platform's default, so this is the same backend as one without any TLS option.
        return {"use_tls": None}
    name = config.cert_hostname or target.host
    sni = config.sni_hostname or (None if target.is_ip else target.host)
    return {
        "use_tls": True,
        "cert_hostname": None if name is UNCHECKED_CERT_HOSTNAME else name,
        "sni_hostname": sni,
    }


def _in_wit(setter: str, value: object) -> Setting:
    match value:
        case timedelta():
            unit = timedelta(seconds=1) if setter.endswith("_secs") else timedelta(milliseconds=1)
            return value // unit
        case TLSVersion():
            return int(value.value)
        case bool() if setter == "tcp_keepalive_enable":
            return int(value)
        case int() | str() | ClientCert() | HealthCheck():
            return value
    raise AssertionError(f"{setter} cannot represent a {type(value).__name__} in the WIT")
