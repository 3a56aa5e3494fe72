"""The app's default options for dynamic backends."""

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
    """Set default options for all dynamic backends registered later, by whichever function.

    A backend's own option takes precedence over the default. A default counts as if it had been
    passed to the backend: it is part of the backend's configuration, so changing it results in a
    different backend for the same URL. TLS defaults apply only to backends that use TLS; of them,
    only ``use_tls=True`` turns TLS on, and not for an ``http`` URL. TCP keep-alive defaults turn
    keep-alive on for every backend without ``tcp_keepalive_enable=False``.

    Call it while the app is imported: it then applies to every request.

    Args:
        **options: The options of `DynamicBackendConfig`. They replace all earlier defaults; without
            any, the platform's defaults apply again.

    Raises:
        InvalidBackendOption: A value breaks its rule, or contradicts another. As with the errors
            below, the earlier defaults stay.
        BackendOptionTypeError: A value is of the wrong type.
        TypeError: An option is unknown, or is the target, which has no default.

    Example:
        >>> from fastly_compute.backend import TLSVersion, set_default_dynamic_config
        >>> set_default_dynamic_config(first_byte_timeout=5, tls_min_version=TLSVersion.V1_2)
        >>> set_default_dynamic_config()
    """
    global _defaults
    if "target" in options:
        raise TypeError(
            "set_default_dynamic_config() takes no target: pass it to each backend, as in "
            "Backend.create_dynamic(target)"
        )
    unknown = sorted(options.keys() - _FIELDS)
    if unknown:
        raise TypeError(
            f"set_default_dynamic_config() got an unknown option: {unknown[0]!r} (must be an "
            f"option of DynamicBackendConfig: {', '.join(sorted(_FIELDS))})"
        )
    checked = DynamicBackendConfig(target="any.example", **options)
    values = {option.field: getattr(checked, option.field) for option in OPTIONS}
    _defaults = {field: value for field, value in values.items() if value is not None}


def with_defaults(config: DynamicBackendConfig) -> DynamicBackendConfig:
    """Apply the defaults to the options that a configuration leaves out.

    Args:
        config: The configuration as given.

    Returns:
        The configuration to register.

    Raises:
        InvalidBackendOption: A default contradicts a given option.
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
        # A given keep-alive option overrides a default of False.
        missing[PROBE] = True
    if "use_tls" in missing:
        # A given TLS option overrides a default of False.
        missing["use_tls"] = is_tls
    return config.replace(**cast("ConfigChanges", missing))
