"""Adapters: what sends a session's requests, for the URLs that it is mounted for."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, Unpack

from fastly_compute import http
from fastly_compute.backend import (
    Backend,
    BackendError,
    BackendOptionTypeError,
    InvalidBackendOption,
)
from fastly_compute.backend.adapting import checked_backend
from fastly_compute.http import CacheOptions
from fastly_compute.requests.body_pieces import WHOLE, pieces_of
from fastly_compute.requests.cookies import extract_cookies_to_jar
from fastly_compute.requests.exceptions import translated
from fastly_compute.requests.keywords import AdapterKwargs, BackendLike, Cert
from fastly_compute.requests.models import PreparedRequest
from fastly_compute.requests.refused import attribute, module_getattr
from fastly_compute.requests.response import Response
from fastly_compute.requests.retries import (
    NO_RETRIES,
    RetryPolicy,
    max_retry_error,
    retries_from,
    send_again,
)
from fastly_compute.requests.send_options import SendOptions
from fastly_compute.requests.structures import CaseInsensitiveDict
from fastly_compute.requests.targets import target_of
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike
from fastly_compute.requests.urllib_response import UrllibResponse
from fastly_compute.requests.urls import as_sent
from fastly_compute.requests.utils import get_encoding_from_headers

__all__ = [
    "DEFAULT_POOLBLOCK",
    "DEFAULT_POOLSIZE",
    "DEFAULT_POOL_TIMEOUT",
    "DEFAULT_RETRIES",
    "BackendAdapter",
    "BaseAdapter",
    "HTTPAdapter",
]

DEFAULT_POOLBLOCK = False
DEFAULT_POOLSIZE = 10
DEFAULT_RETRIES = 0
DEFAULT_POOL_TIMEOUT = None

__getattr__ = module_getattr("adapters", {"MaxRetryError": max_retry_error})

T = TypeVar("T")

_COMPUTED = frozenset({"content-length", "transfer-encoding"})
_SETS_UP_CONNECTIONS = (
    "init_poolmanager",
    "build_connection_pool_key_attributes",
    "get_connection_with_tls_context",
    "get_connection",
    "cert_verify",
    "request_url",
)
_BAD_ARGUMENT = (http.InvalidMethod, InvalidBackendOption, BackendOptionTypeError)


class BaseAdapter:
    """The base class of your own adapters, with the signatures that a session calls.

    Example:
        >>> import io
        >>> from fastly_compute import requests
        >>> class Canned(requests.adapters.BaseAdapter):
        ...     def send(self, request, **settings):
        ...         response = requests.Response()
        ...         response.status_code, response.url = 200, request.url
        ...         response.request, response.raw = request, io.BytesIO(b"[1]")
        ...         return response
        >>> session = requests.Session()
        >>> session.mount("test://", Canned())
        >>> session.get("test://anything").json()
        [1]
    """

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: TimeoutLike = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request and return the response.

        Args:
            request: The request.
            stream: Whether the body is to be left unread.
            timeout: Seconds.
            verify: How to verify certificates.
            cert: The client certificate.
            proxies: Not supported.

        Returns:
            The response.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release what it holds."""
        raise NotImplementedError


