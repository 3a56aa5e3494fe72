"""A response on its way."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from fastly_compute import http
from fastly_compute.core import Duration
from fastly_compute.requests.exceptions import translated
from fastly_compute.requests.response import Response

if TYPE_CHECKING:
    from fastly_compute.requests.adapters import HTTPAdapter
    from fastly_compute.requests.models import PreparedRequest


class PendingResponse:
    """The response to a request that was sent without waiting: see `Session.send_async`.

    Attributes:
        request: What was sent.

    Example:
        >>> from fastly_compute import requests
        >>> def both(first: str, second: str) -> list[int]:
        ...     session = requests.Session()
        ...     on_its_way = session.send_async(
        ...         session.prepare_request(requests.Request("GET", first))
        ...     )
        ...     return [session.get(second).status_code, on_its_way.wait().status_code]
    """

    def __init__(
        self,
        pending: http.PendingResponse,
        request: "PreparedRequest",
        adapter: "HTTPAdapter",
        finish: Callable[[Response], Response],
    ) -> None:
        self.request = request
        self._pending = pending
        self._adapter = adapter
        self._finish = finish
        self._started = time.perf_counter()

    @property
    def ready(self) -> bool:
        """Whether the response or an error has arrived."""
        return self._pending.ready

    def wait(self, timeout: Duration | None = None) -> Response:
        """Wait for the response, follow its redirects and, unless it is streamed, read its body.

        Args:
            timeout: How many seconds to wait at most for the head of the first response. None waits
                as long as the backend's own timeouts allow, as everything after it does.

        Returns:
            The response.

        Raises:
            ReadTimeout: It has not come in this time. It can be waited for again.
            RequestException: No response arrived.
            HandleClosed: It was awaited or closed before.
        """
        try:
            response = self._adapter._respond(self._pending.wait(timeout), self.request)
        except http.HttpError as error:
            raise translated(error, request=self.request) from error
        response.elapsed = timedelta(seconds=time.perf_counter() - self._started)
        return self._finish(response)

    def close(self) -> None:
        """Give the response up."""
        self._pending.close()
