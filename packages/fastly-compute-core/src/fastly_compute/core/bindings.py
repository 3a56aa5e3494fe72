"""Access to the host: the bindings that the build generates from the WIT.

Inside a component the bindings are the modules ``wit_world`` and ``componentize_py_types``. On
plain CPython they exist only once a host of ``fastly_compute.local`` has been loaded, perhaps
after the package that needs them, so they are looked up on each use until they exist.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple

from fastly_compute.core.errors import HostError, HostUnavailable, host_error

if TYPE_CHECKING:
    from componentize_py_types import Err as Err

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_IMPORTS = "wit_world.imports"
_TYPES = "componentize_py_types"


class _NoErr(Exception):  # used for componentize_py_types.Err without a host; never raised
    value: object


class _Missing(ModuleType):
    """A placeholder for one interface until a host provides the real one."""

    def __getattr__(self, attribute: str) -> object:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        found = sys.modules.get(self.__name__)
        if found is None:
            raise HostUnavailable(
                f"{self.__name__}.{attribute} needs a Fastly Compute host, but this process has "
                "none. Run the app with `fastly-compute serve`, or inside "
                "`fastly_compute.local.Host` in a test."
            )
        return getattr(found, attribute)


def interface(name: str) -> ModuleType:
    """Find the bindings of one WIT interface.

    Args:
        name: The interface's name in Python, such as ``secret_store``.

    Returns:
        The generated module; without a host, a placeholder whose attributes raise
        `HostUnavailable` until there is one.

    Raises:
        ModuleNotFoundError: The bindings exist, but a module that they import does not.
    """
    module = f"{_IMPORTS}.{name}"
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        return _Missing(module)


class Call(Protocol):
    """Calls the host; see `caller`."""

    def __call__(
        self,
        operation: str,
        function: Callable[[*Ts], T],
        subject: str | None = None,
        /,
        *args: *Ts,
    ) -> T:
        """Return what the host returns, or raise the package's exception for its error.

        Args:
            operation: The WIT function that is called, without the prefix.
            function: Calls it.
            subject: The name that it is called on or with.
            *args: The function's arguments; a lambda instead would be one more call.
        """


def caller(classes: Mapping[str, type[HostError]], *, prefix: str = "") -> Call:
    """Make the function that a package calls the host with.

    Args:
        classes: The package's own exceptions by the WIT's case.
        prefix: What precedes each operation in the messages of exceptions.
    """

    def call(
        operation: str,
        function: Callable[[*Ts], T],
        subject: str | None = None,
        /,
        *args: *Ts,
    ) -> T:
        try:
            return function(*args)
        except _err() as err:
            what = f"{prefix}{operation}"
            raise host_error(err.value, what, subject=subject, classes=classes) from None

    return call


def _err() -> Any:
    # Looked up on each use: code with `except bindings.Err` may be loaded before the host.
    types = sys.modules.get(_TYPES)
    return _NoErr if types is None else types.Err


def __getattr__(name: str) -> object:
    if name == "Err":
        return _err()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