class HTTPAdapter(BaseAdapter):
    """Sends each request to the dynamic backend that belongs to its URL.

    It is what a session has mounted at first.

    Your own class can override `send`, `add_headers` and `build_response`. One that overrides
    a method that sets up connections of ``urllib3`` is refused: no such connections exist.

    Args:
        pool_connections: Without effect: the platform pools connections.
        pool_maxsize: Likewise; see ``max_connections`` of `DynamicBackendConfig`.
        max_retries: How often a request that did not reach its backend is sent again, without a
            pause; or a ``Retry`` of ``urllib3``, which also says which statuses are failures and
            how long to wait.
        pool_block: Without effect.

    Attributes:
        max_retries: What decides on retries; can be set, to a number or a ``Retry``.

    Raises:
        NotImplementedError: The class overrides a method that is never called here.
        TypeError: ``max_retries`` is neither.
        ValueError: It is negative.

    Example:
        >>> from fastly_compute import requests
        >>> session = requests.Session()
        >>> session.mount("https://", requests.adapters.HTTPAdapter(max_retries=2))
    """

    __attrs__: ClassVar[list[str]] = [
        "max_retries",
        "config",
        "_pool_connections",
        "_pool_maxsize",
        "_pool_block",
    ]

    _backend: BackendLike = None
    _cache: CacheOptions | None = None
    _ignore_timeout = False
    _max_retries: RetryPolicy = NO_RETRIES

    def __init__(
        self,
        pool_connections: int = DEFAULT_POOLSIZE,
        pool_maxsize: int = DEFAULT_POOLSIZE,
        max_retries: object = DEFAULT_RETRIES,
        pool_block: bool = DEFAULT_POOLBLOCK,
    ) -> None:
        for name in _SETS_UP_CONNECTIONS:
            if hasattr(type(self), name):
                raise NotImplementedError(
                    f"{type(self).__name__} overrides {name}(), which is never called here: "
                    "connections are the platform's; configure a backend instead, and mount a "
                    "BackendAdapter for it"
                )
        self._pool_connections = pool_connections
        self._pool_maxsize = pool_maxsize
        self._pool_block = pool_block
        self.max_retries = max_retries

    @property
    def max_retries(self) -> Any:
        """What decides on retries; can be set."""
        return self._max_retries

    @max_retries.setter
    def max_retries(self, value: object) -> None:
        self._max_retries = retries_from(value)

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: TimeoutLike = None,
        verify: bool | str | None = True,
        cert: Cert = None,
        proxies: Mapping[str, str] | None = None,
        *,
        backend: BackendLike = None,
        fastly_timeout: TimeoutConfig | None = None,
        cache: CacheOptions | None = None,
    ) -> Response:
        """Send a request and wait for the head of the response; its body is left unread.

        The arguments are those of the function `request`, and go before the adapter's own.

        Raises:
            NotImplementedError: The platform does not support an option.
            RequestException: No response arrived.
            RetryError: The last try had a status that the ``Retry`` takes for a failure.
            ValueError: Something cannot be had with a backend that is given.
        """
        options = SendOptions(timeout, verify, cert, proxies, backend, fastly_timeout, cache)
        if type(self).add_headers is not HTTPAdapter.add_headers:
            self.add_headers(
                request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies
            )
        if self._max_retries is NO_RETRIES:
            return _tried(self._sent, request, options)
        return send_again(lambda: _tried(self._sent, request, options), request, self._max_retries)

    def _sent(self, request: PreparedRequest, options: SendOptions) -> Response:
        outgoing, target = self._outgoing(request, options)
        return self._respond(outgoing.send(target), request)

    def _respond(self, received: http.Response, request: PreparedRequest) -> Response:
        if type(self).build_response is HTTPAdapter.build_response:
            return Response._of(received, request, self)
        return self.build_response(request, UrllibResponse(received))

    def add_headers(self, request: PreparedRequest, **kwargs: Any) -> None:
        """Add headers before a request is sent: does nothing; your own classes can override it.

        Args:
            request: The request, whose headers can be changed.
            **kwargs: Those that `send` was given.
        """

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Build the response; your own classes can override it.

        Args:
            req: The request.
            resp: What was received, with the attributes that ``urllib3`` gives a response; or a
                response of ``urllib3`` itself, from a cache or a mock.

        Returns:
            The response.
        """
        if isinstance(resp, UrllibResponse):
            response = Response._of(resp.received, req, self)
            response.headers = resp.headers
        else:
            response = Response()
            response.status_code = getattr(resp, "status", None)  # type: ignore[assignment]
            response.headers = CaseInsensitiveDict(getattr(resp, "headers", {}))
            response.encoding = get_encoding_from_headers(response.headers)
            response.reason = getattr(resp, "reason", None)  # type: ignore[assignment]
            response.url = req.url or ""
            response.request = req
            response.connection = self
            extract_cookies_to_jar(response.cookies, req, resp)
        response.raw = resp
        return response

    def begin(
        self,
        request: PreparedRequest,
        stream: bool | None = False,
        **settings: Unpack[AdapterKwargs],
    ) -> http.PendingResponse:
        """Send a request without waiting: what `Session.send_async` calls, like `send`.

        Returns:
            The response on its way, of the package below.

        Raises:
            NotImplementedError: The adapter has ``max_retries``, or the platform cannot.
        """
        if self._max_retries is not NO_RETRIES:
            raise NotImplementedError(
                "max_retries= is not supported without waiting: use send(), or mount an adapter "
                "without retries"
            )

        return _tried(self._begun, request, SendOptions(**settings))

    def _begun(self, request: PreparedRequest, options: SendOptions) -> http.PendingResponse:
        outgoing, target = self._outgoing(request, options)
        return outgoing.send_async(target)

    def _outgoing(
        self, request: PreparedRequest, options: SendOptions
    ) -> tuple[http.Request, Backend | str]:
        if options.proxies:
            options.check_proxies()
        url = request.url or ""
        if url is not getattr(request, "_plain_url", None):  # any object can be given
            url = as_sent(url)
        outgoing = http.Request(
            request.method or "",
            url,
            headers=_fields(request),
            body=pieces_of(request.body),
            cache=self._cache if options.cache is None else options.cache,
            # The host knows how long bytes are, and not how long a stream will be.
            manual_framing=_is_streamed(request) and "content-length" in request.headers,
        )
        target = target_of(url, options, self._backend, ignore_timeout=self._ignore_timeout)
        return outgoing, target

    def close(self) -> None:
        """Do nothing: connections belong to the platform."""

    def __getattr__(self, name: str) -> Any:
        raise attribute(type(self), "HTTPAdapter", name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} to {self._backend or 'the backend of each URL'}>"


class BackendAdapter(HTTPAdapter):
    """Sends requests to one backend, or each to the dynamic backend that belongs to its URL.

    A backend that a request is given goes before the adapter's; the other settings stay.

    Args:
        backend: A backend, its name, or the configuration of a dynamic one. None is the dynamic
            backend of the URL, if the app's policy allows it.
        cache: What the cache is to do where a request does not say.
        ignore_timeout: Whether a ``timeout`` is ignored where the backend is a given one, whose
            timeouts are configured with it. Otherwise it is refused.

    Raises:
        TypeError: The backend is nothing of the kind.

    Example:
        >>> from fastly_compute import requests
        >>> session = requests.Session()
        >>> session.mount("https://api.example/", requests.BackendAdapter("api"))
    """

    def __init__(
        self,
        backend: BackendLike = None,
        *,
        cache: CacheOptions | None = None,
        ignore_timeout: bool = False,
    ) -> None:
        super().__init__()
        self._backend = checked_backend(backend)
        self._cache = cache
        self._ignore_timeout = ignore_timeout


def _tried(
    step: Callable[[PreparedRequest, SendOptions], T],
    request: PreparedRequest,
    options: SendOptions,
) -> T:
    try:
        return step(request, options)
    except _BAD_ARGUMENT:
        raise  # a ValueError or TypeError, about an argument that requests has no exception for
    except (http.HttpError, BackendError) as error:
        raise translated(error, request=request) from error


def _is_streamed(request: PreparedRequest) -> bool:
    return not isinstance(request.body, WHOLE)


def _fields(request: PreparedRequest) -> list[tuple[str, str]]:
    """The headers as they are sent; those about the body's length are the host's to write."""
    keep_length = _is_streamed(request)
    return [
        (name, (value.decode("latin-1") if isinstance(value, bytes) else value).rstrip(" \t"))
        for name, value in request.headers.items()
        if name.lower() not in _COMPUTED or (keep_length and name.lower() == "content-length")
    ]
