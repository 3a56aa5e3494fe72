"""The interface of transports, which send requests to backends."""

from collections.abc import Callable
from typing import Protocol

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport.http_transport import OriginRequest, OriginResponse


class Transport(Protocol):
    """Replaces the network: every request that a guest sends goes through it.

    Only the guest's requests do: with a custom transport, a host runs no health checks, and the
    health of a backend is the configured one.
    """

    def begin(
        self, name: str, config: BackendConfig, request: OriginRequest
    ) -> Callable[[], OriginResponse]:
        """Take a request, without waiting and in the order in which guests send them.

        Args:
            name: The backend's name, the one that the guest chose for a dynamic backend.
            config: The backend's configuration.
            request: The request; its body may still have to be read, and is read once.

        Returns:
            A function that gets the response. It is called once, possibly on another thread, and
            may wait. The response's body is read as the guest reads it, and then closed. The
            function raises `SendFailure` if it gets no response; any other exception is raised
            unchanged from the guest's call.
        """
