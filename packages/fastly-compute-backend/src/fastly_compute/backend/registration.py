"""Registering dynamic backends, and finding those that this sandbox already registered.

A sandbox keeps its backends from one request to the next, and a name can be registered once. The
records of this module can be wrong, because a host may forget a backend: the host has the last
word.
"""

from contextvars import ContextVar

from fastly_compute.backend import _wit
from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.errors import BackendNameInUse, BackendNotFound
from fastly_compute.backend.naming import derive_name
from fastly_compute.backend.settings import Settings, to_wit
from fastly_compute.core import drop


class _Registered:
    """The dynamic backends of a sandbox.

    Attributes:
        configs: The configuration of each, by name.
        names: The names that were derived from configurations: a request that repeats one needs
            neither its settings nor their digest.
        shields: What each backend to a shield is, by the name that the host made up for it.
    """

    def __init__(self) -> None:
        self.configs: dict[str, DynamicBackendConfig] = {}
        self.names: dict[DynamicBackendConfig, str] = {}
        self.shields: dict[str, tuple[object, ...]] = {}


# Natively, several sandboxes run at once, each in its own thread and with its own backends.
_registered: ContextVar[_Registered | None] = ContextVar(
    "fastly_compute.backend.registered", default=None
)


def config_of(name: str) -> DynamicBackendConfig | None:
    """Return the configuration that a backend was registered with.

    Args:
        name: The backend's name.

    Returns:
        The configuration; None if it was not registered here.
    """
    return _known().configs.get(name)


def begin_sandbox() -> None:
    """Start recording backends in this context and its copies.

    Each request of a reused sandbox runs in a copy.
    """
    _registered.set(_Registered())


def shields() -> dict[str, tuple[object, ...]]:
    """Return what each backend to a shield is, by the name that the host made up for it."""
    return _known().shields


def _known() -> _Registered:
    known = _registered.get()
    if known is None:
        known = _Registered()
        _registered.set(known)
    return known


def get_or_register(config: DynamicBackendConfig) -> tuple[str, "_wit.backend.Backend"]:
    """Find or register the backend with a configuration.

    Args:
        config: The configuration.

    Returns:
        The name derived from it, and the bindings' handle.

    Raises:
        BackendNameInUse: A static backend has that name.
        BackendCallFailed: The host refused.
    """
    names = _known().names
    name = names.get(config)
    if name is not None:
        try:
            return name, _wit.find(name)
        except BackendNotFound:
            del names[config]
    settings = to_wit(config)
    name = derive_name(settings)
    backend = _get_or_register_derived(name, config, settings)
    names[config] = name
    return name, backend


def _get_or_register_derived(
    name: str, config: DynamicBackendConfig, settings: Settings
) -> "_wit.backend.Backend":
    try:
        return _get_or_register(name, config, settings)
    except BackendNameInUse:
        if name in _known().configs:
            raise  # the app registered this name with another configuration
        # The name identifies the configuration, so a dynamic backend is the right one.
        backend = _wit.find(name)
        if not _wit.call("backend.is-dynamic", name, backend.is_dynamic):
            drop(backend)
            raise
    _known().configs[name] = config
    return backend


def get_or_register_as(name: str, config: DynamicBackendConfig) -> "_wit.backend.Backend":
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
    return _get_or_register(name, config, to_wit(config))


def _get_or_register(
    name: str, config: DynamicBackendConfig, settings: Settings
) -> "_wit.backend.Backend":
    known = config_of(name)
    if known is not None and (known == config or to_wit(known) == settings):
        try:
            return _wit.find(name)
        except BackendNotFound:
            _known().configs.pop(name, None)
    backend = _wit.register(name, settings)
    _known().configs[name] = config
    return backend
