"""The client's request."""

from typing import TYPE_CHECKING, Self
from urllib.parse import SplitResult, parse_qs, urlsplit

from fastly_compute.core import Handle
from fastly_compute.http import _wit
from fastly_compute.http.body import Body
from fastly_compute.http.headers import Headers

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req


class IncomingRequest(Handle["http_req.Request"]):
    """The client's request, as a handler gets it.

    What it says is read from the host when it is first asked for.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response, service
        >>> def handle(request: IncomingRequest) -> Response:
        ...     name = request.query.get("name", ["you"])[0]
        ...     return Response.text(f"Hello, {name}, from {request.client_address}")
        >>> HttpIncoming = service(handle)
    """

    __slots__ = ("_address", "_body", "_headers", "_id", "_method", "_parts", "_url")

    _HOW = "a handler under fastly_compute.http.service"

    _address: tuple[str | None] | None
    _body: Body
    _headers: Headers | None
    _id: str | None
    _method: str | None
    _parts: SplitResult | None
    _url: str | None

    @classmethod
    def _received(cls, resource: "http_req.Request", pollable: "async_io.Pollable") -> Self:
        request = cls._adopt(resource)
        request._address = request._headers = request._id = None
        request._method = request._parts = request._url = None
        request._body = Body._received(pollable)
        return request

    @property
    def method(self) -> str:
        """The method, in the client's case."""
        if self._method is None:
            self._method = _wit.get_method(self._wit)
        return self._method

    @property
    def url(self) -> str:
        """The absolute URL, as the client wrote it."""
        if self._url is None:
            self._url = _wit.get_url(self._wit)
        return self._url

    @property
    def _split(self) -> SplitResult:
        if self._parts is None:
            self._parts = urlsplit(self.url)
        return self._parts

    @property
    def path(self) -> str:
        """The URL's path, percent-encoded as it came."""
        return self._split.path

    @property
    def query_string(self) -> str:
        """The URL's query, percent-encoded as it came, without the question mark."""
        return self._split.query

    @property
    def query(self) -> dict[str, list[str]]:
        """The URL's query as a form: decoded names, each with its decoded values in order."""
        return parse_qs(self.query_string, keep_blank_values=True)

    @property
    def headers(self) -> Headers:
        """The headers. Changing them changes nothing but this object."""
        if self._headers is None:
            self._headers = Headers._received(_wit.read_fields(self._wit))
        return self._headers

    @property
    def body(self) -> Body:
        """The body."""
        return self._body

    @property
    def client_address(self) -> str | None:
        """The client's IP address, or None if the host does not know it."""
        if self._address is None:
            self._address = (_wit.client_address(self._wit),)
        return self._address[0]

    @property
    def request_id(self) -> str:
        """The identifier that the host gave the request."""
        if self._id is None:
            self._id = _wit.request_id(self._wit)
        return self._id

    def close(self) -> None:
        """Release it and its body; closing again does nothing."""
        self._body.close()
        super().close()

    def __repr__(self) -> str:
        if self._method is None or self._url is None:
            return "<IncomingRequest>"
        return f"<IncomingRequest {self._method} {self._url.partition('?')[0]}>"
