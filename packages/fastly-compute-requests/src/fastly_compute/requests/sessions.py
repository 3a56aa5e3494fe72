"""Sessions: settings and cookies that requests share."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar, Self, Unpack, cast

from fastly_compute import http
from fastly_compute.http import CacheOptions, scope
from fastly_compute.requests.adapters import BaseAdapter, HTTPAdapter
from fastly_compute.requests.cookies import (
    CookieJar,
    Cookies,
    RequestsCookieJar,
    extract_cookies_to_jar,
    merge_cookies,
)
from fastly_compute.requests.exceptions import InvalidSchema, InvalidURL
from fastly_compute.requests.hooks import NO_HOOKS, Hook, Hooks, default_hooks, dispatch_hook
from fastly_compute.requests.keywords import (
    Auth,
    BackendLike,
    Cert,
    Data,
    DataKwargs,
    GetKwargs,
    Params,
    PostKwargs,
    RequestHeaders,
    RequestKwargs,
    SendKwargs,
)
from fastly_compute.requests.merging import merge_hooks, merge_setting
from fastly_compute.requests.models import (
    DEFAULT_REDIRECT_LIMIT,
    PreparedRequest,
    Request,
    Response,
)
from fastly_compute.requests.multipart import Files
from fastly_compute.requests.pending import PendingResponse
from fastly_compute.requests.redirects import SessionRedirectMixin
from fastly_compute.requests.refused import attribute, module_getattr
from fastly_compute.requests.session_cookies import as_jar, copied
from fastly_compute.requests.structures import CaseInsensitiveDict
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike
from fastly_compute.requests.utils import default_headers

__all__ = ["Session", "SessionRedirectMixin", "merge_hooks", "merge_setting", "session"]

__getattr__ = module_getattr("sessions")


class Session(SessionRedirectMixin):
    """Settings that requests share: headers, params, authentication, hooks, adapters and cookies.

    A session of the app's module serves one visitor after the other where a sandbox is reused, and
    on the native host several at once. So each client's request has its own `cookies` there: a
    copy of those that were set where the app is imported, which is forgotten at the request's end.

    Attributes:
        headers: Sent with every request, under its own.
        auth: For requests that have none.
        params: Added to every URL, under the request's own.
        hooks: For requests that have none.
        stream: Whether bodies are left unread.
        verify: As for `request`.
        cert: As for `request`.
        proxies: Must stay empty: proxies are not supported.
        max_redirects: How many redirects are followed.
        trust_env: No effect: the environment is not read.
        adapters: By prefix, the longest first: see `mount`.
        keep_cookies: Whether cookies outlast the client's request in which they came. Only for a
            session that speaks for the app itself, and never for a visitor.

    Example:
        >>> from fastly_compute import requests
        >>> session = requests.Session()
        >>> session.headers["Authorization"] = "Bearer ..."
        >>> def orders() -> list[str]:
        ...     return session.get("https://api.example/orders", timeout=2).json()
    """

    __attrs__: ClassVar[list[str]] = [
        *("headers", "cookies", "auth", "proxies", "hooks", "params", "verify", "cert"),
        *("adapters", "stream", "trust_env", "max_redirects"),
    ]

    def __init__(self) -> None:
        self.headers: CaseInsensitiveDict[Any] = default_headers()
        self.auth: Auth = None
        self.params: Any = {}
        self.hooks: dict[str, list[Hook]] = default_hooks()
        self.stream = False
        self.verify: bool | str | None = True
        self.cert: Cert = None
        self.proxies: dict[str, str] = {}
        self.max_redirects = DEFAULT_REDIRECT_LIMIT
        self.trust_env = False
        self.keep_cookies = False
        self._lasts = True
        # Those of the import, and of all requests with `keep_cookies`.
        self._cookies: CookieJar = RequestsCookieJar()
        adapter = HTTPAdapter()
        self.adapters: dict[str, BaseAdapter] = {"https://": adapter, "http://": adapter}

    @property
    def cookies(self) -> RequestsCookieJar:
        """The cookies; can be set, to any jar: in a handler, for the client's request."""
        jars = scope.request_local() if self._lasts else None
        jar: Any = None if jars is None else jars.get(self)
        if jar is None:
            jar = self._cookies
            if jars is not None and not self.keep_cookies:
                jars[self] = jar = copied(self._cookies)
        return jar  # type: ignore[no-any-return]

    @cookies.setter
    def cookies(self, cookies: Cookies | None) -> None:
        is_jar = hasattr(cookies, "set_cookie")
        jar = cast("CookieJar", cookies) if is_jar else merge_cookies(RequestsCookieJar(), cookies)
        jars = scope.request_local()
        if jars is None or self.keep_cookies:
            self._cookies = jar
        else:
            jars[self] = jar

    def prepare_request(self, request: Request) -> PreparedRequest:
        """Prepare a request with the settings and cookies of the session.

        Args:
            request: The request.

        Returns:
            What `send` takes.

        Raises:
            RequestException: As for `PreparedRequest.prepare`.
        """
        cookies = merge_cookies(RequestsCookieJar(), self.cookies)
        merge_cookies(cookies, as_jar(request.cookies))
        prepared = PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=request.url,
            headers=merge_setting(request.headers, self.headers, CaseInsensitiveDict),
            files=request.files,
            data=request.data,
            params=merge_setting(request.params, self.params),
            auth=self.auth if request.auth is None else merge_setting(request.auth, self.auth),
            cookies=cookies,
            hooks=merge_hooks(request.hooks, self.hooks),
            json=request.json,
        )
        return prepared

    def request(
        self,
        method: str,
        url: str | bytes,
        params: Params = None,
        data: Data = None,
        headers: RequestHeaders = None,
        cookies: Cookies | None = None,
        files: Files | None = None,
        auth: Auth = None,
        timeout: TimeoutLike = None,
        allow_redirects: bool = True,
        proxies: Mapping[str, str] | None = None,
        hooks: Hooks | None = None,
        stream: bool | None = None,
        verify: bool | str | None = None,
        cert: Cert = None,
        json: object = None,
        *,
        backend: BackendLike = None,
        fastly_backend: str | None = None,
        fastly_timeout: TimeoutConfig | None = None,
        cache: CacheOptions | None = None,
    ) -> Response:
        """Send a request, and wait for the response: see the function `request`.

        Missing options are the session's: headers, params and cookies are added to its own, and a
        header or param of None removes one.
        """
        if fastly_backend is not None:
            if backend is not None:
                raise ValueError("backend= and fastly_backend= mean the same: give one of them")
            backend = fastly_backend
        request = Request(
            method=method,
            url=url,
            headers=headers,
            files=files,
            data=data or {},
            params=params or {},
            auth=auth,
            cookies=cookies,
            hooks=hooks,
            json=json,
        )
        prepared = self.prepare_request(request)
        settings: SendKwargs = {
            "timeout": timeout,
            "allow_redirects": allow_redirects,
            **self.merge_environment_settings(prepared.url or "", proxies, stream, verify, cert),
        }
        if backend is not None:
            settings["backend"] = backend
        if fastly_timeout is not None:
            settings["fastly_timeout"] = fastly_timeout
        if cache is not None:
            settings["cache"] = cache
        return self.send(prepared, **settings)

    def merge_environment_settings(
        self,
        url: str,
        proxies: Mapping[str, str] | None,
        stream: bool | None,
        verify: bool | str | None,
        cert: Cert,
    ) -> SendKwargs:
        """Merge a request's settings with the session's; the environment is not read.

        Args:
            url: The URL, which changes nothing here.
            proxies: The request's, and so are the others.
            stream: Whether to leave the body unread.
            verify: Which authorities to trust.
            cert: The client certificate.

        Returns:
            The settings, for `send`.
        """
        return {
            "proxies": self.proxies if proxies is None else merge_setting(proxies, self.proxies),
            "stream": self.stream if stream is None else stream,
            "verify": self.verify if verify is None else verify,
            "cert": self.cert if cert is None else cert,
        }

    def get(self, url: str | bytes, params: Params = None, **kwargs: Unpack[GetKwargs]) -> Response:
        """Send a GET request: see `request`."""
        return self.request("GET", url, params=params, **kwargs)

    def options(self, url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
        """Send an OPTIONS request: see `request`."""
        return self.request("OPTIONS", url, **kwargs)

    def head(self, url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
        """Send a HEAD request: see `request`. Redirects are not followed by default."""
        kwargs.setdefault("allow_redirects", False)
        return self.request("HEAD", url, **kwargs)

    def post(
        self,
        url: str | bytes,
        data: Data = None,
        json: object = None,
        **kwargs: Unpack[PostKwargs],
    ) -> Response:
        """Send a POST request: see `request`."""
        return self.request("POST", url, data=data, json=json, **kwargs)

    def put(self, url: str | bytes, data: Data = None, **kwargs: Unpack[DataKwargs]) -> Response:
        """Send a PUT request: see `request`."""
        return self.request("PUT", url, data=data, **kwargs)

    def patch(self, url: str | bytes, data: Data = None, **kwargs: Unpack[DataKwargs]) -> Response:
        """Send a PATCH request: see `request`."""
        return self.request("PATCH", url, data=data, **kwargs)

    def delete(self, url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
        """Send a DELETE request: see `request`."""
        return self.request("DELETE", url, **kwargs)

    def _settle(self, request: PreparedRequest, settings: SendKwargs) -> bool:
        """Fill in what was not given, and tell whether redirects are followed."""
        if not isinstance(request, PreparedRequest):
            raise ValueError("You can only send PreparedRequests.")  # noqa: TRY004 - as in requests
        settings.setdefault("stream", self.stream)
        settings.setdefault("verify", self.verify)
        settings.setdefault("cert", self.cert)
        settings.setdefault("proxies", self.proxies)
        settings.setdefault("timeout", None)
        return settings.pop("allow_redirects", True)

    def send(self, request: PreparedRequest, **kwargs: Unpack[SendKwargs]) -> Response:
        """Send a prepared request, and wait for the response.

        Args:
            request: What `prepare_request` made.
            **kwargs: Those of the function `request` that are about sending.

        Returns:
            The response.

        Raises:
            RequestException: As for the function `request`, and so are the others.
        """
        follow = self._settle(request, kwargs)
        adapter = self.get_adapter(request.url or "")
        started = time.perf_counter()
        send: Callable[..., Response] = adapter.send
        response = send(request, **kwargs)
        response.elapsed = timedelta(seconds=time.perf_counter() - started)
        return self._received(response, request, follow=follow, settings=kwargs)

    def send_async(self, request: PreparedRequest, **kwargs: Unpack[SendKwargs]) -> PendingResponse:
        """Send a prepared request without waiting for the response.

        Args:
            request: What `prepare_request` made.
            **kwargs: As for `send`.

        Returns:
            The response on its way. Redirects are followed, and hooks called, when it is awaited.

        Raises:
            NotImplementedError: The adapter cannot.
            RequestException: It cannot be sent; as for `send`.
        """
        follow = self._settle(request, kwargs)
        adapter = self.get_adapter(request.url or "")
        for whose, known in ((self, _SEND), (adapter, _ADAPTER_SEND)):
            if getattr(whose.send, "__func__", None) is not known:
                raise NotImplementedError(
                    f"{type(whose).__name__} cannot send without waiting: its send() is not the "
                    "usual one, and would not be called; use Session.send, or mount a "
                    "BackendAdapter"
                )
        usual = cast("HTTPAdapter", adapter)
        begin = cast("Callable[..., http.PendingResponse]", usual.begin)

        def finish(response: Response) -> Response:
            return self._received(response, request, follow=follow, settings=kwargs)

        return PendingResponse(begin(request, **kwargs), request, usual, finish)

    def _received(
        self, response: Response, request: PreparedRequest, *, follow: bool, settings: SendKwargs
    ) -> Response:
        """Do what is to be done with a response: hooks, cookies, redirects, its body."""
        if request.hooks != NO_HOOKS:
            response = dispatch_hook("response", request.hooks, response, **settings)
        is_redirect = response.is_redirect
        if self._lasts or is_redirect:
            for earlier in (*response.history, response):
                extract_cookies_to_jar(self.cookies, earlier.request or request, earlier)
        if is_redirect:
            following = self.resolve_redirects(
                response, request, yield_requests=not follow, **cast("dict[str, Any]", settings)
            )
            if follow:
                history = [response, *cast("Iterator[Response]", following)]
                response = history.pop()
                response.history = history
            else:
                with suppress(InvalidURL):  # it is for the one who follows it
                    response._next = cast("PreparedRequest | None", next(following, None))
        if not settings["stream"]:
            _ = response.content
        return response

    def get_adapter(self, url: str) -> BaseAdapter:
        """Find the adapter that is mounted for a URL.

        Raises:
            InvalidSchema: No adapter is mounted for it.
        """
        for prefix, adapter in self.adapters.items():
            if url.lower().startswith(prefix.lower()):
                return adapter
        raise InvalidSchema(f"No connection adapters were found for {url!r}")

    def mount(self, prefix: str, adapter: BaseAdapter) -> None:
        """Have an adapter send the requests to URLs with a prefix; the longest prefix counts.

        Args:
            prefix: Such as ``https://`` or ``https://api.example/``.
            adapter: A `BackendAdapter`, or your own class.
        """
        self.adapters[prefix] = adapter
        for other in [key for key in self.adapters if len(key) < len(prefix)]:
            self.adapters[other] = self.adapters.pop(other)

    def close(self) -> None:
        """Close the adapters."""
        for adapter in self.adapters.values():
            adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        raise attribute(type(self), "Session", name)


_SEND = Session.send
_ADAPTER_SEND = HTTPAdapter.send


def session() -> Session:
    """Make a session: an older way to write ``Session()``."""
    return Session()
