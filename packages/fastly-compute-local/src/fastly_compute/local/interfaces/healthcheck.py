"""`healthcheck-options` of `fastly:compute/backend`: each setter checks its argument."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from componentize_py_types import Err
from wit_world.imports.types import Error_GenericError, Error_InvalidArgument

from fastly_compute.local.config import BackendConfigError, HealthCheckConfig
from fastly_compute.local.runtime.resource import Resource


def _sets(field: str) -> Callable[["HealthcheckOptions", Any], None]:
    def set_option(self: "HealthcheckOptions", value: Any) -> None:
        self.wanted = _valid(lambda: replace(self.wanted, **{field: value}))

    return set_option


def _valid(make: Callable[[], HealthCheckConfig]) -> HealthCheckConfig:
    try:
        return make()
    except BackendConfigError as error:
        raise Err(Error_InvalidArgument()) from error


class HealthcheckOptions(Resource):
    """How to check a backend's health.

    Attributes:
        wanted: The options so far. They are valid after each setter, so the order of calls matters.
    """

    def __init__(self, host: str) -> None:
        self.wanted = _valid(lambda: HealthCheckConfig(host=host))

    @classmethod
    def new(cls, host: str) -> Self:
        """Start with a host and the platform's defaults."""
        return cls(host)

    host = _sets("host")
    method = _sets("method")
    expected_status = _sets("expected_status")
    window = _sets("window")
    threshold = _sets("threshold")
    initial = _sets("initial")
    interval_ms = _sets("interval_ms")
    timeout_ms = _sets("timeout_ms")

    def path(self, value: str) -> None:
        """Set the path; an invalid path and one that is too long raise different errors."""
        try:
            self.wanted = replace(self.wanted, path=value)
        except BackendConfigError as error:
            none = error.field == "path"
            raise Err(Error_GenericError() if none else Error_InvalidArgument()) from error
