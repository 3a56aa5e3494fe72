"""What is known of a backend's health."""

from enum import Enum


class BackendHealth(Enum):
    """A backend's health (``backend-health``).

    Example:
        >>> from fastly_compute.backend import Backend, BackendHealth
        >>> def usable(backend: Backend) -> bool:
        ...     return backend.health is not BackendHealth.UNHEALTHY
    """

    UNKNOWN = "unknown"
    """It has no health check, or none has been made yet."""
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
