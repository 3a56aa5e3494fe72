"""One request of a client's and its answer, from its arrival until the guest is done with it."""

import secrets
from collections.abc import Callable
from concurrent.futures import Future

from fastly_compute.local.downstream import ClientGone, Downstream, Headers, Incoming
from fastly_compute.local.handoff import HandOff


class Exchange:
    """Knows how far the answer is, and survives a client that goes away.

    Args:
        incoming: The request.
        downstream: Where the answer goes.

    Attributes:
        incoming: The request.
        id: Unique to it, as `http-downstream.downstream-client-request-id` answers.
        started: Whether the answer was begun.
        ended: Whether it was ended, well or not.
        handed_off: To whom the answer is left, where it is.
        over: Done when the guest has ended the answer and gone on; then the client's connection
            is free. An exception in it is none of the guest's, such as Ctrl-C.
    """

    def __init__(self, incoming: Incoming, downstream: Downstream) -> None:
        self.incoming = incoming
        self.id = secrets.token_hex(16)
        self.started = False
        self.ended = False
        self.handed_off: HandOff | None = None
        self.over: Future[None] = Future()
        self._downstream = downstream
        self._left = False

    def inform(self, status: int, headers: Headers) -> None:
        """Send an informational response. Raises `ClientGone`."""
        self._pass(lambda: self._downstream.inform(status, headers))

    def start(self, status: int, headers: Headers, length: int | None) -> None:
        """Begin the answer. Raises `ClientGone`."""
        self.started = True
        self._pass(lambda: self._downstream.start(status, headers, length))

    def write(self, data: bytes) -> None:
        """Send a part of the body. Raises `ClientGone`."""
        if self.ended:
            raise ClientGone("the answer was broken off before")
        self._pass(lambda: self._downstream.write(data))

    def finish(self, trailers: Headers) -> None:
        """End the answer as complete, unless it was broken off."""
        if not self.ended:
            self._downstream.finish(trailers)
            self._end()

    def abort(self) -> None:
        """Break the answer off, unless it has ended."""
        if not self.ended:
            self._downstream.abort()
            self._end()

    def waiting(self) -> "Future[object] | None":
        """Nothing: a client that is slow makes a write slow."""
        return None

    def hand_off(self, handed_off: HandOff) -> None:
        """Leave the answer to another."""
        self.started = True
        self.handed_off = handed_off
        self._end()

    def leave(self) -> None:
        """Take note that the guest has gone on to the next request, or ended."""
        self._left = True
        self._settle()

    def answer_for(self, failure: str | None) -> None:
        """End the answer in the place of a guest that has ended.

        Args:
            failure: What it failed of. With none, an answer that was not begun is an empty 200,
                as on the platform; with one it is a 500, and one that was begun breaks off.
        """
        try:
            if self.started:
                self.abort()
            elif failure is None:
                self.start(200, [("content-length", b"0")], 0)
                self.finish(())
            else:
                text = f"{failure}\n".encode()
                kind = ("content-type", b"text/plain; charset=utf-8")
                self.start(500, [kind, ("content-length", b"%d" % len(text))], len(text))
                self.write(text)
                self.finish(())
        except ClientGone:
            self.abort()
        self.leave()

    def _end(self) -> None:
        self.ended = True
        self._settle()

    def _settle(self) -> None:
        if self.ended and self._left and not self.over.done():
            self.over.set_result(None)

    def _pass(self, send: Callable[[], None]) -> None:
        try:
            send()
        except ClientGone:
            self.abort()
            raise
