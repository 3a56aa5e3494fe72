"""A client of the app under test, and the answers it gets."""

import re
from dataclasses import dataclass, field
from json import loads
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

from fastly_compute.local import Host, Incoming
from fastly_compute.local.host import App
from fastly_compute.testing.headers import TOKEN, Headers, HeadersLike, text_of
from fastly_compute.testing.reply import encoded

_TARGET = re.compile(r"/[\x21-\x7e]*")
_URL = re.compile(r"https?://[\x21-\x7e]+")


class RequestOptions(TypedDict, total=False):
    """What `ComputeClient.request` and its short forms take besides method and path."""

    headers: HeadersLike | None
    body: bytes
    json: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the app answered.

    Attributes:
        status: The HTTP status: 500 where the app failed before it answered.
        headers: The header fields.
        body: What was sent of the body.
        trailers: What came after the body.
        complete: Whether the answer was sent to its end; false where the app failed half-way.

    Example:
        >>> from fastly_compute.testing import Answer, Headers
        >>> answer = Answer(status=200, headers=Headers(), body=b"[1]", trailers=Headers())
        >>> answer.text, answer.json()
        ('[1]', [1])
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    trailers: Headers
    complete: bool = True

    @property
    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, by default UTF-8."""
        return text_of(self.headers, self.body)

    def json(self) -> Any:
        """Decode the body as JSON. Raises `ValueError` where it is none."""
        return loads(self.body)


class ComputeClient:
    """Sends requests to an app in this process. Each is served by a sandbox of its own.

    Args:
        host: The host that the app runs on.
        app: The app, such as `fastly_compute.local.NativeApp` of its ``HttpIncoming``.

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

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: HeadersLike | None = None,
        body: bytes = b"",
        json: object = None,
    ) -> Answer:
        """Send a request and wait for the whole answer.

        Args:
            method: Such as ``GET``.
            path: Path and query, percent-encoded, asked of ``http://localhost``; or a whole URL.
            headers: Header fields. Host and, with a body, Content-Length are added.
            body: The body.
            json: The body as a value, in the place of body; Content-Type is added.

        Returns:
            The answer.

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
        given = Headers(headers or ())
        added = [("host", urlsplit(url).netloc.encode())]
        if content:
            added.append(("content-length", b"%d" % len(content)))
        if kind is not None:
            added.append(("content-type", kind))
        fields = [item for item in added if item[0] not in given]
        got = self._host.request(
            self._app,
            Incoming(method=method, uri=url, headers=[*fields, *given.to_wire()], body=content),
        )
        return Answer(
            status=got.status,
            headers=Headers.of_wire(got.headers),
            body=bytes(got.body),
            trailers=Headers.of_wire(got.trailers),
            complete=got.complete,
        )

    def get(self, path: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a GET, with what `request` takes."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a HEAD, with what `request` takes."""
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a POST, with what `request` takes."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a PUT, with what `request` takes."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a PATCH, with what `request` takes."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send a DELETE, with what `request` takes."""
        return self.request("DELETE", path, **options)

    def options(self, path: str, **options: Unpack[RequestOptions]) -> Answer:
        """Send an OPTIONS, with what `request` takes."""
        return self.request("OPTIONS", path, **options)
