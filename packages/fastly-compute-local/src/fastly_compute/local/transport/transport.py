"""What takes the requests to backends, where they do not go to the real origins."""

from collections.abc import Callable
from typing import Protocol

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport.http_transport import OriginRequest, OriginResponse


class Transport(Protocol):
    """Stands in for the network: every request that a guest sends goes through it.

    Nothing else does: a host with a way out of its own runs no health checks, and the health of a
    backend is the configured one.
    """

    def begin(
        self, name: str, config: BackendConfig, request: OriginRequest
    ) -> Callable[[], OriginResponse]:
        """Take note of a request, at once and in the order in which guests send them.

        Args:
            name: The backend's name, the guest's own for a dynamic one.
            config: What the backend is.
            request: The request; its body may still have to be read, and is read once.

        Returns:
            What gets the response. It is called once, perhaps on another thread, and may wait. The
            response's body is read as the guest asks for it, and closed. It raises `SendFailure`
            where there is no response; anything else comes out of the guest's call as it is.
        """
