"""Publishing items on channels, through Fastly's API or a Pushpin's."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastly_compute.backend import Backend
from fastly_compute.fanout.channels import word
from fastly_compute.fanout.errors import InvalidGrip, PublishFailed
from fastly_compute.http import CacheOptions, Headers, HeadersLike, Request, Response
from fastly_compute.secret_store import Secret

_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    r"""Something to publish. It has at least one format; a connection gets the one that fits it.

    Attributes:
        channel: The channel's name.
        http_stream: What is added to held streams.
        http_response: The answer that waits are ended with: a `fastly_compute.http.Response` made
            of bytes or text.
        ws_message: What is sent to WebSockets: text, or bytes for a binary message.
        close: Whether streams and WebSockets are closed; behind *http_stream* or *ws_message*, if
            one is there.
        id: The item's own ID.
        prev_id: The ID of the item before it on this channel, so that none is lost or out of order.
        meta: More for the filters of subscriptions, such as ``{"sender": "..."}``.

    Raises:
        InvalidGrip: A name or ID breaks its rule, or there is no format.
        TypeError: A value is of the wrong type.

    Example:
        >>> from fastly_compute.fanout import Item
        >>> Item(channel="news", http_stream="hello\n", ws_message="hello").export()["channel"]
        'news'
    """

    channel: str
    http_stream: str | bytes | None = None
    http_response: Response | None = None
    ws_message: str | bytes | None = None
    close: bool = False
    id: str | None = None
    prev_id: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)

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
        if self.prev_id is not None and self.id is None:
            raise InvalidGrip("prev_id: needs an id")
        formats = (self.http_stream, self.http_response, self.ws_message)
        if all(item is None for item in formats) and not self.close:
            raise InvalidGrip(
                "an item needs one of http_stream, http_response, ws_message and close"
            )

    def export(self) -> dict[str, Any]:
        """Make what is published of it, as JSON has it."""
        formats: dict[str, Any] = {}
        if self.http_stream is not None:
            formats["http-stream"] = _content("content", self.http_stream)
        if self.ws_message is not None:
            formats["ws-message"] = _content("content", self.ws_message)
        if self.http_response is not None:
            formats["http-response"] = _response(self.http_response)
        item = {"channel": self.channel, "id": self.id, "prev-id": self.prev_id}
        said = {name: value for name, value in item.items() if value is not None}
        meta = {"meta": dict(self.meta)} if self.meta else {}
        return {**said, "formats": formats, **meta}

    def exports(self) -> list[dict[str, Any]]:
        """Make the items that are published of it: a close is one of its own."""
        ends = {"http-stream": {"action": "close"}, "ws-message": {"type": "close"}}
        closing = {"channel": self.channel, "formats": ends}
        exported = self.export()
        items = [exported] if exported["formats"] else []
        return [*items, closing] if self.close else items


def _content(name: str, value: str | bytes) -> dict[str, str]:
    if isinstance(value, str):
        return {name: value}
    return {f"{name}-bin": b64encode(value).decode()}


def _response(response: Response) -> dict[str, Any]:
    body = response.body.read()
    said: dict[str, Any] = {"code": response.status}
    if response.headers:
        said["headers"] = [[name, value] for name, value in response.headers.items()]
    try:
        return said | _content("body", body.decode())
    except UnicodeDecodeError:
        return said | _content("body", body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """The way to publish: an endpoint, and the backend that leads to it.

    Attributes:
        url: The endpoint: ``https://api.fastly.com/service/SERVICE_ID`` for Fastly, or a Pushpin's
            such as ``http://127.0.0.1:5561``. ``/publish/`` is added.
        token: A Fastly API token with the scope ``global`` for the service; None for a Pushpin.
        backend: The backend, or its name; None for the dynamic one that belongs to the URL.

    Example:
        >>> from fastly_compute.fanout import Item, Publisher
        >>> from fastly_compute.secret_store import SecretStore
        >>> def tell(text: str) -> None:
        ...     token = SecretStore.open("keys")["fastly-api"]
        ...     url = "https://api.fastly.com/service/SERVICE_ID"
        ...     Publisher(url=url, token=token).publish(Item(channel="news", ws_message=text))
    """

    url: str
    token: Secret | None = None
    backend: Backend | str | None = None

    def __post_init__(self) -> None:
        if self.token is not None and not isinstance(self.token, Secret):
            raise TypeError(f"token must be a Secret, not {type(self.token).__name__}")
        Request("POST", self._endpoint)

    @property
    def _endpoint(self) -> str:
        return f"{self.url.rstrip('/')}/publish/"

    def publish(self, *items: Item, headers: "HeadersLike | None" = None) -> None:
        """Publish items, in this order, with one request.

        Args:
            items: What to publish, one or more.
            headers: More headers of the request.

        Raises:
            PublishFailed: The endpoint refused them; its status and text are in the error.
            SendError: The endpoint did not answer. Some items may have been published.
            InvalidGrip: There is no item.
        """
        exported = self._exported(items)
        fields = Headers(headers or ())
        fields["Content-Type"] = "application/json"
        if self.token is not None:
            fields["Authorization"] = f"Bearer {self.token.text()}"
        request = Request(
            "POST",
            self._endpoint,
            headers=fields,
            body=json.dumps({"items": exported}, separators=(",", ":")),
            cache=CacheOptions(pass_through=True),
        )
        with request.send(self.backend) as response:
            if not 200 <= response.status < 300:
                text = response.body.read(4 * _SHOWN).decode(errors="replace")[:_SHOWN]
                raise PublishFailed(self._endpoint, response.status, text.strip())

    @staticmethod
    def _exported(items: Sequence[Item]) -> list[dict[str, Any]]:
        if not items:
            raise InvalidGrip("items: at least one is needed")
        return [exported for item in items for exported in item.exports()]
