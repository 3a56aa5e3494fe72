"""Publishing items on channels, through Fastly's API or a Pushpin's."""

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
    """The way to publish: an endpoint, and the backend that leads to it.

    Attributes:
        url: The endpoint: ``https://api.fastly.com/service/SERVICE_ID`` for Fastly, or a Pushpin's
            such as ``http://127.0.0.1:5561``. ``/publish/`` is added.
        token: A token of Fastly's API; None for a Pushpin. It goes over https only.
        backend: The backend, or its name; None for the dynamic one that belongs to the URL.

    Raises:
        InvalidUrl: The URL is not one that can be requested.
        InvalidGrip: There is a token, and the URL is not https.
        TypeError: A value is of the wrong type.

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
            raise InvalidGrip("url: must be https, so that nobody reads the token on its way")

    @property
    def _endpoint(self) -> str:
        return f"{self.url.rstrip('/')}/publish/"

    def publish(self, *items: Item) -> None:
        """Publish items, in this order, with one request.

        Args:
            items: What to publish, one or more.

        Raises:
            PublishFailed: The endpoint refused them; its status and text are in the error.
            SendError: The endpoint did not answer. Some items may have been published.
            InvalidGrip: There is no item.
        """
        if not items:
            raise InvalidGrip("items: at least one is needed")
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
