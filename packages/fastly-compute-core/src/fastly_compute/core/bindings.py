"""Access to the host: the bindings that the build generates from the WIT.

Inside a component the bindings are the modules ``wit_world`` and ``componentize_py_types``. On
plain CPython they exist only once a host of ``fastly_compute.local`` has been loaded, perhaps
after the package that needs them, so they are looked up on each use until they exist.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from fastly_compute.core.errors import HostUnavailable

if TYPE_CHECKING:
    from componentize_py_types import Err as Err

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


def __getattr__(name: str) -> object:
    # Looked up on each use: code with `except bindings.Err` may be loaded before the host.
    if name == "Err":
        types = sys.modules.get(_TYPES)
        return _NoErr if types is None else types.Err
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
