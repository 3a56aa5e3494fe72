"""`healthcheck-options` of `fastly:compute/backend`: each setter checks what it is given."""

from typing import Self

from componentize_py_types import Err
from wit_world.imports.types import Error_GenericError, Error_InvalidArgument

from fastly_compute.local.resource import Resource

_LONGEST = 8192
_WIDEST = 15
_SHORTEST_MS = 1_000
_LONGEST_MS = 3_600_000


def _check(ok: bool) -> None:
    if not ok:
        raise Err(Error_InvalidArgument())


class HealthcheckOptions(Resource):
    """How to check a backend's health."""

    def __init__(self, host: str) -> None:
        self._path = "/"
        self._window = 5
        self._threshold = 3
        self._initial = 4
        self.host(host)

    @classmethod
    def new(cls, host: str) -> Self:
        """Begin with a host and the platform's defaults."""
        return cls(host)

    def host(self, value: str) -> None:
        """Send this Host header."""
        _check(bool(value) and len(value) + len(self._path) <= _LONGEST)
        self._host = value

    def method(self, value: str) -> None:
        """Use this method."""
        _check(len(value) <= _LONGEST)

    def path(self, value: str) -> None:
        """Ask for this path."""
        if not value.startswith("/"):
            raise Err(Error_GenericError())
        _check(len(value) + len(self._host) <= _LONGEST)
        self._path = value

    def expected_status(self, value: int) -> None:
        """Expect this status."""

    def window(self, value: int) -> None:
        """Look at this many checks."""
        _check(max(self._threshold, self._initial) <= value <= _WIDEST)
        self._window = value

    def threshold(self, value: int) -> None:
        """Demand this many good ones."""
        _check(value <= self._window)
        self._threshold = value

    def initial(self, value: int) -> None:
        """Start as if this many had been good."""
        _check(value <= self._window)
        self._initial = value

    def interval_ms(self, value: int) -> None:
        """Check this often."""
        _check(_SHORTEST_MS <= value < _LONGEST_MS)

    def timeout_ms(self, value: int) -> None:
        """Wait this long for an answer."""
        _check(_SHORTEST_MS <= value < _LONGEST_MS)
