"""Adapters: what sends a session's requests, for the URLs that it is mounted for."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, Unpack

from fastly_compute import http
from fastly_compute.backend import (
    Backend,
    BackendError,
    BackendOptions,
    BackendOptionTypeError,
    ClientCert,
    DynamicBackendConfig,
    InvalidBackendOption,
)
from fastly_compute.http import CacheOptions
from fastly_compute.requests.exceptions import translated
from fastly_compute.requests.keywords import AdapterKwargs, BackendLike, Cert
from fastly_compute.requests.models import WHOLE, PreparedRequest, pieces_of
from fastly_compute.requests.response import Response
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike, backend_options
from fastly_compute.requests.urls import as_sent
from fastly_compute.requests.utils import to_native_string

__all__ = ["BackendAdapter", "BaseAdapter", "HTTPAdapter"]

T = TypeVar("T")

_COMPUTED = frozenset({"content-length", "transfer-encoding"})
_BAD_ARGUMENT = (http.InvalidMethod, InvalidBackendOption, BackendOptionTypeError)


class BaseAdapter:
    """The base of adapters of your own, with the signatures that a session calls.

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
            proxies: There are none.

        Returns:
            The response.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release what it holds."""
        raise NotImplementedError


class BackendAdapter(BaseAdapter):
    """Sends requests to one backend, or each to the dynamic backend that belongs to its URL.

    Args:
        backend: A backend, its name, or the configuration of a dynamic one. None, as it is for
            every session, is the dynamic backend of the URL, if the app's policy allows it.
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
        if backend is not None and not isinstance(backend, (Backend, DynamicBackendConfig, str)):
            raise TypeError(
                "backend must be a Backend, a name or a DynamicBackendConfig, not "
                f"{type(backend).__name__}"
            )
        self._backend = backend
        self._cache = cache
        self._ignore_timeout = ignore_timeout

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
            NotImplementedError: The platform cannot do what is asked.
            RequestException: There was no response.
            ValueError: Something cannot be had with a backend that is given.
        """

        def sent() -> Response:
            outgoing, target = self._outgoing(
                request, timeout, verify, cert, proxies, backend, fastly_timeout, cache
            )
            return Response._of(outgoing.send(target), request, self)

        return _tried(request, sent)

    def begin(
        self,
        request: PreparedRequest,
        stream: bool | None = False,
        **settings: Unpack[AdapterKwargs],
    ) -> http.PendingResponse:
        """Send a request without waiting: what `Session.send_async` calls, like `send`.

        Returns:
            The response on its way, of the package below.
        """

        def begun() -> http.PendingResponse:
            outgoing, target = self._outgoing(request, **settings)
            return outgoing.send_async(target)

        return _tried(request, begun)

    def _outgoing(
        self,
        request: PreparedRequest,
        timeout: TimeoutLike = None,
        verify: bool | str | None = True,
        cert: Cert = None,
        proxies: Mapping[str, str] | None = None,
        backend: BackendLike = None,
        fastly_timeout: TimeoutConfig | None = None,
        cache: CacheOptions | None = None,
    ) -> tuple[http.Request, Backend | str]:
        if proxies:
            raise NotImplementedError(
                "proxies= is not supported: the platform has none; a backend says where requests go"
            )
        timeouts = backend_options(timeout, fastly_timeout)
        url = as_sent(request.url or "")
        outgoing = http.Request(
            request.method or "",
            url,
            headers=_fields(request),
            body=pieces_of(request.body),
            cache=self._cache if cache is None else cache,
            # The host knows how long bytes are, and not how long a stream will be.
            manual_framing="content-length" in request.headers and _is_streamed(request),
        )
        tls: BackendOptions = {}
        if verify is not True and verify is not None:
            tls["ca_certificate"] = _authorities(verify)
        if cert is not None:
            tls["client_cert"] = _client_cert(cert)
        adapter = self if backend is None else BackendAdapter(backend)
        return outgoing, adapter._target(url, timeouts, tls)

    def _target(self, url: str, timeouts: BackendOptions, tls: BackendOptions) -> Backend | str:
        backend = self._backend
        if backend is None:
            options: BackendOptions = {**timeouts, **tls}
            return Backend.for_url(url, **options)
        if isinstance(backend, DynamicBackendConfig):
            given = {
                field.name: getattr(backend, field.name)
                for field in fields(backend)
                if field.name != "target"
            }
            if given["use_tls"] is None and url.startswith("https:"):
                given["use_tls"] = True
            return Backend.create_dynamic(backend.target, **{**given, **timeouts, **tls})
        if tls:
            raise ValueError(
                "verify= and cert= have no effect on a backend that is given: configure them "
                "there, or leave the backend out"
            )
        if timeouts and not self._ignore_timeout:
            raise ValueError(
                "timeout= and fastly_timeout= have no effect on a backend that is given, which has "
                "its own: configure them there, leave the backend out, or mount a "
                "BackendAdapter(..., ignore_timeout=True)"
            )
        return backend

    def close(self) -> None:
        """Do nothing: connections belong to the platform."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} to {self._backend or 'the backend of each URL'}>"


class HTTPAdapter(BackendAdapter):
    """What libraries mount for settings of ``urllib3``: sends to the backend of each URL.

    Args:
        pool_connections: Without effect: the platform pools connections.
        pool_maxsize: Likewise; see ``max_connections`` of `DynamicBackendConfig`.
        max_retries: 0; anything else is refused.
        pool_block: Without effect.

    Raises:
        NotImplementedError: Retries are asked for.

    Example:
        >>> from fastly_compute import requests
        >>> session = requests.Session()
        >>> session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=20))
    """

    def __init__(
        self,
        pool_connections: int = 10,
        pool_maxsize: int = 10,
        max_retries: int = 0,
        pool_block: bool = False,
    ) -> None:
        if max_retries:
            raise NotImplementedError(
                "max_retries= is not supported: send again what failed with ConnectTimeout, or "
                "with another error if the request may be processed twice"
            )
        super().__init__()


def _tried(request: PreparedRequest, step: Callable[[], T]) -> T:
    try:
        return step()
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
        (name, to_native_string(value, "latin-1").rstrip(" \t"))
        for name, value in request.headers.items()
        if name.lower() not in _COMPUTED or (keep_length and name.lower() == "content-length")
    ]


def _authorities(verify: bool | str) -> str:
    if isinstance(verify, str) and "-----BEGIN" in verify:
        return verify
    if verify is False:
        raise NotImplementedError(
            "verify= with False is not supported: the platform always verifies certificates; pass "
            "verify= the PEM text of the authority that signed this one"
        )
    raise NotImplementedError(
        "verify= with a path is not supported: there are no files at run time; read the file where "
        "the app is imported, and pass its PEM text"
    )


def _client_cert(cert: Any) -> ClientCert:
    if isinstance(cert, ClientCert):
        return cert
    if isinstance(cert, tuple) and len(cert) == 2 and not isinstance(cert[1], str):
        return ClientCert(certificate=cert[0], key=cert[1])
    raise NotImplementedError(
        "cert= with paths is not supported: there are no files at run time; pass a pair of the "
        "certificate's PEM text and the key as a Secret"
    )
