"""Log endpoints."""

from typing import Self

from fastly_compute.core import Handle
from fastly_compute.log import _wit
from fastly_compute.log.names import checked


class LogEndpoint(Handle["_wit.Endpoint"]):
    """A log endpoint of the service.

    A name is not empty, has no CR, LF or colon in it, and is not ``stdout`` or ``stderr``, nor
    starts with ``fst_managed_``; others are refused before the host is called. The platform accepts
    any other name, also that of an endpoint that the service does not have, and discards what is
    written to it: the endpoint's page in the web interface shows what arrives.

    Example:
        >>> from fastly_compute.log import LogEndpoint
        >>> def log_visit(path: str) -> None:
        ...     with LogEndpoint.open("visits") as visits:
        ...         visits.write(path)
    """

    __slots__ = ("_name",)

    _created_by = "LogEndpoint.open"

    _name: str

    @classmethod
    def open(cls, name: str) -> Self:
        """Open an endpoint (``endpoint.open``).

        Args:
            name: Its name in the service, which is case-sensitive.

        Returns:
            The endpoint.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidEndpointName: The name is invalid.
            LogCallFailed: The host refused.
            HostUnavailable: No host is available.
        """
        endpoint = cls._wrap(_wit.open_endpoint(checked(name)))
        endpoint._name = name
        return endpoint

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self._name

    def write(self, msg: str | bytes) -> None:
        r"""Write a message (``endpoint.write``): one call, one log line.

        The message is passed to the host whole and as it is. The platform writes newlines inside
        it as ``\n``, and nothing for an empty message.

        Args:
            msg: The message; a ``str`` is encoded as UTF-8, and surrogates, which UTF-8 cannot
                encode, as ``\udc80``.

        Raises:
            TypeError: It is neither ``str`` nor ``bytes``.
            HandleClosed: The endpoint was closed.
        """
        if isinstance(msg, str):
            msg = msg.encode(errors="backslashreplace")
        elif not isinstance(msg, bytes):
            raise TypeError(f"a log message must be str or bytes, not {type(msg).__name__}")
        _wit.write(self._resource, msg)

    def __repr__(self) -> str:
        return f"<LogEndpoint {self._name!r}>"
