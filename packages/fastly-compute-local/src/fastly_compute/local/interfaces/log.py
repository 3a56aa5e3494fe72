"""`fastly:compute/log`: lines to a named endpoint."""

from typing import Self

from componentize_py_types import Err
from wit_world.imports.types import OpenError

from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running

_RESERVED = ("stdout", "stderr")
_RESERVED_PREFIX = "fst_managed_"


class Endpoint(Resource):
    """One log endpoint."""

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    def open(cls, name: str) -> Self:
        """Open an endpoint; any name works that the platform does not reserve."""
        if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_PREFIX):
            raise Err(OpenError.RESERVED)
        return cls(name)

    def clone(self) -> Self:
        """Return another handle to the same endpoint."""
        return type(self)(self._name)

    def write(self, msg: bytes) -> None:
        """Write one message."""
        running().host.write_log(self._name, msg)
