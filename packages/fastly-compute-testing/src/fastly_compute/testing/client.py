"""A client of the app under test."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TypedDict, Unpack
from urllib.parse import urlsplit

from fastly_compute.local import Host, Incoming
from fastly_compute.local.extending import App
from fastly_compute.testing.client_response import ClientResponse
from fastly_compute.testing.headers import TOKEN, HeadersLike, MessageHeaders
from fastly_compute.testing.reply import encoded
from fastly_compute.testing.timing import timed_requests

_TARGET = re.compile(r"/[\x21-\x7e]*")
_URL = re.compile(r"https?://[\x21-\x7e]+")


class RequestOptions(TypedDict, total=False):
    """What `ComputeClient.request` and its short forms take besides method and path.

    Example:
        >>> from typing import Unpack
        >>> from fastly_compute.testing import ClientResponse, ComputeClient, RequestOptions
        >>> def search(client: ComputeClient, **options: Unpack[RequestOptions]) -> ClientResponse:
        ...     return client.get("/search?q=lamp", **options)
        >>> def test_the_search_is_refused_to_others(compute_client):
        ...     assert search(compute_client, client_address="192.0.2.1").status == 403
    """

    headers: HeadersLike | None
    body: bytes
    json: object
    client_address: str


class ComputeClient:
    """Sends requests to an app in this process. Each gets a separate sandbox.

    Args:
        host: The host that the app runs on.
        app: The app: `fastly_compute.local.NativeApp` of its ``HttpIncoming``, or
            `fastly_compute.local.WasmApp` of the component.

    Attributes:
        answers: Every answer so far, in order.

    Example:
        >>> from fastly_compute.local import NativeApp
        >>> from fastly_compute.testing import ComputeClient, ComputeHost
        >>> class HttpIncoming:
        ...     def handle(self, request, body):
        ...         pass
        >>> with ComputeHost() as compute_host:
        ...     client = ComputeClient(compute_host.host, NativeApp(HttpIncoming))
        ...     client.get("/").status
        200
    """

    def __init__(self, host: Host, app: App) -> None:
        self._host = host
        self._app = app
        self.answers: list[ClientResponse] = []

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: HeadersLike | None = None,
        body: bytes = b"",
        json: object = None,
        client_address: str = "127.0.0.1",
    ) -> ClientResponse:
        """Send a request and wait for the whole answer.

        Args:
            method: Such as ``GET``.
            path: Path and query, percent-encoded, asked of ``http://localhost``; or a whole URL.
            headers: Header fields. Host and, with a body, Content-Length are added.
            body: The body.
            json: The body as a value, instead of *body*; Content-Type is added.
            client_address: The IP address that the request comes from.

        Returns:
            The answer.

        Raises:
            ValueError: Something of the request cannot be sent.
            TypeError: JSON cannot hold the value.
        """
        prepared = self.prepare(
            method, path, headers=headers, body=body, json=json, client_address=client_address
        )
        return self.requests([prepared])[0]

    def requests(self, requests: Iterable[str | Incoming]) -> list[ClientResponse]:
        """Send requests one after the other, to as few sandboxes as the app asks for.

        The first one begins a sandbox. An app that asks for its next request gets the second one,
        up to what `compute_host.host.reuse` allows; any other begins a new sandbox for each.

        Args:
            requests: What to send: a path is a GET of it, all others come from `prepare`.

        Returns:
            The answers, in the order of the requests.

        Raises:
            ValueError: Something of a request cannot be sent.

        Example:
            >>> from fastly_compute.local import NativeApp
            >>> from fastly_compute.testing import ComputeClient, ComputeHost
            >>> class HttpIncoming:
            ...     def handle(self, request, body):
            ...         pass
            >>> with ComputeHost() as compute_host:
            ...     client = ComputeClient(compute_host.host, NativeApp(HttpIncoming))
            ...     post = client.prepare("POST", "/basket", json={"lamp": 1})
            ...     [answer.status for answer in client.requests(["/", post])]
            [200, 200]
        """
        prepared = [
            self.prepare("GET", request) if isinstance(request, str) else request
            for request in requests
        ]
        got = [
            ClientResponse.of(*timed) for timed in timed_requests(self._host, self._app, prepared)
        ]
        self.answers += got
        return got

    def prepare(
        self,
        method: str,
        path: str,
        *,
        headers: HeadersLike | None = None,
        body: bytes = b"",
        json: object = None,
        client_address: str = "127.0.0.1",
    ) -> Incoming:
        """Make a request for `requests`, of what `request` takes.

        Raises:
            ValueError: Something of the request cannot be sent.
            TypeError: JSON cannot hold the value.
        """
        if not TOKEN.fullmatch(method):
            raise ValueError(f"method = {method!r}: must be a method, such as GET")
        url = f"http://localhost{path}" if _TARGET.fullmatch(path) else path
        if not _URL.fullmatch(url) or "#" in url:
            raise ValueError(
                f"path = {path!r}: must start with / or http:// or https:// and be visible ASCII, "
                "percent-encoded, without a fragment"
            )
        content, kind = encoded(body=body, json=json)
        given = MessageHeaders(headers or ())
        added = [("host", urlsplit(url).netloc.encode())]
        if content:
            added.append(("content-length", b"%d" % len(content)))
        if kind is not None:
            added.append(("content-type", kind))
        fields = [item for item in added if item[0] not in given]
        return Incoming(
            method=method,
            uri=url,
            headers=[*fields, *given.to_wire()],
            body=content,
            client=(_address(client_address), 0),
        )

    def get(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a GET, with what `request` takes."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a HEAD, with what `request` takes."""
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a POST, with what `request` takes."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a PUT, with what `request` takes."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a PATCH, with what `request` takes."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send a DELETE, with what `request` takes."""
        return self.request("DELETE", path, **options)

    def options(self, path: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Send an OPTIONS, with what `request` takes."""
        return self.request("OPTIONS", path, **options)


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"client_address = {text!r}: must be an IP address") from None
