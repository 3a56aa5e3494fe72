"""The functions of ``requests``."""

from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Unpack

from fastly_compute.core import Duration, milliseconds
from fastly_compute.http import CacheOptions
from fastly_compute.requests.cookies import Cookies
from fastly_compute.requests.exceptions import ReadTimeout, RequestException
from fastly_compute.requests.hooks import Hooks
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
)
from fastly_compute.requests.models import PreparedRequest, Request, Response
from fastly_compute.requests.multipart import Files
from fastly_compute.requests.pending import PendingResponse
from fastly_compute.requests.sessions import Session
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike


def request(
    method: str,
    url: str | bytes,
    params: Params = None,
    data: Data = None,
    json: object = None,
    headers: RequestHeaders = None,
    fastly_backend: str | None = None,
    timeout: TimeoutLike = None,
    fastly_timeout: TimeoutConfig | None = None,
    *,
    cookies: Cookies | None = None,
    files: Files | None = None,
    auth: Auth = None,
    allow_redirects: bool = True,
    proxies: Mapping[str, str] | None = None,
    hooks: Hooks | None = None,
    stream: bool | None = None,
    verify: bool | str | None = None,
    cert: Cert = None,
    backend: BackendLike = None,
    cache: CacheOptions | None = None,
) -> Response:
    """Send a request, and wait for the response.

    Args:
        method: The method, in any case.
        url: An absolute URL of the scheme ``http`` or ``https``. A user name and password in it
            become Basic authentication.
        params: Added to the URL's query: a mapping or pairs, whose values may be several, and of
            which None is left out; or text.
        data: The body: a mapping or pairs, sent as a form; bytes or text, sent as they are; a file
            or an iterable, sent piece by piece.
        json: The body as JSON, unless there is ``data``.
        headers: Headers; a value of None takes away one that is sent by default.
        fastly_backend: The name of a backend; another name for ``backend``.
        timeout: Seconds for connecting, the first byte and each pause; or a pair, for connecting
            and for the other two; or a `TimeoutConfig`. None is the default, and it is impossible
            to wait for ever.
        fastly_timeout: The three timeouts, one by one.
        cookies: Cookies: a mapping or a jar.
        files: Files by field, sent with a form in ``data`` as ``multipart/form-data``: the content,
            or a tuple of file name, content, content type and headers, of which the latter two
            may be left out.
        auth: A user name and password for Basic authentication; or what is called with the
            prepared request, and returns it.
        allow_redirects: Whether redirects are followed. Each is resolved like a URL of the app's
            own, and a given backend is for the origin of this URL only.
        proxies: Not supported.
        hooks: ``{"response": function}``: gets the response, and may return another.
        stream: Whether to leave the body of the response unread.
        verify: The only certificate authorities to trust, in PEM; True for the public ones. False
            and paths are refused.
        cert: A client certificate: a pair of its PEM text and the key as a `Secret`, or a
            `ClientCert`. Paths are refused.
        backend: A backend, its name, or the configuration of a dynamic one, which the timeouts,
            ``verify`` and ``cert`` are added to. Without one, the request goes to the dynamic
            backend that belongs to the URL and all of these.
        cache: What the platform's cache is to do; by default what the response says.

    Returns:
        The response.

    Raises:
        BackendNotAllowed: The app's policy forbids a dynamic backend for the host.
        BackendNotFound: No backend has that name.
        ChunkedEncodingError: The connection was closed before the end of the body.
        ConnectTimeout: Connecting took too long.
        ConnectionError: No complete response arrived.
        DynamicBackendsDisabled: The service may not register backends, so one must be named.
        InvalidHeader: A header cannot be sent.
        InvalidJSONError: The JSON holds numbers that JSON lacks, or itself.
        InvalidSchema: The URL's scheme is neither ``http`` nor ``https``.
        InvalidURL: The URL is malformed.
        MissingSchema: The URL has no scheme.
        NotImplementedError: The value of a keyword is not supported.
        ReadTimeout: The first byte took too long.
        SSLError: The connection could not be secured.
        TooManyRedirects: There were more than 30.
        TypeError: A keyword is unknown, or an argument has the wrong type.
        ValueError: A backend was given together with what it has itself: a timeout, ``verify`` or
            ``cert``. Or two keywords exclude each other, the method is invalid, or a timeout is
            out of range.
        HostUnavailable: No host is available.

    Example:
        >>> from fastly_compute import requests
        >>> def create(item: dict[str, str]) -> str:
        ...     response = requests.request(
        ...         "POST", "https://api.example/items", json=item, backend="api"
        ...     )
        ...     response.raise_for_status()
        ...     return response.headers["Location"]
    """
    session = Session()
    session._lasts = False  # no caller sees its cookies,
    session.keep_cookies = True  # so none are sent back
    return session.request(
        method,
        url,
        params=params,
        data=data,
        headers=headers,
        cookies=cookies,
        files=files,
        auth=auth,
        timeout=timeout,
        allow_redirects=allow_redirects,
        proxies=proxies,
        hooks=hooks,
        stream=stream,
        verify=verify,
        cert=cert,
        json=json,
        backend=backend,
        fastly_backend=fastly_backend,
        fastly_timeout=fastly_timeout,
        cache=cache,
    )


