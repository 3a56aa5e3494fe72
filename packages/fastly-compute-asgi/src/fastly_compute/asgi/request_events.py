"""The events that an app receives about its request: ``receive``."""

import asyncio

from fastly_compute.asgi.types import Event
from fastly_compute.http import Body, BodyError
from fastly_compute.http.async_body import next_piece


class RequestEvents:
    """The ``receive`` of one request.

    Args:
        body: The request's body.
    """

    __slots__ = ("_body", "_ended", "_over")

    def __init__(self, body: Body) -> None:
        self._body = body
        self._ended = False
        self._over = asyncio.Event()

    def disconnect(self) -> None:
        """Note that the response is complete, or that the client is gone."""
        self._over.set()

    async def receive(self) -> Event:
        """Wait for the next event, while other tasks run.

        Returns:
            ``http.request`` for each piece of the body, as it arrives, and for its end; then
            ``http.disconnect``, once the response is complete or the client is gone. A host reports
            that a client is gone only to those who read its body or write the response.

        Raises:
            HandleClosed: The app read or closed the body of ``fastly.request``.
        """
        if not self._ended and not self._over.is_set():
            try:
                piece = await next_piece(self._body)
            except BodyError:
                self._over.set()
            else:
                self._ended = not piece
                return {"type": "http.request", "body": piece, "more_body": not self._ended}
        await self._over.wait()
        return {"type": "http.disconnect"}
