"""The jar of ``requests``, and the cookies that requests and responses exchange with it.

Python's own ``http.cookiejar`` decides alike, and brings an HTTP client, sockets and mail with it:
more than a megabyte. This and the modules `cookie`, `cookie_exchange` and `urllib_cookies` are the
part of it that ``requests`` and its users need.
"""

import copy
import time
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from fastly_compute.requests.cookie import (
    Cookie,
    CookieAttributes,
    copy_cookie,
    create_cookie,
    is_sent,
    morsel_to_cookie,
)
from fastly_compute.requests.cookie_exchange import (
    CookieJar,
    extract_cookies_to_jar,
    get_cookie_header,
    header_for,
    keep,
    remove_cookie_by_name,
)
from fastly_compute.requests.refused import attribute, module_getattr
from fastly_compute.requests.urllib_cookies import (
    MockRequest,
    MockResponse,
    as_cookiejar,
    cookies_of,
    place_of_urllib,
)

if TYPE_CHECKING:
    pass

__all__ = [
    "Cookie",
    "CookieConflictError",
    "CookieJar",
    "Cookies",
    "MockRequest",
    "MockResponse",
    "RequestsCookieJar",
    "cookiejar_from_dict",
    "create_cookie",
    "extract_cookies_to_jar",
    "get_cookie_header",
    "merge_cookies",
    "morsel_to_cookie",
    "remove_cookie_by_name",
]

__getattr__ = module_getattr("cookies")


class CookieConflictError(RuntimeError):
    """Several cookies have that name: say which by ``domain`` and ``path``."""


Cookies: TypeAlias = CookieJar | Mapping[str, str]
"""The types accepted as ``cookies``."""


