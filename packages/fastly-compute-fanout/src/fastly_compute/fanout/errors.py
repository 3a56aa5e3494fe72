"""The exceptions of Fanout.

::

    FanoutError
      ├ GripSignatureError                   the request did not come through Fanout
      │   ├ GripSignatureMissing
      │   ├ GripSignatureInvalid
      │   └ GripSignatureExpired
      ├ InvalidGrip (ValueError)             a channel, key or option is invalid
      ├ InvalidWebSocketEvents (ValueError)  a body is not valid WebSocket-over-HTTP
      └ PublishFailed (OSError)              the publishing endpoint refused
"""

from fastly_compute.core import FastlyComputeError


class FanoutError(FastlyComputeError):
    """Base class of this package's exceptions.

    The errors of sending a request belong to `fastly_compute.http`: they do not derive from this.

    Example:
        >>> from fastly_compute.fanout import Channel, FanoutError
        >>> try:
        ...     Channel("two words")
        ... except FanoutError as error:
        ...     print(type(error).__name__)
        InvalidGrip
    """


class GripSignatureError(FanoutError):
    """A request did not provably come through Fanout. The message does not repeat its claims."""


class GripSignatureMissing(GripSignatureError):
    """The request has no Grip-Sig header."""


class GripSignatureInvalid(GripSignatureError):
    """The Grip-Sig is malformed, signed with another key, or meant for another recipient."""


class GripSignatureExpired(GripSignatureError):
    """The Grip-Sig has expired, is not valid yet, or has no ``exp``."""


class InvalidGrip(FanoutError, ValueError):
    """A channel, a key or an option is invalid."""


class InvalidWebSocketEvents(FanoutError, ValueError):
    """WebSocket events are invalid or malformed."""


class PublishFailed(FanoutError, OSError):
    """The publishing endpoint refused the items.

    Attributes:
        url: The endpoint.
        status: The status of its response.
        text: The first 500 characters of its response.
    """

    def __init__(self, url: str, status: int, text: str) -> None:
        super().__init__(f"publishing to {url} failed with status {status}: {text or 'no text'}")
        self.url = url
        self.status = status
        self.text = text

    def __reduce__(self) -> tuple[object, ...]:
        """Support pickling and copying."""
        return (type(self), (self.url, self.status, self.text))
