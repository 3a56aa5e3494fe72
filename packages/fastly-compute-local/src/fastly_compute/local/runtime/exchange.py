"""A client's request and its response, from arrival until the guest is done with it."""

import contextvars
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from fastly_compute.local.server.downstream import ClientGone, Downstream, Incoming, RawHeaders
from fastly_compute.local.server.handoff import Handoff

if TYPE_CHECKING:
    from fastly_compute.local.runtime.request_record import RequestRecord

_BODILESS = frozenset({204, 304})


class Exchange:
    """Tracks the progress of the response, and survives a client that disconnects.

    Args:
        incoming: The request.
        downstream: The destination of the response.
        record: What serving it takes is noted there; by default nowhere.

    Attributes:
        incoming: The request.
        record: Where what serving it takes is noted.
        id: Its unique identifier, as `http-downstream.downstream-client-request-id` returns it.
        started: Whether the response was started, or left to a thread other than the guest's.
        ended: Whether the response has ended, complete or not.
        handed_off: The handoff, if there is one.
    """

    def __init__(
        self, incoming: Incoming, downstream: Downstream, record: "RequestRecord | None" = None
    ) -> None:
        self.incoming = incoming
        self.record = record
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
        """Whether the response has ended, and the guest has moved on or ended."""
        return self.ended and self._left

    def serve(self) -> None:
        """Wait until it is over, meanwhile running the work that is left to this thread."""
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
        """Send the response from the thread that serves the client, while the guest continues.

        Args:
            work: Sends the whole response. It runs as part of the current sandbox, whose guest may
                have ended by then.
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
        """Start the response. Raises `ClientGone`."""
        self.started = True
        self._bodiless = self.incoming.method == "HEAD" or status in _BODILESS
        self._pass(lambda: self._downstream.start(status, headers, length))

    def write(self, data: bytes) -> None:
        """Send a part of the body, if the response can have one. Raises `ClientGone`."""
        self._pass(lambda: self._downstream.write(b"" if self._bodiless else data))

    def finish(self, trailers: RawHeaders) -> None:
        """End the response as complete, unless it was aborted."""
        if not self.ended:
            self._downstream.finish(trailers)
            self._end()

    def abort(self) -> None:
        """Abort the response, unless it has ended."""
        if not self.ended:
            self._downstream.abort()
            self._end()

    def waiting(self) -> "Future[object] | None":
        """Return None: a slow client makes a write slow instead."""
        return None

    def handoff(self, handed_off: Handoff) -> None:
        """Hand the request off."""
        self.started = True
        self.handed_off = handed_off
        self._end()

    def leave(self) -> None:
        """Note that the guest has moved on to the next request, or has ended."""
        if self.record is not None:
            self.record.leave()
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def answer_for(self, failure: str | None) -> None:
        """End the response on behalf of a guest that has ended.

        Args:
            failure: The guest's failure. Without one, a response that was not started becomes an
                empty 200, as on the platform; with one it becomes a 500, and a started response
                is truncated. A response that is left to another thread continues.
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
