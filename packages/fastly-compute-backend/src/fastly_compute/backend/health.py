"""A backend's health, as the platform reports it."""

from enum import Enum


class BackendHealth(Enum):
    """A backend's health (``backend-health``).

    Example:
        >>> from fastly_compute.backend import Backend, BackendHealth
        >>> def usable(backend: Backend) -> bool:
        ...     return backend.health is not BackendHealth.UNHEALTHY
    """

    UNKNOWN = "unknown"
    """The backend has no health check, or has not been checked yet."""
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