class RequestsCookieJar(MutableMapping[str, str | None]):
    """A jar of cookies that is also a mapping of their names to their values.

    Iterating gives the `Cookie` objects, as in ``requests``. Its ``repr`` has no values. Where
    Python's ``http.cookiejar`` is imported, it is one of its ``CookieJar`` to `isinstance`.

    Args:
        policy: None: the rules are those of RFC 6265.

    Raises:
        NotImplementedError: A policy is given.

    Example:
        >>> from fastly_compute.requests.cookies import RequestsCookieJar
        >>> jar = RequestsCookieJar()
        >>> _ = jar.set("session", "1", domain="shop.example", path="/cart")
        >>> jar["session"], jar.get("session", domain="other.example")
        ('1', None)
    """

    def __init__(self, policy: None = None) -> None:
        if policy is not None:
            raise NotImplementedError(
                "policy= is not supported: the rules are those of RFC 6265; override set_cookie to "
                "keep fewer cookies"
            )
        self._cookies: dict[str, dict[str, dict[str, Cookie]]] = {}

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return as_cookiejar(type(self))

    def __reduce__(self) -> tuple[Any, ...]:
        # The usual way asks for __class__.
        return _new_jar, (type(self),), self.__dict__

    def __getattr__(self, name: str) -> Any:
        raise attribute(type(self), "RequestsCookieJar", name)

    def set_cookie(self, cookie: Cookie) -> None:
        """Store a cookie; it replaces one with the same domain, path and name."""
        value = cookie.value
        if value is not None and value.startswith('"') and value.endswith('"'):
            cookie.value = value.replace('\\"', "")
        paths = self._cookies.setdefault(cookie.domain, {})
        paths.setdefault(cookie.path, {})[cookie.name] = cookie

    def clear(
        self, domain: str | None = None, path: str | None = None, name: str | None = None
    ) -> None:
        """Forget all cookies, or those of a domain, of a path in it, or of a name there.

        Raises:
            KeyError: The jar has no such cookie.
        """
        if domain is None:
            self._cookies.clear()
        elif path is None:
            del self._cookies[domain]
        elif name is None:
            del self._cookies[domain][path]
        else:
            del self._cookies[domain][path][name]

    def clear_expired_cookies(self) -> None:
        """Forget the cookies whose time is over."""
        now = time.time()
        for cookie in list(self._every()):
            if cookie.is_expired(now):
                self.clear(cookie.domain, cookie.path, cookie.name)

    def clear_session_cookies(self) -> None:
        """Forget the cookies that end with the session."""
        for cookie in list(self._every()):
            if cookie.discard:
                self.clear(cookie.domain, cookie.path, cookie.name)

    def __iter__(self) -> Iterator[Cookie]:  # type: ignore[override]
        return self._every()

    def _every(self) -> Iterator[Cookie]:
        for paths in list(self._cookies.values()):
            for names in list(paths.values()):
                yield from list(names.values())

    def __len__(self) -> int:
        return sum(len(names) for paths in self._cookies.values() for names in paths.values())

    def _matching(self, name: str, domain: str | None, path: str | None) -> list[Cookie]:
        return [
            cookie
            for cookie in self._every()
            if cookie.name == name
            and (domain is None or cookie.domain == domain)
            and (path is None or cookie.path == path)
        ]

    def get(  # type: ignore[override]
        self,
        name: str,
        default: str | None = None,
        domain: str | None = None,
        path: str | None = None,
    ) -> str | None:
        """Return the value of a cookie, of this domain and path if they are given.

        Raises:
            CookieConflictError: There are several.
        """
        found = [c.value for c in self._matching(name, domain, path) if c.value is not None]
        if len(found) > 1:
            raise CookieConflictError(f"There are multiple cookies with name, {name!r}")
        return found[0] if found else default

    def set(
        self, name: str, value: str | None, **kwargs: Unpack[CookieAttributes]
    ) -> Cookie | None:
        """Keep a cookie, or forget it if the value is None.

        Args:
            name: Its name.
            value: Its value.
            **kwargs: Attributes of `Cookie`, such as ``domain`` and ``path``.

        Returns:
            The cookie, if there is one.
        """
        if value is None:
            remove_cookie_by_name(self, name, kwargs.get("domain"), kwargs.get("path"))
            return None
        cookie = create_cookie(name, value, **kwargs)
        self.set_cookie(cookie)
        return cookie

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(f"name={name!r}, domain=None, path=None")
        return value

    def __setitem__(self, name: str, value: str | None) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        remove_cookie_by_name(self, name)

    def __contains__(self, name: object) -> bool:
        return any(cookie.name == name and cookie.value is not None for cookie in self)

    def keys(self) -> list[str]:  # type: ignore[override]
        """Return the names."""
        return [cookie.name for cookie in self]

    def values(self) -> list[str | None]:  # type: ignore[override]
        """Return the values."""
        return [cookie.value for cookie in self]

    def items(self) -> list[tuple[str, str | None]]:  # type: ignore[override]
        """Return the names with their values."""
        return [(cookie.name, cookie.value) for cookie in self]

    def iterkeys(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self.keys())

    def itervalues(self) -> Iterator[str | None]:
        """Iterate over the values."""
        return iter(self.values())

    def iteritems(self) -> Iterator[tuple[str, str | None]]:
        """Iterate over the names with their values."""
        return iter(self.items())

    def list_domains(self) -> list[str]:
        """Return every domain once."""
        return list(dict.fromkeys(cookie.domain for cookie in self))

    def list_paths(self) -> list[str]:
        """Return every path once."""
        return list(dict.fromkeys(cookie.path for cookie in self))

    def multiple_domains(self) -> bool:
        """Tell whether two cookies have one domain: what ``requests`` makes of this name."""
        return len(self.list_domains()) < len(self)

    def get_dict(self, domain: str | None = None, path: str | None = None) -> dict[str, str | None]:
        """Return names and values, of this domain and path if they are given."""
        return {
            cookie.name: cookie.value
            for cookie in self
            if domain in (None, cookie.domain) and path in (None, cookie.path)
        }

    def update(self, other: Any = (), /, **kwargs: str | None) -> None:
        """Keep copies of the cookies of another jar, or what a mapping or pairs say."""
        if hasattr(other, "set_cookie"):
            for cookie in other:
                self.set_cookie(copy_cookie(cookie))
        else:
            super().update(other, **kwargs)

    def copy(self) -> "RequestsCookieJar":
        """Return a jar of the same class with copies of the cookies."""
        jar = object.__new__(type(self))
        jar.__dict__.update(self.__dict__, _cookies={})
        jar.update(self)
        return jar

    def make_cookies(self, response: Any, request: Any) -> list[Cookie]:
        """Read the cookies of a response of ``urllib``, as ``http.cookiejar`` does.

        Args:
            response: What has the headers, as its ``info()``.
            request: The request that was sent, such as a `MockRequest`.

        Returns:
            Those that it may set, the expired ones included.
        """
        return cookies_of(response, request)

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Keep the cookies of a response of ``urllib``: see `make_cookies`."""
        for cookie in self.make_cookies(response, request):
            keep(self, cookie)

    def set_cookie_if_ok(self, cookie: Cookie, request: Any) -> None:
        """Keep a cookie if the request would get it back."""
        if is_sent(cookie, place_of_urllib(request), time.time()):
            self.set_cookie(cookie)

    def add_cookie_header(self, request: Any) -> None:
        """Give a request of ``urllib`` its Cookie header, unless it has one."""
        if not request.has_header("Cookie"):
            header = header_for(self, place_of_urllib(request))
            if header is not None:
                request.add_unredirected_header("Cookie", header)

    def __repr__(self) -> str:
        shown = ", ".join(f"<Cookie {c.name} for {c.domain}{c.path}>" for c in self)
        return f"<RequestsCookieJar[{shown}]>"


def _new_jar(kind: type[RequestsCookieJar]) -> RequestsCookieJar:
    return kind.__new__(kind)


def cookiejar_from_dict(
    cookie_dict: Mapping[str, str] | None,
    cookiejar: RequestsCookieJar | None = None,
    overwrite: bool = True,
) -> RequestsCookieJar:
    """Put names and values into a jar.

    Args:
        cookie_dict: Names and values; None for none.
        cookiejar: The jar; a new one by default.
        overwrite: Whether they go before cookies of the same name that are in the jar.

    Returns:
        The jar.
    """
    jar = RequestsCookieJar() if cookiejar is None else cookiejar
    there = set() if overwrite else {cookie.name for cookie in jar}
    for name, value in (cookie_dict or {}).items():
        if name not in there:
            jar.set_cookie(create_cookie(name, value))
    return jar


def merge_cookies(cookiejar: RequestsCookieJar, cookies: Cookies | None) -> RequestsCookieJar:
    """Add cookies to a jar: a jar's replace existing ones, a mapping's only add new ones.

    Args:
        cookiejar: The jar.
        cookies: The cookies.

    Returns:
        The jar.

    Raises:
        ValueError: It is not a jar.
    """
    if not hasattr(cookiejar, "set_cookie"):
        raise ValueError("You can only merge into CookieJar")
    if cookies is None or is_empty(cookies):
        return cookiejar
    if not hasattr(cookies, "set_cookie") and isinstance(cookies, Mapping):
        return cookiejar_from_dict(cookies, cookiejar, overwrite=False)
    for cookie in cookies or ():
        cookiejar.set_cookie(copy_cookie(cookie))
    return cookiejar


def is_empty(jar: object) -> bool:
    """Tell whether something is a `RequestsCookieJar` that was never given a cookie.

    Most requests have such a jar.
    """
    return type(jar) is RequestsCookieJar and not jar._cookies


def copy_jar(jar: CookieJar) -> CookieJar:
    """Copy a jar, of this package or of Python's ``http.cookiejar``, as a jar of the same class."""
    if hasattr(jar, "copy"):
        return jar.copy()  # type: ignore[no-any-return]
    copied = copy.copy(jar)
    copied._cookies = {}  # type: ignore[attr-defined]
    for cookie in jar:
        copied.set_cookie(copy.copy(cookie))
    return copied
