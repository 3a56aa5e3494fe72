"""What goes wrong with Fanout.

::

    FanoutError
      ├ GripSignatureError                   the request did not come through Fanout
      │   ├ GripSignatureMissing
      │   ├ GripSignatureInvalid
      │   └ GripSignatureExpired
      ├ InvalidGrip (ValueError)             a channel, key or option breaks its rule
      ├ InvalidWebSocketEvents (ValueError)  a body is no WebSocket-over-HTTP
      └ PublishFailed (OSError)              the publishing endpoint refused
"""

from fastly_compute.core import FastlyComputeError


class FanoutError(FastlyComputeError):
    """Anything that goes wrong in this package derives from this.

    Not so what sending a request raises, which is `fastly_compute.http`'s.

    Example:
        >>> from fastly_compute.fanout import Channel, FanoutError
        >>> try:
        ...     Channel("two words")
        ... except FanoutError as error:
        ...     print(type(error).__name__)
        InvalidGrip
    """


class GripSignatureError(FanoutError):
    """A request cannot be trusted to have come through Fanout. What it claims is not said."""


class GripSignatureMissing(GripSignatureError):
    """The request has no Grip-Sig header."""


class GripSignatureInvalid(GripSignatureError):
    """The request's Grip-Sig is no token, was made with another key, or is meant for another."""


class GripSignatureExpired(GripSignatureError):
    """The request's Grip-Sig is too old, not yet valid, or says no end."""


class InvalidGrip(FanoutError, ValueError):
    """A channel, a key or an option breaks its rule."""


class InvalidWebSocketEvents(FanoutError, ValueError):
    """What was to be a sequence of WebSocket events is none."""


class PublishFailed(FanoutError, OSError):
    """The publishing endpoint refused the items.

    Attributes:
        url: The endpoint.
        status: The status of its answer.
        text: The first 500 characters of its answer.
    """

    def __init__(self, url: str, status: int, text: str) -> None:
        super().__init__(f"publishing to {url} failed with status {status}: {text or 'no text'}")
        self.url = url
        self.status = status
        self.text = text

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the facts."""
        return (type(self), (self.url, self.status, self.text))
