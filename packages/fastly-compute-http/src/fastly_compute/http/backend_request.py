"""The request that goes to a backend because the cache cannot answer it."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from fastly_compute.core import HandleClosed
from fastly_compute.http import _wit
from fastly_compute.http.headers import Headers, check_host

if TYPE_CHECKING:
    from wit_world.imports import http_req


class BackendRequest:
    """The request to a backend that `CacheOptions.before_send` may change.

    It asks for the whole response, whatever the original request asks for: without Range, and with
    GET instead of HEAD. If there is a stale response, it is conditional on that
    (If-None-Match, If-Modified-Since), so that the backend may answer 304.

    Example:
        >>> from fastly_compute.http import BackendRequest, CacheOptions, Request, Response
        >>> def sign(request: BackendRequest) -> None:
        ...     request.headers["Authorization"] = "Bearer token"
        >>> def page() -> Response:
        ...     options = CacheOptions(before_send=sign)
        ...     return Request("GET", "https://news.example/", cache=options).send("news")
    """

    __slots__ = ("_before", "_headers", "_method", "_resource", "_url")

    def __init__(self) -> None:
        raise TypeError("BackendRequest cannot be created directly: before_send gets one")

    @classmethod
    def _of(cls, resource: "http_req.Request") -> Self:
        request = cls.__new__(cls)
        request._resource = resource
        request._method = None
        request._url = None
        request._headers = None
        request._before = {}
        return request

    _before: dict[str, list[str]]
    _headers: Headers | None
    _method: str | None
    _resource: "http_req.Request | None"
    _url: str | None

    def _live(self) -> "http_req.Request":
        if self._resource is None:
            raise HandleClosed("this BackendRequest can be used in before_send only")
        return self._resource

    @property
    def method(self) -> str:
        """The method, which is GET."""
        resource = self._live()
        if self._method is None:
            self._method = _wit.get_method(resource)
        return self._method

    @property
    def url(self) -> str:
        """The URL."""
        resource = self._live()
        if self._url is None:
            self._url = _wit.get_url(resource)
        return self._url

    @property
    def headers(self) -> Headers:
        """The headers, which can be changed."""
        resource = self._live()
        if self._headers is None:
            self._headers = Headers._received(_wit.read_fields(resource))
            self._before = self._headers._by_name()
        return self._headers

    def _write_changes(self) -> None:
        """Write the changed headers to the host."""
        if self._headers is None:
            return
        check_host(self._headers)
        for name, values in self._headers._changes(self._before).items():
            _wit.set_field(self._live(), name, values)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._resource = None

    def __repr__(self) -> str:
        if self._resource is None:
            return "<BackendRequest>"
        return f"<BackendRequest {self.method} {self.url.partition('?')[0]}>"
