"""How a reply reaches the guest: late, in pieces, or not to its end."""

import math
from collections import deque
from concurrent.futures import Future
from datetime import timedelta

from fastly_compute.local.extending import BodyFailure, OriginResponse, SendFailure, wait_for
from fastly_compute.testing.call import Call
from fastly_compute.testing.durations import timedelta_of
from fastly_compute.testing.reply import Reply

# From the documentation range of RFC 5737, so that no log can be mistaken for a real origin's.
_ADDRESS = "192.0.2.1"


class Delivery:
    """Hands out the replies of all backends of a host, and ends their waits when it is closed."""

    def __init__(self) -> None:
        self._closed: Future[object] = Future()

    def wait(self, seconds: float) -> bool:
        """Wait, not longer than the guest may take; false if no one is waiting."""
        return not seconds or wait_for([self._closed], seconds) is None

    def close(self) -> None:
        """Wait for nothing any more."""
        if not self._closed.done():
            self._closed.set_result(None)

    def send(self, reply: Reply, call: Call, latency: timedelta) -> OriginResponse:
        """Send a reply when it is time.

        Args:
            reply: The reply.
            call: What it is for, with the time that the backend allows.
            latency: How late it is where it does not say so itself.

        Raises:
            SendFailure: It comes too late.
        """
        late = latency if reply.latency is None else timedelta_of(reply.latency, field="latency")
        limit = call.config.first_byte_timeout_ms
        if limit and late > timedelta(milliseconds=limit):
            raise SendFailure(
                "http-response-timeout",
                f"{call}: the reply takes {late.total_seconds():g} s, and the first byte timeout "
                f"is {limit} ms",
            )
        if not self.wait(late.total_seconds()):
            raise SendFailure("connection-terminated", f"{call}: the host was closed before")
        return OriginResponse(
            status=reply.status,
            headers=reply.to_wire(),
            http_version="HTTP/1.1",
            remote_addr=(_ADDRESS, call.config.port),
            body=_Content(self, Reply() if call.method == "HEAD" else reply, call),
        )


class _Content:
    """The body of a reply, as the host reads it."""

    def __init__(self, delivery: Delivery, reply: Reply, call: Call) -> None:
        self._delivery = delivery
        self._call = call
        self._parts = deque(part for part in (reply.chunks or (reply.body,)) if part)
        self._between = timedelta_of(reply.between, field="between")
        self._left = math.inf if reply.truncate_at is None else reply.truncate_at
        self._begun = False

    def read_chunk(self) -> bytes:
        """Return the next part."""
        if not self._parts:
            return b""
        if not self._left:
            raise BodyFailure("http-incomplete", f"{self._call}: the reply is cut short")
        if self._begun:
            self._wait()
        self._begun = True
        part = self._parts.popleft()
        if len(part) > self._left:
            cut = int(self._left)
            self._parts.appendleft(part[cut:])
            part = part[:cut]
        self._left -= len(part)
        return part

    def close(self) -> None:
        """Let go of the rest."""
        self._parts.clear()

    def _wait(self) -> None:
        limit = self._call.config.between_bytes_timeout_ms
        if limit and self._between > timedelta(milliseconds=limit):
            raise BodyFailure(
                "generic-error",
                f"{self._call}: the reply has {self._between.total_seconds():g} s between its "
                f"parts, and the between bytes timeout is {limit} ms",
            )
        if not self._delivery.wait(self._between.total_seconds()):
            raise BodyFailure("generic-error", f"{self._call}: the host was closed before its end")
