"""Registering dynamic backends, and finding those that this sandbox already registered.

A sandbox keeps its backends from one request to the next, and a name can be registered once. The
records of this module can be wrong, because a host may forget a backend: the host has the last
word.
"""

from contextvars import ContextVar

from fastly_compute.backend import _wit
from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.errors import (
    REGISTRATION,
    BackendNameInUse,
    BackendNotFound,
    backend_error,
)
from fastly_compute.backend.healthcheck import HealthCheck, setters_of
from fastly_compute.backend.naming import derive_name
from fastly_compute.backend.settings import Settings, to_wit
from fastly_compute.core import Handle, bindings, case_of

_OPEN = "backend.backend.open"
_REGISTER = "backend.register-dynamic-backend"

# Natively, several sandboxes run at once, each in its own thread and with its own backends.
_registered: ContextVar[dict[str, DynamicBackendConfig] | None] = ContextVar(
    "fastly_compute.backend.registered", default=None
)


class _Options(Handle["_wit.backend.DynamicBackendOptions"]):
    __slots__ = ()


class _HealthcheckOptions(Handle["_wit.backend.HealthcheckOptions"]):
    __slots__ = ()


def config_of(name: str) -> DynamicBackendConfig | None:
    """Return the configuration that a backend was registered with.

    Args:
        name: The backend's name.

    Returns:
        The configuration; None if it was not registered here.
    """
    return _known().get(name)


def begin_sandbox() -> None:
    """Start recording backends in this context and its copies.

    Each request of a reused sandbox runs in a copy.
    """
    _registered.set({})


def _known() -> dict[str, DynamicBackendConfig]:
    known = _registered.get()
    if known is None:
        known = {}
        _registered.set(known)
    return known


def find(name: str) -> "_wit.backend.Backend":
    """Open a backend by name.

    Args:
        name: A checked name.

    Returns:
        The bindings' handle.

    Raises:
        BackendNotFound: No backend has that name.
        BackendCallFailed: The host refused for another reason.
    """
    try:
        return _wit.backend.Backend.open(name)
    except bindings.Err as err:
        raise backend_error(err.value, _OPEN, subject=name) from None


def shared(config: DynamicBackendConfig) -> tuple[str, "_wit.backend.Backend"]:
    """Find or register the backend with a configuration.

    Args:
        config: The configuration.

    Returns:
        The name derived from it, and the bindings' handle.

    Raises:
        BackendNameInUse: A static backend has that name.
        BackendCallFailed: The host refused.
    """
    settings = to_wit(config)
    name = derive_name(settings)
    try:
        return name, _once(name, config, settings)
    except BackendNameInUse:
        if name in _known():
            raise  # the app registered this name with another configuration
        # The name identifies the configuration, so a dynamic backend is the right one.
        backend = find(name)
        if not _is_dynamic(name, backend):
            backend.__exit__(None, None, None)
            raise
    _known()[name] = config
    return name, backend


def named(name: str, config: DynamicBackendConfig) -> "_wit.backend.Backend":
    """Register a backend under a given name, or find it if it was registered before.

    Args:
        name: A checked name.
        config: The configuration.

    Returns:
        The bindings' handle.

    Raises:
        BackendNameInUse: A backend of that name has another configuration, or an unknown one.
        BackendCallFailed: The host refused.
    """
    return _once(name, config, to_wit(config))


def _once(name: str, config: DynamicBackendConfig, settings: Settings) -> "_wit.backend.Backend":
    known = config_of(name)
    if known is not None and (known == config or to_wit(known) == settings):
        try:
            return find(name)
        except BackendNotFound:
            _known().pop(name, None)
    backend = _register(name, settings)
    _known()[name] = config
    return backend


def _register(name: str, settings: Settings) -> "_wit.backend.Backend":
    with _Options._wrap(_wit.backend.DynamicBackendOptions()) as options:
        for setter, value in settings.setters:
            match value:
                case ClientCert(certificate=certificate, key=key):
                    options._resource.client_cert(certificate, key._resource)
                case HealthCheck():
                    _add_healthcheck(name, options, value)
                case _:
                    getattr(options._resource, setter)(value)
        try:
            return _wit.backend.register_dynamic_backend(
                name, settings.target, options._detach("was used to register a backend")
            )
        except bindings.Err as err:
            # The host reports a taken name only as a generic error.
            taken = case_of(err.value) == "generic-error" and _exists(name)
            classes = {"generic-error": BackendNameInUse} if taken else REGISTRATION
            raise backend_error(err.value, _REGISTER, subject=name, classes=classes) from None


def _exists(name: str) -> bool:
    try:
        find(name).__exit__(None, None, None)
    except BackendNotFound:
        return False
    return True


def _is_dynamic(name: str, backend: "_wit.backend.Backend") -> bool:
    try:
        return backend.is_dynamic()
    except bindings.Err as err:
        raise backend_error(err.value, "backend.backend.is-dynamic", subject=name) from None


def _add_healthcheck(name: str, options: _Options, check: HealthCheck) -> None:
    operation = "backend.healthcheck-options.new"
    try:
        adopted = _HealthcheckOptions._wrap(_wit.backend.HealthcheckOptions.new(check.host))
        with adopted as healthcheck:
            for setter, value in setters_of(check):
                operation = f"backend.healthcheck-options.{setter.replace('_', '-')}"
                getattr(healthcheck._resource, setter)(value)
            options._resource.healthcheck(healthcheck._detach("was given to its backend"))
    except bindings.Err as err:
        raise backend_error(err.value, operation, subject=name) from None
