"""A response that has not arrived yet: `pending-response` of `fastly:compute/http-req`."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import cast

from componentize_py_types import Err
from wit_world.imports.http_req import ErrorWithDetail
from wit_world.imports.http_resp import PendingResponseKind
from wit_world.imports.types import Error_HttpIncomplete

from fastly_compute.local.interfaces.async_io import Pollable, wait_for
from fastly_compute.local.interfaces.fields import Message
from fastly_compute.local.interfaces.send_errors import send_error
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.server.downstream import ClientGone
from fastly_compute.local.transport import BodyFailure, OriginResponse, SendFailure


class PendingResponse(Pollable):
    """The response to a request that was sent without waiting.

    Args:
        backend: The backend's name.
        decompress: Whether to decompress gzip.
        answer: The response, once its head has arrived.
    """

    def __init__(self, backend: str, answer: "Future[OriginResponse]", *, decompress: bool) -> None:
        self.backend = backend
        self.decompress = decompress
        self._answer = answer
        self._edits: list[tuple[PendingResponseKind, Callable[[Message], None]]] = []
        self._sandbox = running()
        self._sandbox.hold(self, self.dropped)

    def waiting(self) -> "Future[object]":
        """Return the future to wait for."""
        return cast("Future[object]", self._answer)

    def dropped(self) -> None:
        """Drop the response, or the one that will arrive."""
        self._sandbox.let_go(self)
        self._answer.cancel()
        self._answer.add_done_callback(_close)

    def when_settled(self, call: Callable[[object], None]) -> None:
        """Register a callback for when the response has arrived or failed."""
        self._answer.add_done_callback(call)

    def edit(self, target: PendingResponseKind, change: Callable[[Message], None]) -> None:
        """Record a change to the headers of what will be sent to the client."""
        self._edits.append((target, change))

    def apply(self, message: Message, kind: PendingResponseKind) -> None:
        """Apply the changes recorded for this kind of outcome."""
        for target, change in self._edits:
            if target in {PendingResponseKind.ANY, kind}:
                change(message)

    def result(self) -> OriginResponse:
        """Wait for the response, once.

        Raises:
            Err: The request failed.
        """
        self.take("was already awaited")
        wait_for([self.waiting()], None)
        self.outlive()
        return self.response()

    def outlive(self) -> None:
        """Continue when the sandbox ends."""
        self._sandbox.let_go(self)

    def response(self) -> OriginResponse:
        """Wait for the response, on any thread.

        Raises:
            Err: The request failed.
        """
        return answered(self.backend, self._answer.result)


def _close(answer: "Future[OriginResponse]") -> None:
    if not answer.cancelled() and answer.exception() is None:
        answer.result().body.close()


def answered(backend: str, get: Callable[[], OriginResponse]) -> OriginResponse:
    """Get a response; convert a failure to the guest's error, and log it."""
    try:
        return get()
    except SendFailure as failure:
        running().host.log(f"backend {backend!r}: {failure.message}")
        raise send_error(failure) from failure
    except (ClientGone, BodyFailure) as failure:
        # The source of the request's body failed; the origin is not to blame.
        running().host.log(f"the request body for backend {backend!r} was cut short: {failure}")
        raise Err(ErrorWithDetail(None, Error_HttpIncomplete())) from failure