def get(url: str | bytes, params: Params = None, **kwargs: Unpack[GetKwargs]) -> Response:
    """Send a GET request: see `request`."""
    return request("GET", url, params, **kwargs)


def options(url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
    """Send an OPTIONS request: see `request`."""
    return request("OPTIONS", url, **kwargs)


def head(url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
    """Send a HEAD request: see `request`. Redirects are not followed by default."""
    kwargs.setdefault("allow_redirects", False)
    return request("HEAD", url, **kwargs)


def post(
    url: str | bytes, data: Data = None, json: object = None, **kwargs: Unpack[PostKwargs]
) -> Response:
    """Send a POST request: see `request`."""
    return request("POST", url, data=data, json=json, **kwargs)


def put(url: str | bytes, data: Data = None, **kwargs: Unpack[DataKwargs]) -> Response:
    """Send a PUT request: see `request`."""
    return request("PUT", url, data=data, **kwargs)


def patch(url: str | bytes, data: Data = None, **kwargs: Unpack[DataKwargs]) -> Response:
    """Send a PATCH request: see `request`."""
    return request("PATCH", url, data=data, **kwargs)


def delete(url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
    """Send a DELETE request: see `request`."""
    return request("DELETE", url, **kwargs)


def gather(
    requests: Iterable[Request | PreparedRequest | PendingResponse],
    *,
    timeout: Duration | None = None,
) -> list[Response | RequestException]:
    """Send several requests at once, and wait for all of the responses.

    Args:
        requests: The requests; or what `Session.send_async` returned, for separate settings.
        timeout: How many seconds to wait at most for the heads of all of them together. Redirects
            are followed, and bodies read, as long as the backends' own timeouts allow.

    Returns:
        In the order given, the response, or the exception raised instead, which is a
        `ReadTimeout` for what has not come in time and was given up.

    Raises:
        TypeError: An item is neither.
        ValueError: A timeout is out of range, or a method is invalid.

    Example:
        >>> from fastly_compute import requests
        >>> def statuses(urls: list[str]) -> list[int | str]:
        ...     found = requests.gather([requests.Request("GET", url) for url in urls], timeout=2)
        ...     return [
        ...         r.status_code if isinstance(r, requests.Response) else str(r) for r in found
        ...     ]
    """
    end = None
    if timeout is not None:
        end = monotonic() + milliseconds(timeout, field="timeout") / 1000
    sent: list[PendingResponse | RequestException] = []
    found: list[Response | RequestException] = []
    try:
        for item in requests:
            try:
                sent.append(_begun(item))
            except RequestException as error:
                sent.append(error)
        for one in sent:
            outcome = one if isinstance(one, RequestException) else _outcome(one, end)
            found.append(outcome)
    finally:
        for one in sent[len(found) :]:
            if isinstance(one, PendingResponse):
                one.close()
    return found


def _begun(item: Request | PreparedRequest | PendingResponse) -> PendingResponse:
    if isinstance(item, PendingResponse):
        return item
    session = Session()
    if isinstance(item, Request):
        return session.send_async(session.prepare_request(item))
    if isinstance(item, PreparedRequest):
        return session.send_async(item)
    raise TypeError(f"gather takes requests and pending responses, not {type(item).__name__}")


def _outcome(pending: PendingResponse, end: float | None) -> Response | RequestException:
    try:
        return pending.wait(None if end is None else max(0.0, end - monotonic()))
    except RequestException as error:
        if isinstance(error, ReadTimeout):
            pending.close()
        return error
