"""Channels, which clients subscribe to and items are published on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fastly_compute.fanout.errors import InvalidGrip

# Valid unquoted in a header parameter, and in a control message of a WebSocket.
_WORD = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,1024}")


def word(value: str, what: str) -> str:
    """Validate a channel's name, an ID or a filter."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if not _WORD.fullmatch(value):
        raise InvalidGrip(
            f'{what} must be 1 to 1024 visible ASCII characters without , ; " and \\, '
            f"not {value[:64]!r}"
        )
    return value


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel to subscribe a connection to.

    Attributes:
        name: Its name: 1 to 1024 visible ASCII characters without ``, ; "`` and backslash.
        prev_id: The ID of the last item that the client received. If a later one was published in
            the meantime, Fanout immediately sends the app the request again. Not for WebSockets.
        filters: The filters that items pass on their way to the client, such as ``skip-self``.

    Raises:
        InvalidGrip: A value is invalid.
        TypeError: A value has the wrong type.

    Example:
        >>> from fastly_compute.fanout import Channel
        >>> Channel("news", prev_id="41").header
        'news; prev-id=41'
    """

    name: str
    prev_id: str | None = None
    filters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        word(self.name, "a channel's name")
        if self.prev_id is not None:
            word(self.prev_id, "prev_id")
        if not isinstance(self.filters, tuple):
            raise TypeError(f"filters must be a tuple of str, not {type(self.filters).__name__}")
        for name in self.filters:
            word(name, "a filter")

    @property
    def header(self) -> str:
        """The channel as an entry of a Grip-Channel header."""
        prev = "" if self.prev_id is None else f"; prev-id={self.prev_id}"
        return self.name + prev + "".join(f"; filter={name}" for name in self.filters)


Channels: TypeAlias = str | Channel | Sequence[str | Channel]
"""One or more channels, each as a name or a `Channel`."""


def channels_of(channels: Channels) -> list[Channel]:
    """Return the channels as a list; at least one is required."""
    given = [channels] if isinstance(channels, str | Channel) else list(channels)
    if not given:
        raise InvalidGrip("channels: at least one is required")
    return [item if isinstance(item, Channel) else Channel(item) for item in given]
