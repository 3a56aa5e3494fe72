"""A client of the development server: its request is read, and its response sent, as HTTP/1.1."""

import contextlib
import socket
import threading
import time
from http import HTTPStatus
from typing import Any

import h11

from fastly_compute.local.server.downstream import ClientGone, RawHeaders

FAREWELL_SECONDS = 2.0
"""How long a client may take to read a last response."""

_READ_SIZE = 64 * 1024
_REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}


class Client:
    """One request and its response on a connection: a sandbox's body source and downstream.

    Args:
        http: The connection's state.
        peer: Its socket.

    Attributes:
        received: How many bytes of the request's body were read.
        sent: How many bytes of the response's body were sent.
    """

    def __init__(self, http: h11.Connection, peer: socket.socket) -> None:
        self._http = http
        self._peer = peer
        self._held = b""
        # A guest may send its response while another thread is reading its request.
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._reclaimed = False
        self.is_last = False
        self.is_to_head = False
        self.status = 0
        self.aborted = False
        self.refused = False
        self.received = 0
        self.sent = 0

    def answer_to(self, method: bytes) -> None:
        """Note the method of the request: the response to a HEAD has no body."""
        self.is_to_head = method == b"HEAD"

    def close_after(self, *, last: bool) -> None:
        """Note whether the connection ends with this request."""
        self.is_last = last

    def read_chunk(self) -> bytes:
        """Return the next bytes of the request's body."""
        with self._reading:
            if self._reclaimed:
                raise ClientGone("the request is over")
            if self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                event = self.next_event()
            except h11.RemoteProtocolError as error:
                why = f"the request body is malformed: {error}"
                self.refuse(400, why)
                raise ClientGone(why) from error
            if not isinstance(event, h11.Data):
                return b""
            self.received += len(event.data)
            return bytes(event.data)

    def close(self) -> None:
        """Leave the rest of the request's body unread."""

    def reclaim(self) -> None:
        """Detach the request's body from a guest that may still hold it; later data is not its."""
        if self.aborted and not self.refused:
            with contextlib.suppress(OSError):
                self._peer.shutdown(socket.SHUT_RDWR)
        with self._reading:
            self._reclaimed = True

    def inform(self, status: int, headers: RawHeaders) -> None:
        """Send an informational response, unless the client uses HTTP/1.0, which has none."""
        if self._http.their_http_version == b"1.0":
            return
        head = h11.InformationalResponse(
            status_code=status, headers=_encoded(headers), reason=_REASONS.get(status, b"")
        )
        self._send(head)

    def start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        """Send the head of the response."""
        if self.refused:
            raise ClientGone("the request was refused")
        self._start(status, headers, length)

    def _start(self, status: int, headers: RawHeaders, length: int | None) -> None:
        self.status = status
        if self.is_last:
            headers = [*headers, ("connection", b"close")]
        try:
            # If the length is known the body follows at once, in the same packet.
            head = h11.Response(
                status_code=status, headers=_encoded(headers), reason=_REASONS.get(status, b"")
            )
        except h11.LocalProtocolError as error:
            raise self._invalid(error) from error
        with self._lock:
            self._held = self._encode(head)
        if length is None:
            self._flush(b"")

    def write(self, data: bytes) -> None:
        """Send a part of the response's body."""
        if self._http.our_state is h11.SEND_BODY and data:
            self._send(h11.Data(data=data))
            self.sent += len(data)

    def finish(self, trailers: RawHeaders) -> None:
        """End the response."""
        if self._http.our_state is not h11.SEND_BODY:
            return
        with contextlib.suppress(ClientGone):
            self._send(h11.EndOfMessage(headers=_encoded(trailers)))

    def abort(self) -> None:
        """Close the connection before the end of the response."""
        self.aborted = True

    @property
    def ahead(self) -> bytes:
        """Return what the client has sent after its request."""
        return bytes(self._http.trailing_data[0])

    def refuse(self, status: int, why: str, *more: tuple[str, bytes]) -> None:
        """Send an error response of the server, unless a response was started.

        Args:
            status: The status.
            why: The text.
            more: Further headers.
        """
        with self._lock:
            if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
                return
            self.refused = self.is_last = True
        text = f"{why}\n".encode()
        headers = [
            ("content-type", b"text/plain; charset=utf-8"),
            ("content-length", b"%d" % len(text)),
            *more,
        ]
        with contextlib.suppress(ClientGone):
            self._start(status, headers, len(text))
            self.write(b"" if self.is_to_head else text)
            self.finish(())

    def part(self) -> None:
        """Give the client time to read why it was refused."""
        with contextlib.suppress(OSError):
            # Closing with unread bytes would reset the connection, and the response might be lost.
            self._peer.shutdown(socket.SHUT_WR)
            self._peer.settimeout(FAREWELL_SECONDS)
            end = time.monotonic() + FAREWELL_SECONDS
            while time.monotonic() < end and self._peer.recv(_READ_SIZE):
                pass

    def next_event(self) -> Any:
        """Wait for the client's next event."""
        while True:
            try:
                with self._lock:
                    event = self._http.next_event()
                if event is not h11.NEED_DATA:
                    return event
                data = self._peer.recv(_READ_SIZE)
                with self._lock:
                    self._http.receive_data(data)
            except OSError as error:
                raise ClientGone(str(error)) from error

    def _send(self, event: Any) -> None:
        with self._lock:
            data = self._encode(event)
        self._flush(data)

    def _encode(self, event: Any) -> bytes:
        try:
            return self._http.send(event) or b""
        except h11.LocalProtocolError as error:
            raise self._invalid(error) from error

    def _invalid(self, error: h11.LocalProtocolError) -> ClientGone:
        self.aborted = True
        return ClientGone(f"the response is not valid HTTP: {error}")

    def _flush(self, data: bytes) -> None:
        data, self._held = self._held + data, b""
        try:
            # The timeout applies to each part: it is for clients that stop reading, not slow ones.
            for start in range(0, len(data), _READ_SIZE):
                self._peer.sendall(data[start : start + _READ_SIZE])
        except OSError as error:
            self.aborted = True
            raise ClientGone(str(error)) from error


def _encoded(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    # Whitespace around a value does not belong to it (RFC 9110, section 5.5); h11 refuses it.
    return [(name.encode("latin-1"), value.strip(b" \t")) for name, value in headers]
