"""A request, and what becomes of it before it is sent."""

import io
import json as _json
from collections.abc import Mapping
from typing import Any, cast

from fastly_compute import http
from fastly_compute.http.headers import is_plain
from fastly_compute.requests.auth import HTTPBasicAuth
from fastly_compute.requests.body_pieces import WHOLE, is_file
from fastly_compute.requests.cookies import (
    CookieJar,
    Cookies,
    RequestsCookieJar,
    cookiejar_from_dict,
    copy_jar,
    get_cookie_header,
    is_empty,
)
from fastly_compute.requests.exceptions import (
    InvalidHeader,
    InvalidJSONError,
    UnrewindableBodyError,
)
from fastly_compute.requests.hooks import NO_HOOKS, Hook, HookMixin, Hooks, default_hooks
from fastly_compute.requests.keywords import Auth, Data, Params, RequestHeaders
from fastly_compute.requests.multipart import Files, encode_multipart
from fastly_compute.requests.refused import module_getattr
from fastly_compute.requests.response import REDIRECT_STATI, Response
from fastly_compute.requests.structures import CaseInsensitiveDict
from fastly_compute.requests.urls import encode_form, is_http, prepare_url, split_url
from fastly_compute.requests.utils import (
    DEFAULT_FIELDS,
    get_auth_from_url,
    super_len,
    to_native_string,
)

__all__ = [
    "CONTENT_CHUNK_SIZE",
    "DEFAULT_REDIRECT_LIMIT",
    "ITER_CHUNK_SIZE",
    "REDIRECT_STATI",
    "PreparedRequest",
    "Request",
    "RequestHooksMixin",
    "Response",
]

__getattr__ = module_getattr("models")

DEFAULT_REDIRECT_LIMIT = 30
CONTENT_CHUNK_SIZE = 10 * 1024
ITER_CHUNK_SIZE = 512
RequestHooksMixin = HookMixin
_PLAIN_FORMS = (dict, list)
_UNKNOWN = object()  # where a body began that does not tell


class Request(HookMixin):
    """A request, before a session prepares it.

    Args:
        method: The method.
        url: An absolute URL.
        headers: Headers.
        files: Files, sent as ``multipart/form-data`` together with a form in ``data``.
        data: The body.
        params: Added to the URL's query.
        auth: How to authenticate.
        cookies: Cookies, over those of the session.
        hooks: Functions for the response.
        json: The body as JSON, if no other is given.

    Raises:
        ValueError: The hook is unknown.

    Example:
        >>> from fastly_compute import requests
        >>> request = requests.Request("GET", "https://api.example/items", params={"page": 2})
        >>> request.prepare().url
        'https://api.example/items?page=2'
    """

    def __init__(
        self,
        method: str | None = None,
        url: str | bytes | None = None,
        headers: RequestHeaders = None,
        files: Files | None = None,
        data: Data = None,
        params: Params = None,
        auth: Auth = None,
        cookies: Cookies | None = None,
        hooks: Hooks | None = None,
        json: object = None,
    ) -> None:
        self.hooks = default_hooks()
        for event, hook in (hooks or {}).items():
            self.register_hook(event, hook)
        self.method = method
        self.url = url
        self.headers = {} if headers is None else headers
        self.files = [] if files is None else files
        self.data = [] if data is None else data
        self.params = {} if params is None else params
        self.auth = auth
        self.cookies = cookies
        self.json = json

    def prepare(self) -> "PreparedRequest":
        """Prepare it without a session, whose headers and cookies it then lacks.

        Raises:
            RequestException: As for `PreparedRequest.prepare`.
        """
        prepared = PreparedRequest()
        prepared.prepare(
            method=self.method,
            url=self.url,
            headers=self.headers,
            files=self.files,
            data=self.data,
            params=self.params,
            auth=self.auth,
            cookies=self.cookies,
            hooks=self.hooks,
            json=self.json,
        )
        return prepared

    def __repr__(self) -> str:
        return f"<Request [{self.method}]>"


