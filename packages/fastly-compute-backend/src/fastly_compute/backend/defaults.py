"""The options that every dynamic backend has unless it is given its own."""

from typing import Unpack, cast

from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.options import (
    OPTIONS,
    PROBE,
    USE_TLS,
    BackendOptions,
    ConfigChanges,
    implying,
)

_FIELDS = frozenset(option.field for option in OPTIONS)
_TLS = implying(USE_TLS)
_PROBES = implying(PROBE)

_defaults: dict[str, object] = {}


def set_default_dynamic_config(**options: Unpack[BackendOptions]) -> None:
    """Set the options of all later dynamic backends, however they are registered.

    An option that a backend is given wins over its default. A default counts as if it had been
    given: it is part of what the backend is, so that a change makes another backend of the same
    URL. The TLS options among the defaults are for backends that speak TLS; only ``use_tls=True``
    switches it on, and that not for an ``http`` URL. Those of TCP keep-alive switch it on for every
    backend that is not given ``tcp_keepalive_enable=False``.

    Call it where the app is imported: it then holds for every request.

    Args:
        **options: The options of `DynamicBackendConfig`, in place of all earlier defaults; without
            any, the platform's defaults are back.

    Raises:
        InvalidBackendOption: A value breaks its rule, or contradicts another; the earlier defaults
            stay.
        BackendOptionTypeError: A value is of the wrong type; likewise.
        TypeError: There is no option of that name, or it is the target, which each backend is given
            and which has no default; likewise.

    Example:
        >>> from fastly_compute.backend import TLSVersion, set_default_dynamic_config
        >>> set_default_dynamic_config(first_byte_timeout=5, tls_min_version=TLSVersion.V1_2)
        >>> set_default_dynamic_config()
    """
    global _defaults
    if "target" in options:
        raise TypeError(
            "set_default_dynamic_config() takes no target: it is not a default; give each backend "
            "its own, as in Backend.create_dynamic(target)"
        )
    unknown = sorted(options.keys() - _FIELDS)
    if unknown:
        raise TypeError(
            f"set_default_dynamic_config() got an unknown option: {unknown[0]!r} (must be one of "
            f"those of DynamicBackendConfig: {', '.join(sorted(_FIELDS))})"
        )
    checked = DynamicBackendConfig(target="any.example", **options)
    values = {option.field: getattr(checked, option.field) for option in OPTIONS}
    _defaults = {field: value for field, value in values.items() if value is not None}


def with_defaults(config: DynamicBackendConfig) -> DynamicBackendConfig:
    """Fill in what a configuration leaves open.

    Args:
        config: What was given.

    Returns:
        The configuration to register.

    Raises:
        InvalidBackendOption: A default contradicts what was given.
    """
    if not _defaults:
        return config
    said = _defaults.get("use_tls") if config.use_tls is None else config.use_tls
    is_tls = config.is_tls or said is True
    missing = {
        field: value
        for field, value in _defaults.items()
        if getattr(config, field) is None and (is_tls or field not in _TLS)
    }
    if config.tcp_keepalive_enable is False:
        missing = {f: value for f, value in missing.items() if f not in _PROBES}
    elif PROBE in missing and config.is_tcp_keepalive:
        # An option of it that was given says more than a default of False.
        missing[PROBE] = True
    if "use_tls" in missing:
        # A TLS option that was given says more than a default of False.
        missing["use_tls"] = is_tls
    return config.replace(**cast("ConfigChanges", missing))
