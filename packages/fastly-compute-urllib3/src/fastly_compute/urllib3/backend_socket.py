"""The socket that `http.client` is given: what is written to it goes to a backend."""

import io
from collections.abc import Callable
from typing import NoReturn

from fastly_compute.backend import Backend
from fastly_compute.core import FastlyComputeError
from fastly_compute.http import CacheOptions
from fastly_compute.urllib3.exchange import Exchange, ResponseFile
from fastly_compute.urllib3.request_stream import RequestHead, parse_head

_END_OF_HEAD = b"\r\n\r\n"
_BUFFER = 64 * 1024


def origin(scheme: str, host: str, port: int) -> str:
    """Write the scheme and authority of the URLs for a host.

    Args:
        scheme: ``http`` or ``https``.
        host: The host's name or address; an IPv6 address with or without brackets.
        port: The port.

    Returns:
        Both, as in ``https://api.example:443``.
    """
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{bracketed}:{port}"


class BackendSocket:
    """Stands in for a connected socket below an `http.client.HTTPConnection`.

    It reads the HTTP/1.1 that is written to it, sends each request to a backend, and is read as a
    server's response would be. Bodies are streamed in both directions.

    Args:
        origin: The scheme and authority, such as ``https://api.example:8443``.
        backend_for: Finds the backend for a URL when a request to it is sent.
        cache: How the cache treats requests.
        translate: Makes the exception that the library above expects of one that occurred.
        timeout: The timeout that `gettimeout` returns at first.
    """

    def __init__(
        self,
        origin: str,
        backend_for: Callable[[str], Backend | str],
        *,
        cache: CacheOptions,
        translate: Callable[[Exception], BaseException],
        timeout: float | None = None,
    ) -> None:
        self._origin = origin
        self._backend_for = backend_for
        self._cache = cache
        self._translate = translate
        self._timeout = timeout
        self._start = b""
        self._exchange: Exchange | None = None

    def sendall(self, data: "bytes | bytearray | memoryview", flags: int = 0) -> None:
        """Write a part of a request.

        Args:
            data: The bytes.
            flags: Not used.

        Raises:
            BrokenPipeError: The backend accepts no more of the body; its response says why.
            OSError: The request could not be sent.
            ValueError: The bytes are not an HTTP/1.1 request, or the body does not have the
                length that was announced.
        """
        data = bytes(data)
        try:
            if self._exchange is None or self._exchange.is_answered:
                self._exchange = None
                start, end, body = (self._start + data).partition(_END_OF_HEAD)
                if not end:
                    self._start = start
                    return
                self._start, data = b"", body
                self._exchange = self._begin(parse_head(start, self._origin))
            self._exchange.feed(data)
        except BrokenPipeError:
            raise
        except (FastlyComputeError, ValueError) as error:
            if self._exchange is not None:
                self._exchange.abort()
            if isinstance(error, FastlyComputeError):
                raise self._translate(error) from error
            raise

    def _begin(self, head: RequestHead) -> Exchange:
        url = self._origin + head.target
        return Exchange(head, url, self._backend_for, self._cache, self._translate)

    def makefile(self, mode: str = "r", buffering: int | None = None) -> io.RawIOBase:
        """Return a file from which the response is read.

        Args:
            mode: ``rb``.
            buffering: 0 for an unbuffered file.

        Returns:
            The file; closing it discards the rest of the response.
        """
        if mode != "rb":
            raise ValueError(f"mode must be 'rb', not {mode!r}")
        exchange = self._exchange
        if exchange is None:
            raise OSError("nothing to read: no request was sent on this connection")
        raw = ResponseFile(exchange)
        return raw if buffering == 0 else io.BufferedReader(raw, _BUFFER)  # type: ignore[return-value]

    @property
    def is_readable(self) -> bool:
        """Whether something can be read without waiting."""
        return self._exchange is not None and self._exchange.is_readable

    def settimeout(self, value: float | None) -> None:
        """Set the timeout in seconds of the requests that are sent from now on."""
        self._timeout = value

    def gettimeout(self) -> float | None:
        """Return the timeout in seconds."""
        return self._timeout

    def setsockopt(self, *args: object) -> None:
        """Do nothing: the connections are the host's."""

    def fileno(self) -> NoReturn:
        """Raise an error: the host has the connection, and not this process.

        Raises:
            OSError: Always.
        """
        raise OSError("a connection to a backend has no file descriptor: the host has it")

    def shutdown(self, how: int) -> None:
        """Discard the response that is being read, if there is one."""
        if self._exchange is not None:
            self._exchange.close()

    def close(self) -> None:
        """Abort a request that is not complete, and discard a response that nobody reads.

        One that is being read can still be read from its file.
        """
        if self._exchange is not None and not self._exchange.is_answered:
            self._exchange.abort()
        self._exchange = None