class PreparedRequest(HookMixin):
    """A request as it is sent. It can be changed until then.

    Attributes:
        method: The method, in upper case.
        url: The URL, escaped, with the params, and without a user name and password.
        headers: The headers, save those that the host adds.
        body: The body: bytes, text, a file or an iterable; or None.
        hooks: Functions for the response.

    Example:
        >>> from fastly_compute import requests
        >>> request = requests.Request("post", "https://api.example/items?a=b", json={"n": 1})
        >>> prepared = request.prepare()
        >>> prepared.method, prepared.path_url, prepared.body
        ('POST', '/items?a=b', b'{"n": 1}')
    """

    method: str | None
    url: str | None
    headers: CaseInsensitiveDict[Any]
    body: Any
    hooks: dict[str, list[Hook]]

    def __init__(self) -> None:
        self.method = None
        self.url = None
        self.headers = CaseInsensitiveDict()
        self.body = None
        self.hooks = default_hooks()
        self._cookies: CookieJar | None = None
        self._body_position: object = None
        self._url_auth: tuple[str, str] | None = None
        self._challenged = False
        self._plain_url: str | None = None  # the URL, if it was given as it is to be sent

    def prepare(
        self,
        method: str | None = None,
        url: str | bytes | None = None,
        headers: RequestHeaders = None,
        files: Files | None = None,
        data: Data = None,
        params: Params = None,
        auth: Auth = None,
        cookies: Cookies | None = None,
        hooks: Hooks | None = None,
        json: object = None,
    ) -> None:
        """Prepare all of it. The arguments, those of `Request`, are not changed.

        Raises:
            InvalidHeader: A header cannot be sent.
            InvalidJSONError: The JSON holds numbers that JSON lacks, or itself.
            InvalidURL: The URL is malformed.
            MissingSchema: The URL has no scheme.
            NotImplementedError: There are files beside a body that is a stream.
            TypeError: An argument has a type that it cannot have.
        """
        self.prepare_method(method)
        self.prepare_url(url, params)
        self.prepare_headers(headers)
        self.prepare_cookies(cookies)
        self.prepare_body(data, files, json)
        self.prepare_auth(auth)
        self.prepare_hooks(hooks)

    def prepare_method(self, method: str | bytes | None) -> None:
        """Set the method."""
        self.method = None if method is None else to_native_string(method).upper()

    def prepare_url(self, url: str | bytes | None, params: Params) -> None:
        """Set the URL."""
        self.url, self._url_auth = prepare_url(url, params)  # type: ignore[arg-type]
        self._plain_url = self.url if is_http(self.url) and self.url is url else None

    def prepare_headers(self, headers: RequestHeaders) -> None:
        """Set the headers."""
        self.headers = CaseInsensitiveDict()
        for key, value in headers.items() if headers else ():
            name = key.decode("ascii") if isinstance(key, bytes) else key
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            if not isinstance(text, str):
                kind = type(value).__name__
                raise InvalidHeader(
                    f"header {name!r} must have a value of str or bytes, not {kind}"
                )
            if (name, text) not in DEFAULT_FIELDS and not (text and is_plain(name, text)):
                try:
                    http.Headers([(name, text.rstrip(" \t"))])
                except http.InvalidHeader as error:
                    raise InvalidHeader(str(error)) from error
            self.headers._pairs[name.lower()] = name, value

    def prepare_cookies(self, cookies: Cookies | None) -> None:
        """Set the Cookie header, unless there is one."""
        if is_empty(cookies):
            self._cookies = cookies  # type: ignore[assignment]
            return
        is_jar = hasattr(cookies, "set_cookie")
        self._cookies = (
            cast("CookieJar", cookies)
            if is_jar
            else cookiejar_from_dict(cast("Mapping[str, str] | None", cookies))
        )
        header = get_cookie_header(self._cookies, self)
        if header is not None:
            self.headers["Cookie"] = header

    def prepare_body(self, data: Data, files: Files | None, json: object = None) -> None:
        """Set the body, and what the headers say about it."""
        if json is None and not files and (data is None or type(data) in _PLAIN_FORMS) and not data:
            self.prepare_content_length(None)
            self.body = None
            return
        body: Any = None
        content_type = None
        if not data and json is not None:
            content_type = "application/json"
            try:
                body = _json.dumps(json, allow_nan=False).encode()
            except ValueError as error:
                raise InvalidJSONError(error, request=self) from error
        if _is_stream(data):
            if files:
                raise NotImplementedError("Streamed bodies and files are mutually exclusive.")
            self._prepare_stream(data)
            return
        if files:
            body, content_type = encode_multipart(files, cast("Any", data))
        elif data:
            body = data
            if isinstance(data, Mapping | list | tuple):
                body = encode_form(data)
                content_type = "application/x-www-form-urlencoded"
            elif not isinstance(data, str | bytes) and not is_file(data):
                raise TypeError(
                    "data is a form, bytes, str, a file or an iterable of bytes, not "
                    f"{type(data).__name__}"
                )
        self.prepare_content_length(body)
        if content_type is not None:
            self.headers.setdefault("Content-Type", content_type)
        self.body = body
        self._note_position()

    def _note_position(self) -> None:
        if hasattr(self.body, "tell"):
            try:
                self._body_position = self.body.tell()
            except OSError:
                self._body_position = _UNKNOWN

    def _prepare_stream(self, data: Any) -> None:
        self.body = data
        self._note_position()
        length = _length_of(data)
        if length:
            self.headers["Content-Length"] = str(length)
        else:
            self.headers["Transfer-Encoding"] = "chunked"

    def prepare_content_length(self, body: Any) -> None:
        """Set Content-Length."""
        if body is not None:
            length = _length_of(body)
            if length:
                self.headers["Content-Length"] = str(length)
        elif self.method not in ("GET", "HEAD"):
            self.headers.setdefault("Content-Length", "0")

    def prepare_auth(self, auth: Auth, url: str = "") -> None:
        """Authenticate it; without *auth*, by what its URL holds."""
        if auth is None:
            auth = self._url_auth or (get_auth_from_url(url) if url else None)
            auth = auth if auth and any(auth) else None
        if not auth:
            return
        handler = HTTPBasicAuth(*auth) if isinstance(auth, tuple) and len(auth) == 2 else auth
        changed = handler(self)
        self.__dict__.update(changed.__dict__)
        self.prepare_content_length(self.body)

    def prepare_hooks(self, hooks: Hooks | None) -> None:
        """Add hooks."""
        if hooks != NO_HOOKS:
            for event, hook in (hooks or {}).items():
                self.register_hook(event, hook)

    @property
    def path_url(self) -> str:
        """The path and the query."""
        parts = split_url(self.url or "")
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def jar(self) -> CookieJar:
        """The cookies that its Cookie header was chosen from."""
        if self._cookies is None:
            self._cookies = RequestsCookieJar()
        return self._cookies

    def copy(self) -> "PreparedRequest":
        """Return a copy; the body is the same."""
        copy = PreparedRequest()
        copy.__dict__.update(self.__dict__)
        copy.headers = self.headers.copy()
        if self._cookies is not None:
            copy._cookies = copy_jar(self._cookies)
        copy._challenged = False
        return copy

    def rewind(self) -> None:
        """Go back to where the body began, if it is one that is used up by sending it.

        Raises:
            UnrewindableBodyError: It cannot be read again.
        """
        if isinstance(self.body, WHOLE):
            return
        if isinstance(self._body_position, int) and hasattr(self.body, "seek"):
            try:
                self.body.seek(self._body_position)
            except OSError as error:
                raise UnrewindableBodyError(
                    "An error occurred when rewinding request body for redirect."
                ) from error
        elif self._body_position is not None or is_file(self.body) or iter(self.body) is self.body:
            raise UnrewindableBodyError("Unable to rewind request body for redirect.")

    def __repr__(self) -> str:
        return f"<PreparedRequest [{self.method}]>"


def _is_stream(data: object) -> bool:
    return hasattr(data, "__iter__") and not isinstance(data, str | bytes | list | tuple | Mapping)


def _length_of(body: Any) -> int:
    """Return how many bytes a body has; 0 if that is unknown."""
    # Neither the characters of a file of text nor the items of a collection are bytes.
    is_bytes = isinstance(body, WHOLE) or (is_file(body) and not isinstance(body, io.TextIOBase))
    return super_len(body) if is_bytes else 0
