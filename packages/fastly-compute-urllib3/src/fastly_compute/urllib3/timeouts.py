"""Timeouts of urllib3 and sockets, as options of a backend."""

from fastly_compute.backend import BackendOptions
from fastly_compute.backend.adapting import timeout_options
from urllib3.util import Timeout


def timeouts_of(timeout: Timeout | float | None) -> BackendOptions:
    """Find the options of the backend with a timeout.

    The platform has no limit for all of a request: ``total`` limits each phase.

    Args:
        timeout: urllib3's, or seconds.

    Returns:
        Those that were given; the others have the backend's defaults.

    Raises:
        ValueError: The timeout is 0 or less, or is too long.
    """
    if not isinstance(timeout, Timeout):
        timeout = Timeout(connect=timeout, read=timeout)
    return timeout_options(
        _shorter(timeout._connect, timeout.total), _shorter(timeout._read, timeout.total)
    )


def _shorter(*limits: object) -> float | None:
    # The default is a member of an enum, and means that there is no limit.
    given = [limit for limit in limits if isinstance(limit, int | float)]
    if not given:
        return None
    if min(given) <= 0:
        raise ValueError("timeout must be greater than 0: a request cannot be sent without waiting")
    return min(given)
