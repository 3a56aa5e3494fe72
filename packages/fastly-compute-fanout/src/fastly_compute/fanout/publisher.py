"""Publish items on channels, through the API of Fastly or Pushpin."""

import json
from dataclasses import dataclass

from fastly_compute.backend import Backend
from fastly_compute.fanout.errors import InvalidGrip, PublishFailed
from fastly_compute.fanout.items import Item
from fastly_compute.http import CacheOptions, Headers, Request
from fastly_compute.secret_store import Secret

_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A client of a publishing endpoint.

    Attributes:
        url: The endpoint: ``https://api.fastly.com/service/SERVICE_ID`` for Fastly, or that of a
            Pushpin, such as ``http://127.0.0.1:5561``. ``/publish/`` is appended.
        token: A Fastly API token; None for a Pushpin. It is sent over https only.
        backend: The backend, or its name; None for a dynamic backend derived from the URL.

    Raises:
        InvalidUrl: The URL is invalid.
        InvalidGrip: There is a token, but the URL is not https.
        TypeError: A value has the wrong type.

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
        checked = Request("POST", self._endpoint)
        if self.token is None:
            return
        if not isinstance(self.token, Secret):
            raise TypeError(f"token must be a Secret, not {type(self.token).__name__}")
        if not checked.url.startswith("https:"):
            raise InvalidGrip("url: must be https, because the token would be readable in transit")

    @property
    def _endpoint(self) -> str:
        return f"{self.url.rstrip('/')}/publish/"

    def publish(self, *items: Item) -> None:
        """Publish items in the given order, with one request.

        Args:
            items: One or more items.

        Raises:
            PublishFailed: The endpoint refused them; the error has its status and text.
            SendError: The endpoint did not respond. Some items may have been published.
            InvalidGrip: No item was given.
        """
        if not items:
            raise InvalidGrip("items: at least one is required")
        exported = [published for item in items for published in item.export()]
        headers = Headers({"Content-Type": "application/json"})
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.text()}"
        request = Request(
            "POST",
            self._endpoint,
            headers=headers,
            body=json.dumps({"items": exported}, separators=(",", ":")),
            cache=CacheOptions(pass_through=True),
        )
        with request.send(self.backend) as response:
            if not 200 <= response.status < 300:
                text = response.body.read(4 * _SHOWN).decode(errors="replace")[:_SHOWN]
                raise PublishFailed(self._endpoint, response.status, text.strip())
