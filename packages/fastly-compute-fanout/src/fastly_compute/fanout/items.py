"""The items that are published."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastly_compute.fanout.channels import word
from fastly_compute.fanout.errors import InvalidGrip
from fastly_compute.http import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    r"""An item to publish, in at least one format; each connection gets the format that fits it.

    Attributes:
        channel: The channel's name.
        http_stream: Data to append to held streams.
        http_response: The response for clients that are waiting. Its body is read immediately.
        ws_message: A message for WebSockets: text, or bytes for a binary message.
        close: Whether to close streams and WebSockets, after delivering the item's data.
        id: The item's ID.
        prev_id: The ID of the previous item on this channel, so that none is lost or reordered.
        meta: Metadata for filters, such as ``{"sender": "alice"}`` for ``skip-self``.

    Raises:
        InvalidGrip: A name or ID is invalid, or no format is given.
        TypeError: A value has the wrong type.

    Example:
        >>> from fastly_compute.fanout import Item
        >>> Item(channel="news", ws_message=b"\0\1").export()
        [{'channel': 'news', 'formats': {'ws-message': {'content-bin': 'AAE='}}}]
    """

    channel: str
    http_stream: str | bytes | None = None
    http_response: Response | None = field(default=None, compare=False)
    ws_message: str | bytes | None = None
    close: bool = False
    id: str | None = None
    prev_id: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    _response: dict[str, Any] | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        word(self.channel, "a channel's name")
        for what in ("id", "prev_id"):
            value = getattr(self, what)
            if value is not None:
                word(value, what)
        for what in ("http_stream", "ws_message"):
            value = getattr(self, what)
            if value is not None and not isinstance(value, str | bytes):
                raise TypeError(f"{what} must be str or bytes, not {type(value).__name__}")
        for name, value in self.meta.items():
            if not (isinstance(name, str) and isinstance(value, str)):
                raise TypeError("meta must map str to str")
        if self.prev_id is not None and self.id is None:
            raise InvalidGrip("prev_id: requires an id")
        formats = (self.http_stream, self.http_response, self.ws_message)
        if all(item is None for item in formats) and not self.close:
            raise InvalidGrip(
                "an item requires at least one of http_stream, http_response, ws_message and close"
            )
        if self.http_response is not None:
            # A body can be read only once, but an item may be published several times.
            object.__setattr__(self, "_response", _exported(self.http_response))

    def export(self) -> list[dict[str, Any]]:
        """Return the JSON objects to publish: a close is a separate item."""
        formats: dict[str, Any] = {}
        if self.http_stream is not None:
            formats["http-stream"] = _content("content", self.http_stream)
        if self._response is not None:
            formats["http-response"] = self._response
        if self.ws_message is not None:
            formats["ws-message"] = _content("content", self.ws_message)
        meta = {"meta": dict(self.meta)} if self.meta else {}
        items = []
        if formats:
            ids = {"id": self.id, "prev-id": self.prev_id}
            known = {name: value for name, value in ids.items() if value is not None}
            items.append({"channel": self.channel, **known, "formats": formats, **meta})
        if self.close:
            ends = {name: {"action": "close"} for name in ("http-stream", "ws-message")}
            items.append({"channel": self.channel, "formats": ends, **meta})
        return items


def _content(name: str, value: str | bytes) -> dict[str, str]:
    if isinstance(value, str):
        return {name: value}
    return {f"{name}-bin": b64encode(value).decode()}


def _exported(response: Response) -> dict[str, Any]:
    if not isinstance(response, Response):
        raise TypeError(f"http_response must be a Response, not {type(response).__name__}")
    body = response.body.read()
    said: dict[str, Any] = {"code": response.status}
    if response.headers:
        said["headers"] = [[name, value] for name, value in response.headers.items()]
    try:
        return said | _content("body", body.decode())
    except UnicodeDecodeError:
        return said | _content("body", body)
