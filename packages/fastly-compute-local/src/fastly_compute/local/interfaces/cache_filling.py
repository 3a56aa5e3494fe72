"""The body of an object that is being stored in the readthrough cache."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import cast

from fastly_compute.local.interfaces.async_io import wait_for
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state import StoredBody


class Filling:
    """Takes what the guest writes, and stores an appended body in the background, in order.

    If the sandbox ends before the guest finishes the body, it is aborted.

    Args:
        stored: The body to fill.
    """

    def __init__(self, stored: StoredBody) -> None:
        self._stored = stored
        self._sandbox = running()
        self._log = self._sandbox.host.log
        self._background: Callable[[Callable[[], None]], Future[None]] = (
            self._sandbox.host.background
        )
        self._appending: Future[None] | None = None
        self._sandbox.hold(self, self.abort)

    def write(self, data: bytes) -> None:
        """Store bytes, after what was appended. Raises `ClientGone` if it is aborted."""
        wait_for([self.waiting()], None)
        self._stored.write(data)

    def append(self, body: Body) -> None:
        """Store the rest of a body without waiting for it."""
        wait_for([self.waiting()], None)
        body.outlive()
        rest = Body()
        rest.absorb(body)
        self._appending = self._background(lambda: self._pump(rest))

    def waiting(self) -> "Future[object] | None":
        """Return the future to wait for before writing."""
        appending = self._appending
        return None if appending is None or appending.done() else cast("Future[object]", appending)

    def finish(self, trailers: RawHeaders) -> None:
        """End the body once all of it is stored."""
        self._sandbox.let_go(self)
        if self._appending is None:
            self._stored.finish(trailers)
        else:
            self._appending.add_done_callback(lambda _: self._stored.finish(trailers))

    def abort(self) -> None:
        """Abort the body."""
        self._sandbox.let_go(self)
        self._stored.abort()

    def _pump(self, rest: Body) -> None:
        try:
            for data in rest.chunks():
                self._stored.write(data)
        except BaseException as error:
            self._stored.fail(error)
            self._log(f"http-cache: a response is not stored: {error}")
        finally:
            rest.close_sources()


def filled(stored: StoredBody) -> Body:
    """Make the body that the guest writes to fill a stored one."""
    body = Body()
    body.stream_to(Filling(stored))
    return body
