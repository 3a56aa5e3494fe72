"""The bindings of ``fastly:compute/backend``; their errors become this package's exceptions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.errors import (
    REGISTRATION,
    BackendNameInUse,
    BackendNotFound,
    backend_error,
)
from fastly_compute.backend.healthcheck import HealthCheck, setters_of
from fastly_compute.backend.settings import Settings
from fastly_compute.core import Handle, bindings, case_of, drop

if TYPE_CHECKING:
    from wit_world.imports import backend
else:
    backend = bindings.interface("backend")

__all__ = ["backend"]

T = TypeVar("T")


class _Options(Handle["backend.DynamicBackendOptions"]):
    __slots__ = ()


class _HealthcheckOptions(Handle["backend.HealthcheckOptions"]):
    __slots__ = ()


def call(function: str, name: str, work: Callable[[], T]) -> T:
    """Call a function of the host for the backend with a name."""
    try:
        return work()
    except bindings.Err as err:
        raise backend_error(err.value, f"backend.{function}", subject=name) from None


def find(name: str) -> "backend.Backend":
    """Open a backend by name.

    Raises:
        BackendNotFound: No backend has that name.
        BackendCallFailed: The host refused for another reason.
    """
    try:
        return backend.Backend.open(name)
    except bindings.Err as err:
        raise backend_error(err.value, "backend.backend.open", subject=name) from None


def exists(name: str) -> bool:
    """Check whether a backend has that name."""
    try:
        drop(find(name))
    except BackendNotFound:
        return False
    return True


def register(name: str, settings: Settings) -> "backend.Backend":
    """Register a dynamic backend.

    Raises:
        BackendNameInUse: A backend has that name.
        BackendCallFailed: The host refused for another reason.
    """
    with _Options._wrap(backend.DynamicBackendOptions()) as options:
        for setter, value in settings.setters:
            match value:
                case ClientCert(certificate=certificate, key=key):
                    options._resource.client_cert(certificate, key._resource)
                case HealthCheck():
                    _add_healthcheck(name, options, value)
                case _:
                    getattr(options._resource, setter)(value)
        try:
            return backend.register_dynamic_backend(
                name, settings.target, options._detach("was used to register a backend")
            )
        except bindings.Err as err:
            # The host reports a taken name only as a generic error.
            taken = case_of(err.value) == "generic-error" and exists(name)
            classes = {"generic-error": BackendNameInUse} if taken else REGISTRATION
            operation = "backend.register-dynamic-backend"
            raise backend_error(err.value, operation, subject=name, classes=classes) from None


def _add_healthcheck(name: str, options: _Options, check: HealthCheck) -> None:
    new = call("healthcheck-options.new", name, lambda: backend.HealthcheckOptions.new(check.host))
    with _HealthcheckOptions._wrap(new) as healthcheck:
        for setter, value in setters_of(check):
            function = f"healthcheck-options.{setter.replace('_', '-')}"
            set_value = getattr(healthcheck._resource, setter)
            call(function, name, lambda: set_value(value))  # noqa: B023 - called at once
        options._resource.healthcheck(healthcheck._detach("was given to its backend"))
