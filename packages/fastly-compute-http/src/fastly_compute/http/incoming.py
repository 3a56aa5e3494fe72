"""The client's request."""

import json
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import parse_qs

from fastly_compute.backend import Backend
from fastly_compute.core import Handle, drop
from fastly_compute.http import _wit, _wit_body, client_facts
from fastly_compute.http.body import Body
from fastly_compute.http.client import Bot, ClientTls, Visits, VpnProxy
from fastly_compute.http.cookies import parse_cookies
from fastly_compute.http.downstream import Downstream, ResponseSent
from fastly_compute.http.errors import BodyTooLarge, InvalidForm
from fastly_compute.http.headers import Headers, HeadersLike
from fastly_compute.http.request_target import split_target
from fastly_compute.http.response import Response
from fastly_compute.http.streaming import StreamingBody

if TYPE_CHECKING:
    from wit_world.imports import async_io, http_req
    from wit_world.imports.types import IpAddress

_FORM = "application/x-www-form-urlencoded"
_EARLY_HINTS = 103


class IncomingRequest(Handle["http_req.Request"]):
    """The client's request, as a handler gets it.

    Its properties are read from the host when they are first used.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response, service
        >>> def handle(request: IncomingRequest) -> Response:
        ...     name = request.query.get("name", ["you"])[0]
        ...     return Response.text(f"Hello, {name}, from {request.client_address}")
        >>> HttpIncoming = service(handle)
    """

    __slots__ = (
        "_address",
        "_body",
        "_downstream",
        "_headers",
        "_id",
        "_method",
        "_parts",
        "_pollable",
        "_url",
    )

    _created_by = "a handler under fastly_compute.http.service"

    _address: tuple[str | None] | None
    _body: Body | None
    _downstream: Downstream
    _headers: Headers | None
    _id: str | None
    _method: str | None
    _parts: tuple[str, ...] | None
    _pollable: "async_io.Pollable | None"
    _url: str | None

    @classmethod
    def _received(cls, resource: "http_req.Request", pollable: "async_io.Pollable") -> Self:
        request = cls._wrap(resource)
        request._address = request._headers = request._id = None
        request._method = request._parts = request._url = None
        request._downstream = Downstream()
        request._body = None  # made when it is first used
        request._pollable = pollable
        return request

    @property
    def method(self) -> str:
        """The method, in the client's case."""
        if self._method is None:
            self._method = _wit.get_method(self._resource)
        return self._method

    @property
    def url(self) -> str:
        """The absolute URL, as the client wrote it; ``*`` for ``OPTIONS *``."""
        if self._url is None:
            self._url = _wit.get_url(self._resource)
        return self._url

    @property
    def _split(self) -> tuple[str, ...]:
        if self._parts is None:
            self._parts = split_target(self)
        return self._parts

    @property
    def scheme(self) -> str:
        """The URL's scheme, ``http`` or ``https``; for ``OPTIONS *`` it is ``http``."""
        return self._split[0].lower()

    @property
    def host(self) -> str:
        """The requested host, with the port if the URL has one.

        For ``OPTIONS *``, which has no URL, it is the Host header.
        """
        return self._split[1]

    @property
    def path(self) -> str:
        """The URL's path, percent-encoded as received; ``*`` for ``OPTIONS *``."""
        return self._split[2]

    @property
    def query_string(self) -> str:
        """The URL's query, percent-encoded as received, without the question mark."""
        return self._split[3]

    @property
    def query(self) -> dict[str, list[str]]:
        """The URL's query as a form: decoded names, each with its decoded values in order."""
        return parse_qs(self.query_string, keep_blank_values=True)

    @property
    def headers(self) -> Headers:
        """The headers. Changing them affects only this object."""
        if self._headers is None:
            self._headers = Headers._received(_wit.read_fields(self._resource))
        return self._headers

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, unquoted as `http.cookies` does; the first of each name.

        Clients can send any text. A cookie that is not ASCII is read as latin-1.
        """
        return parse_cookies(self.headers.get("cookie") or "")

    @property
    def body(self) -> Body:
        """The body."""
        if self._body is None:
            pollable, self._pollable = self._pollable, None
            self._body = Body._closed() if pollable is None else Body._received(pollable)
        return self._body

    @property
    def http_version(self) -> str:
        """The client's HTTP version, such as ``HTTP/2``."""
        return _wit.version_of(self._resource)

    @property
    def original_header_names(self) -> list[str]:
        """The header names in the client's order and case, as far as the host kept them."""
        return _wit.original_names(self._resource)

    def text(self, *, limit: int | None = None, encoding: str = "utf-8") -> str:
        """Read the body as text.

        Args:
            limit: The maximum size in bytes; None for any size.
            encoding: The text's encoding.

        Raises:
            BodyTooLarge: The body exceeds the limit.
            ValueError: The body is not valid in this encoding.
            HandleClosed: The body was read before.
            BodyError: Reading failed.
        """
        return self._whole(limit).decode(encoding)

    def json(self, *, limit: int | None = None) -> Any:
        """Read the body as JSON (RFC 8259), whatever the Content-Type says.

        Args:
            limit: The maximum size in bytes; None for any size.

        Raises:
            BodyTooLarge: The body exceeds the limit.
            ValueError: The body is not JSON, or is nested too deeply.
            HandleClosed: The body was read before.
            BodyError: Reading failed.
        """
        content = self._whole(limit)
        try:
            return json.loads(content)
        except RecursionError as error:
            raise ValueError(f"the request's JSON is nested too deeply: {error}") from error

    def form(self, *, limit: int | None = None) -> dict[str, list[str]]:
        """Read the body as a form: decoded names, each with its decoded values in order.

        Args:
            limit: The maximum size in bytes; None for any size.

        Raises:
            InvalidForm: The Content-Type is not ``application/x-www-form-urlencoded``. Forms with
                files are ``multipart/form-data``, which frameworks read: see fastly-compute-wsgi.
            BodyTooLarge: The body exceeds the limit.
            ValueError: The body is not UTF-8.
            HandleClosed: The body was read before.
            BodyError: Reading failed.
        """
        given = self.headers.get("content-type") or "none"
        if given.partition(";")[0].strip().lower() != _FORM:
            raise InvalidForm(f"the Content-Type of a form must be {_FORM}, not {given}")
        content = self._whole(limit).decode()
        return parse_qs(content, keep_blank_values=True, errors="strict")

    def _whole(self, limit: int | None) -> bytes:
        if limit is None:
            return self.body.read()
        if limit < 0:
            raise ValueError(f"limit must be at least 0, not {limit}")
        content = self.body.read(limit + 1)
        if len(content) > limit:
            self.body.close()
            raise BodyTooLarge(f"the request's body has more than {limit} bytes")
        return content

    @property
    def client_address(self) -> str | None:
        """The client's IP address, or None if the host does not know it."""
        if self._address is None:
            found = _wit.asked("downstream-client-ip-addr", self._resource)
            self._address = (_wit.address_of(cast("IpAddress | None", found)),)
        return self._address[0]

    @property
    def server_address(self) -> str | None:
        """The IP address that the client reached, or None if the host does not know it."""
        found = _wit.asked("downstream-server-ip-addr", self._resource)
        return _wit.address_of(cast("IpAddress | None", found))

    @property
    def request_id(self) -> str | None:
        """The identifier that the host assigned to the request."""
        if self._id is None:
            self._id = client_facts.text("downstream-client-request-id", self._resource)
        return self._id

    @property
    def tls(self) -> ClientTls:
        """The client's TLS connection. Each access takes eight calls to the host."""
        return client_facts.tls(self._resource)

    @property
    def h2_fingerprint(self) -> str | None:
        """The fingerprint of the client's HTTP/2 connection."""
        return client_facts.text("downstream-client-h2-fingerprint", self._resource)

    @property
    def oh_fingerprint(self) -> str | None:
        """The fingerprint of the order of the client's headers."""
        return client_facts.text("downstream-client-oh-fingerprint", self._resource)

    @property
    def ddos_detected(self) -> bool | None:
        """Whether the request was classified as part of an attack."""
        return client_facts.flag("downstream-client-ddos-detected", self._resource)

    @property
    def fastly_key_is_valid(self) -> bool | None:
        """Whether the Fastly-Key header contains a key that may purge this service."""
        return client_facts.flag("fastly-key-is-valid", self._resource)

    @property
    def compliance_region(self) -> str | None:
        """The region whose compliance rules apply to the request."""
        return client_facts.text("downstream-compliance-region", self._resource)

    @property
    def bot(self) -> Bot:
        """The result of bot detection. Each access takes five calls to the host."""
        return client_facts.bot(self._resource)

    @property
    def vpn_proxy(self) -> VpnProxy:
        """The client's use of VPNs and proxies. Each access takes eleven calls to the host."""
        return client_facts.vpn_proxy(self._resource)

    @property
    def visits(self) -> Visits:
        """How often the client visited. Each access takes two calls to the host."""
        return client_facts.visits()

    def send_early_hints(self, headers: HeadersLike) -> None:
        """Send a 103 before the response, so that the client can preload resources (RFC 8297).

        It can be called several times before the handler returns.

        Args:
            headers: Headers that the response will probably have, such as Link.

        Raises:
            InvalidHeader: A header cannot be sent.
            HttpCallFailed: The response was already begun.
        """
        hints = _wit.new_response(_EARLY_HINTS, Headers(headers).items())
        _wit.send_downstream(hints, _wit_body.new_body())

    @property
    def answered(self) -> bool:
        """Whether a response was already sent or begun, or the request was handed off."""
        return self._downstream.answered

    def respond(self, response: Response) -> ResponseSent:
        """Send the response before the handler returns (``http-resp.send-downstream``).

        The client gets the response while the handler continues. If its body is an iterable, this
        method sends it to its end before it returns. A later exception of the handler is written to
        standard error.

        Args:
            response: The response.

        Returns:
            The value that the handler must return.

        Raises:
            HttpError: A response was already sent, or the request was handed off.
            InvalidStatus: The status is not 200 to 599.
            HandleClosed: The response was sent before.
            BodyError: The client accepts no more data.
            HttpCallFailed: The host refused it.
        """
        self._downstream.send(response, to_head=self.method == "HEAD")
        return ResponseSent()

    def respond_streaming(self, response: Response) -> tuple[StreamingBody, ResponseSent]:
        """Begin the response, and stream its body (``http-resp.send-downstream-streaming``).

        Args:
            response: The response; its body, if it has one, is sent first.

        Returns:
            A writer that appends to the response body; and the value that the handler must return.
            In the response to HEAD, and with 204, 205 and 304, written data is discarded.

        Raises:
            HttpError: A response was already sent, or the request was handed off.
            InvalidStatus: The status is not 200 to 599.
            HandleClosed: The response was sent before.
            HttpCallFailed: The host refused it.
        """
        return self._downstream.begin(response, to_head=self.method == "HEAD"), ResponseSent()

    def handoff_fanout(self, backend: Backend | str) -> ResponseSent:
        """Hand the request off to Fanout (``request.redirect-to-grip-proxy``).

        Fanout forwards it to the backend, whose response decides whether the client's connection is
        held open.

        Args:
            backend: The backend or its name.

        Returns:
            The value that the handler must return.

        Raises:
            BackendNotFound: No backend has that name.
            HttpUnsupported: This host does not support Fanout.
            HttpCallFailed: The response was already begun.
        """
        return self._handoff(backend, websocket=False)

    def handoff_websocket(self, backend: Backend | str) -> ResponseSent:
        """Hand the request off to a backend as a WebSocket.

        This calls the WIT's ``request.redirect-to-websocket-proxy``.

        Args:
            backend: The backend or its name.

        Returns:
            The value that the handler must return.

        Raises:
            BackendNotFound: No backend has that name.
            HttpUnsupported: This host does not support WebSockets.
            HttpCallFailed: The response was already begun.
        """
        return self._handoff(backend, websocket=True)

    def _handoff(self, backend: Backend | str, *, websocket: bool) -> ResponseSent:
        target = Backend.open(backend) if isinstance(backend, str) else backend
        _wit.handoff(self._resource, target._resource, websocket=websocket)
        self._downstream.answered = True
        return ResponseSent()

    def close(self) -> None:
        """Release the request and its body; closing again does nothing."""
        if self._body is not None:
            self._body.close()
        elif self._pollable is not None:
            drop(self._pollable)
            self._pollable = None
        super().close()

    def __repr__(self) -> str:
        if self._method is None or self._url is None:
            return "<IncomingRequest>"
        return f"<IncomingRequest {self._method} {self._url.partition('?')[0]}>"
