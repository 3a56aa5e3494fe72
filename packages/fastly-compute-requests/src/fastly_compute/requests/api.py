"""The functions of ``requests``."""

import time
from datetime import timedelta
from typing import Literal, TypedDict, Unpack

from fastly_compute import http
from fastly_compute.backend import Backend, BackendError, InvalidBackendOption
from fastly_compute.requests.exceptions import translated
from fastly_compute.requests.prepare import Data, HeaderArgument, prepare
from fastly_compute.requests.response import Response
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike, backend_options
from fastly_compute.requests.urls import Pairs

_INSTEAD = {
    "auth": "pass headers={'Authorization': ...}",
    "cookies": "pass headers={'Cookie': ...}",
    "files": "pass data= with the encoded form, and its Content-Type in headers=",
    "allow_redirects": (
        "redirects are not followed; look at response.is_redirect and request its Location"
    ),
    "proxies": "the platform has none; a backend says where requests go",
    "hooks": "call the function with the response",
    "verify": (
        "certificates are always verified; pass backend= with a backend that has a ca_certificate"
    ),
    "cert": "pass backend= with a backend that has a client_cert",
}


class CommonKwargs(TypedDict, total=False):
    """The keywords that every function has: see `request`."""

    headers: HeaderArgument
    fastly_backend: str | None
    timeout: TimeoutLike
    fastly_timeout: TimeoutConfig | None
    backend: Backend | str | None
    stream: bool
    auth: None
    cookies: None
    files: None
    allow_redirects: Literal[False] | None
    proxies: None
    hooks: None
    verify: Literal[True] | None
    cert: None


class GetKwargs(CommonKwargs, total=False):
    """The keywords of `get`."""

    data: Data
    json: object


class PostKwargs(CommonKwargs, total=False):
    """The keywords of `post`."""

    params: Pairs | str | bytes | None


class PutKwargs(PostKwargs, total=False):
    """The keywords of `put` and `patch`."""

    json: object


class RequestKwargs(PutKwargs, total=False):
    """The keywords of `delete`, `head` and `options`."""

    data: Data


def _check_supported(given: dict[str, object]) -> None:
    for keyword, value in given.items():
        is_default = value is True if keyword == "verify" else not value
        if value is not None and not is_default:
            raise NotImplementedError(f"{keyword}= is not supported: {_INSTEAD[keyword]}")


def _chosen(backend: Backend | str | None, fastly_backend: str | None) -> Backend | str | None:
    if backend is None:
        return fastly_backend
    if fastly_backend is not None:
        raise ValueError("backend= and fastly_backend= mean the same: give one of them")
    return backend


