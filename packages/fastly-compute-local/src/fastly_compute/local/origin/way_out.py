"""What takes the requests to backends, where they do not go to the real origins."""

from typing import Protocol

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.origin.origins import OriginRequest, OriginResponse


class WayOut(Protocol):
    """Stands in for the network: every request that a guest sends goes through it."""

    def send(self, name: str, config: BackendConfig, request: OriginRequest) -> OriginResponse:
        """Answer a request.

        Args:
            name: The backend's name, the guest's own for a dynamic one.
            config: What the backend is.
            request: The request; its body may still have to be read, and is read once.

        Returns:
            The response. Its body is read as the guest asks for it, and closed.

        Raises:
            SendFailure: There is no response. Anything else that is raised comes out of the
                guest's call as it is.
        """
