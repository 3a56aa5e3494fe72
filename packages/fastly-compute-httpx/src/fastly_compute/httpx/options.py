"""The arguments of the clients, and those of httpx's clients that cannot work here."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, cast

import httpx
from fastly_compute.http import CacheOptions
from fastly_compute.httpx.transports import BackendLike, Cert

if TYPE_CHECKING:
    from httpx._types import AuthTypes, CookieTypes, HeaderTypes, QueryParamTypes, TimeoutTypes

EventHooks: TypeAlias = Mapping[str, list[Callable[..., Any]]]
"""What a client calls with each request and response, under ``request`` and ``response``."""


class TransportOptions(TypedDict, total=False):
    """The arguments of `Transport`, which `Client` takes, too."""

    backend: BackendLike
    cache: CacheOptions | None
    cert: Cert
    ignore_timeout: bool
    verify: bool | str


class HttpxOptions(TypedDict, total=False):
    """The arguments of `httpx.Client` that work as they do there."""

    auth: "AuthTypes | None"
    base_url: httpx.URL | str
    cookies: "CookieTypes | None"
    default_encoding: str | Callable[[bytes], str]
    event_hooks: EventHooks | None
    follow_redirects: bool
    headers: "HeaderTypes | None"
    max_redirects: int
    params: "QueryParamTypes | None"
    timeout: "TimeoutTypes"


class ClientOptions(TransportOptions, HttpxOptions, total=False):
    """The arguments of `Client` and `AsyncClient`, except ``transport`` and ``mounts``.

    Example:
        >>> from typing import Unpack
        >>> from fastly_compute.httpx import Client, ClientOptions
        >>> def api_client(**options: Unpack[ClientOptions]) -> Client:
        ...     return Client(base_url="https://api.example", **options)
    """

    keep_cookies: bool
    trust_env: bool


_NO_CONNECTIONS = "connections are the platform's"
_NOT_SUPPORTED: Mapping[str, tuple[object, str]] = {
    "http1": (True, f"{_NO_CONNECTIONS}, and so is their protocol"),
    "http2": (False, f"{_NO_CONNECTIONS}, and so is their protocol"),
    "limits": (
        httpx.Limits(max_connections=100, max_keepalive_connections=20),
        f"{_NO_CONNECTIONS}; pass a DynamicBackendConfig with max_connections= as the backend",
    ),
    "proxy": (None, "the platform has no proxies; a backend says where requests go"),
}
"""The default of each argument that cannot work, and the reason."""


def split(options: ClientOptions) -> tuple[TransportOptions, HttpxOptions]:
    """Tell the arguments of the transport from those of httpx.

    Args:
        options: What the client was given.

    Returns:
        The arguments of the transport, and the others.

    Raises:
        NotImplementedError: One cannot work here, and is not the default.
        TypeError: One is unknown.
    """
    given = dict(options)
    for name, (default, reason) in _NOT_SUPPORTED.items():
        if given.pop(name, default) != default:
            raise NotImplementedError(f"{name}= is not supported: {reason}")
    given.pop("trust_env", None)
    given.pop("keep_cookies", None)
    transport = {
        name: given.pop(name) for name in TransportOptions.__annotations__ if name in given
    }
    for name in given:
        if name not in HttpxOptions.__annotations__:
            raise TypeError(f"a client got an unexpected keyword argument {name!r}")
    return cast("TransportOptions", transport), cast("HttpxOptions", given)