def request(
    method: str,
    url: str | bytes,
    params: Pairs | str | bytes | None = None,
    data: Data = None,
    json: object = None,
    headers: HeaderArgument = None,
    fastly_backend: str | None = None,
    timeout: TimeoutLike = None,
    fastly_timeout: TimeoutConfig | None = None,
    *,
    backend: Backend | str | None = None,
    stream: bool = False,
    auth: None = None,
    cookies: None = None,
    files: None = None,
    allow_redirects: Literal[False] | None = None,
    proxies: None = None,
    hooks: None = None,
    verify: Literal[True] | None = None,
    cert: None = None,
) -> Response:
    """Send a request, and wait for the response.

    Redirects are not followed, and the platform's cache is used.

    Args:
        method: The method, in any case.
        url: An absolute URL of the scheme ``http`` or ``https``.
        params: Added to the URL's query: a mapping or pairs, whose values may be several, and of
            which None is left out; or text.
        data: The body: a mapping or pairs, sent as a form; bytes or text, sent as they are; a file
            or an iterable, sent piece by piece.
        json: The body as JSON, unless there is ``data``.
        headers: Headers; a value of None takes away one that is sent by default.
        fastly_backend: The name of a backend; another name for ``backend``.
        timeout: Seconds for connecting, the first byte and each pause; or a pair, for connecting
            and for the other two. None is the default, and there is no way to wait for ever.
        fastly_timeout: The three timeouts, one by one.
        backend: A backend or its name. Without one, the request goes to the dynamic backend that
            belongs to the URL and the timeouts.
        stream: Whether to leave the body of the response unread.
        auth: Not supported: pass an Authorization header.
        cookies: Not supported: pass a Cookie header.
        files: Not supported: pass ``data`` with the encoded form.
        allow_redirects: Redirects are not followed; True is refused.
        proxies: Not supported: there are none.
        hooks: Not supported: call the function with the response.
        verify: Certificates are always verified; anything but True is refused.
        cert: Not supported: pass a ``backend`` with a client certificate.

    Returns:
        The response.

    Raises:
        BackendNotFound: There is no backend of that name.
        ChunkedEncodingError: The connection was closed before the end of the body.
        ConnectTimeout: Connecting took too long.
        ConnectionError: There was no whole response.
        DynamicBackendsDisabled: The service may not register backends, so one must be named.
        InvalidHeader: A header cannot be sent.
        InvalidJSONError: The JSON holds numbers that JSON lacks, or itself.
        InvalidSchema: The URL's scheme is neither ``http`` nor ``https``.
        InvalidURL: The URL is malformed.
        MissingSchema: The URL has no scheme.
        NotImplementedError: The value of a keyword is not supported.
        ReadTimeout: The first byte took too long.
        SSLError: There was no secure connection.
        TypeError: There is no such keyword, or an argument has a type that it cannot have.
        ValueError: A backend was given together with a timeout: it has its own. Or two keywords
            exclude each other, the method is no method, or a timeout is out of range.
        HostUnavailable: There is no host.

    Example:
        >>> from fastly_compute import requests
        >>> def create(item: dict[str, str]) -> str:
        ...     response = requests.request(
        ...         "POST", "https://api.example/items", json=item, backend="api"
        ...     )
        ...     response.raise_for_status()
        ...     return response.headers["Location"]
    """
    _check_supported(
        {
            "auth": auth,
            "cookies": cookies,
            "files": files,
            "allow_redirects": allow_redirects,
            "proxies": proxies,
            "hooks": hooks,
            "verify": verify,
            "cert": cert,
        }
    )
    chosen = _chosen(backend, fastly_backend)
    options = backend_options(timeout, fastly_timeout)
    if chosen is not None and options:
        raise ValueError(
            "timeout= and fastly_timeout= have no effect on a backend that is given, which has its "
            "own: configure them there, or leave the backend out"
        )
    prepared = prepare(method, url, params=params, data=data, json=json, headers=headers)
    try:
        outgoing = http.Request(
            prepared.method, prepared.url, headers=prepared.headers, body=prepared.body
        )
        target = Backend.for_url(outgoing.url, **options) if chosen is None else chosen
        started = time.perf_counter()
        received = outgoing.send(target)
        elapsed = timedelta(seconds=time.perf_counter() - started)
        response = Response(received, request=prepared, elapsed=elapsed)
    except (http.InvalidMethod, InvalidBackendOption):
        raise  # a ValueError, about an argument that requests has no exception for
    except (http.HttpError, BackendError) as error:
        raise translated(error, request=prepared) from error
    if not stream:
        _ = response.content
    return response


def get(
    url: str | bytes,
    params: Pairs | str | bytes | None = None,
    **kwargs: Unpack[GetKwargs],
) -> Response:
    """Send a GET request: see `request`."""
    return request("GET", url, params, **kwargs)


def options(url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
    """Send an OPTIONS request: see `request`."""
    return request("OPTIONS", url, **kwargs)


def head(url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
    """Send a HEAD request: see `request`."""
    return request("HEAD", url, **kwargs)


def post(
    url: str | bytes, data: Data = None, json: object = None, **kwargs: Unpack[PostKwargs]
) -> Response:
    """Send a POST request: see `request`."""
    return request("POST", url, data=data, json=json, **kwargs)


def put(url: str | bytes, data: Data = None, **kwargs: Unpack[PutKwargs]) -> Response:
    """Send a PUT request: see `request`."""
    return request("PUT", url, data=data, **kwargs)


def patch(url: str | bytes, data: Data = None, **kwargs: Unpack[PutKwargs]) -> Response:
    """Send a PATCH request: see `request`."""
    return request("PATCH", url, data=data, **kwargs)


def delete(url: str | bytes, **kwargs: Unpack[RequestKwargs]) -> Response:
    """Send a DELETE request: see `request`."""
    return request("DELETE", url, **kwargs)
