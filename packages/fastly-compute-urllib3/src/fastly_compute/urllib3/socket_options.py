"""Socket options, as options of a backend."""

import socket
from collections.abc import Callable, Iterable
from typing import Any, cast

from fastly_compute.backend import BackendOptions

# Not every system has all of these constants.
_OPTIONS: dict[tuple[object, object], tuple[str, Callable[[Any], Any]]] = {
    (socket.SOL_SOCKET, getattr(socket, "SO_KEEPALIVE", None)): ("tcp_keepalive_enable", bool),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPIDLE", None)): ("tcp_keepalive_time", int),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPINTVL", None)): ("tcp_keepalive_interval", int),
    (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPCNT", None)): ("tcp_keepalive_probes", int),
}
_NODELAY = (socket.IPPROTO_TCP, getattr(socket, "TCP_NODELAY", None))


def keepalive_options(given: Iterable[tuple[Any, ...]] | None) -> BackendOptions:
    """Find the options of the backend for socket options: those for TCP keep-alive.

    ``TCP_NODELAY``, which urllib3 sets, is the host's decision.

    Args:
        given: Triples of level, option and value.

    Returns:
        The options that were given.

    Raises:
        NotImplementedError: A backend has no such option.
    """
    options: dict[str, Any] = {}
    for level, name, *value in given or ():
        if (level, name) == _NODELAY:
            continue
        if (level, name) not in _OPTIONS:
            raise NotImplementedError(
                f"the socket option {(level, name, *value)} is not supported: the host makes the "
                "connections; of socket_options, a backend has those for TCP keep-alive"
            )
        field, convert = _OPTIONS[level, name]
        options[field] = convert(*value)
    return cast("BackendOptions", options)
