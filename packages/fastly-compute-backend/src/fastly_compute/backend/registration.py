"""Registering dynamic backends, and finding again those that this sandbox has.

A sandbox keeps its backends from one request to the next, and a name can be registered once. What
this module remembers can still be wrong, for a host may forget: the host has the last word.
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

# Natively, several sandboxes run at once, each in a thread of its own and with its own backends.
_registered: ContextVar[dict[str, DynamicBackendConfig] | None] = ContextVar(
    "fastly_compute.backend.registered", default=None
)

_shields: ContextVar[dict[str, tuple[object, ...]] | None] = ContextVar(
    "fastly_compute.backend.shields", default=None
)


class _Options(Handle["_wit.backend.DynamicBackendOptions"]):
    __slots__ = ()


class _HealthcheckOptions(Handle["_wit.backend.HealthcheckOptions"]):
    __slots__ = ()


def config_of(name: str) -> DynamicBackendConfig | None:
    """Tell what a backend was registered with.

    Args:
        name: Its name.

    Returns:
        The configuration; None if it was not registered here.
    """
    return _known().get(name)


def begin_sandbox() -> None:
    """Remember backends from here on in this context and in the copies that are made of it.

    Each request of a sandbox that is reused runs in a copy.
    """
    _registered.set({})
    _shields.set({})


def shields() -> dict[str, tuple[object, ...]]:
    """Return what each backend to a shield is, by the name that the host made up for it."""
    names = _shields.get()
    if names is None:
        names = {}
        _shields.set(names)
    return names


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
        BackendNotFound: There is none of that name.
        BackendCallFailed: The host refused for another reason.
    """
    try:
        return _wit.backend.Backend.open(name)
    except bindings.Err as err:
        raise backend_error(err.value, _OPEN, subject=name) from None


def shared(config: DynamicBackendConfig) -> tuple[str, "_wit.backend.Backend"]:
    """Find or register the backend that a configuration stands for.

    Args:
        config: The configuration.

    Returns:
        The name that follows from it, and the bindings' handle.

    Raises:
        BackendNameInUse: A static backend has that very name.
        BackendCallFailed: The host refused.
    """
    settings = to_wit(config)
    name = derive_name(settings)
    try:
        return name, _once(name, config, settings)
    except BackendNameInUse:
        if name in _known():
            raise  # registered under this very name by the app, and as something else
        # The name says what the backend is, so a dynamic one is the one that was wanted.
        backend = find(name)
        if not _is_dynamic(name, backend):
            backend.__exit__(None, None, None)
            raise
    _known()[name] = config
    return name, backend


def named(name: str, config: DynamicBackendConfig) -> "_wit.backend.Backend":
    """Register a backend under a given name, or find it if this was done before.

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
            # The host says of a taken name no more than that it failed.
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
