"""One request of a client's and its answer, from its arrival until the guest is done with it."""

import contextvars
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from fastly_compute.local.server.downstream import ClientGone, Downstream, Incoming, RawHeaders
from fastly_compute.local.server.handoff import Handoff

_BODILESS = frozenset({204, 304})


class Exchange:
    """Knows how far the answer is, and survives a client that goes away.

    Args:
        incoming: The request.
        downstream: Where the answer goes.

    Attributes:
        incoming: The request.
        id: Unique to it, as `http-downstream.downstream-client-request-id` answers.
        started: Whether the answer was begun, or is entrusted to another thread than the guest's.
        ended: Whether it was ended, well or not.
        handed_off: To whom the answer is left, where it is.
    """

    def __init__(self, incoming: Incoming, downstream: Downstream) -> None:
        self.incoming = incoming
        self.id = secrets.token_hex(16)
        self.started = False
        self.ended = False
        self.handed_off: Handoff | None = None
        self._downstream = downstream
        self._bodiless = False
        self._left = False
        self._entrusted = False
        self._work: Callable[[], None] | None = None
        self._changed = threading.Condition()

    @property
    def over(self) -> bool:
        """Whether the answer has ended, and the guest has gone on or ended."""
        return self.ended and self._left

    def serve(self) -> None:
        """Wait until it is over, doing what of the answer is entrusted to this thread."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._work or self.over)
                work, self._work = self._work, None
            if work is None:
                return
            try:
                work()
            finally:
                self.abort()

    def run_on_client_thread(self, work: Callable[[], None]) -> None:
        """Have the thread that serves the client answer: the guest goes on meanwhile.

        Args:
            work: Ends the answer. It runs as part of the running sandbox, whose guest may have
                ended by then.
        """
        with self._changed:
            self.started = True
            self._entrusted = True
            self._work = partial(contextvars.copy_context().run, work)
            self._changed.notify_all()

    def inform(self, status: int, headers: RawHeaders) -> None:
        """Send an informational response. Raises `ClientGone`."""
        self._pass(lambda: self._downstream.inform(status, headers))

    def start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        """Begin the answer. Raises `ClientGone`."""
        self.started = True
        self._bodiless = self.incoming.method == "HEAD" or status in _BODILESS
        self._pass(lambda: self._downstream.start(status, headers, length))

    def write(self, data: bytes) -> None:
        """Send a part of the body, where the answer can have one. Raises `ClientGone`."""
        self._pass(lambda: self._downstream.write(b"" if self._bodiless else data))

    def finish(self, trailers: RawHeaders) -> None:
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

    def handoff(self, handed_off: Handoff) -> None:
        """Leave the answer to another."""
        self.started = True
        self.handed_off = handed_off
        self._end()

    def leave(self) -> None:
        """Take note that the guest has gone on to the next request, or ended."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def answer_for(self, failure: str | None) -> None:
        """End the answer in the place of a guest that has ended.

        Args:
            failure: What it failed of. With none, an answer that was not begun is an empty 200,
                as on the platform; with one it is a 500, and one that was begun breaks off. An
                answer that is entrusted to another thread goes on.
        """
        try:
            if self.started:
                if not self._entrusted:
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
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _pass(self, send: Callable[[], None]) -> None:
        if self.ended:
            raise ClientGone("the response has already ended")
        try:
            send()
        except ClientGone:
            self.abort()
            raise
