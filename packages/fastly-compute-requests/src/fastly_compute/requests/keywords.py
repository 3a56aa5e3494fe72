"""The types of the arguments, and the keywords that each function takes."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from fastly_compute.backend import Backend, ClientCert, DynamicBackendConfig
from fastly_compute.http import CacheOptions, Readable
from fastly_compute.requests.cookies import Cookies
from fastly_compute.requests.hooks import Hooks
from fastly_compute.requests.multipart import Files
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike
from fastly_compute.requests.urls import Pairs
from fastly_compute.secret_store import Secret

if TYPE_CHECKING:
    from fastly_compute.requests.models import PreparedRequest

Params: TypeAlias = Pairs | str | bytes | None
"""The types accepted as ``params``, which extend a URL's query."""

Data: TypeAlias = (
    Pairs | str | bytes | bytearray | memoryview | Readable | Iterable[bytes | str] | None
)
"""A body: a form, bytes, text, a file, or an iterable."""

RequestHeaders: TypeAlias = Mapping[str, str | bytes | None] | None
"""Headers; None takes away one that the session has."""

Auth: TypeAlias = tuple[str, str] | Callable[["PreparedRequest"], "PreparedRequest"] | None
"""A user name and password, or what is called with the prepared request."""

Cert: TypeAlias = ClientCert | tuple[str, Secret] | None
"""A client certificate in PEM, with its key."""

BackendLike: TypeAlias = Backend | DynamicBackendConfig | str | None
"""A backend, its name, or the configuration of a dynamic one."""


class AdapterKwargs(TypedDict, total=False):
    """The keywords of `BackendAdapter.begin`: see `request`."""

    timeout: TimeoutLike
    verify: bool | str | None
    cert: Cert
    proxies: Mapping[str, str] | None
    backend: BackendLike
    fastly_timeout: TimeoutConfig | None
    cache: CacheOptions | None


class SendKwargs(AdapterKwargs, total=False):
    """The keywords of `Session.send`: see `request`."""

    stream: bool | None
    allow_redirects: bool


class CommonKwargs(SendKwargs, total=False):
    """The keywords that every function has."""

    headers: RequestHeaders
    cookies: Cookies | None
    files: Files | None
    auth: Auth
    hooks: Hooks | None
    fastly_backend: str | None


class GetKwargs(CommonKwargs, total=False):
    """The keywords of `get`."""

    data: Data
    json: object


class PostKwargs(CommonKwargs, total=False):
    """The keywords of `post`."""

    params: Params


class DataKwargs(PostKwargs, total=False):
    """The keywords of `put` and `patch`."""

    json: object


class RequestKwargs(DataKwargs, total=False):
    """The keywords of `request`, `delete`, `head` and `options`.

    Example:
        >>> from typing import Unpack
        >>> from fastly_compute import requests
        >>> def api(method: str, path: str, **kwargs: Unpack[requests.RequestKwargs]) -> object:
        ...     return requests.request(method, f"https://api.example{path}", **kwargs).json()
    """

    data: Data
