"""Authentication: Basic (RFC 7617) and Digest (RFC 7616), and the base of all others."""

import binascii
import hashlib
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from fastly_compute.requests.cookies import extract_cookies_to_jar
from fastly_compute.requests.refused import module_getattr
from fastly_compute.requests.utils import parse_dict_header

if TYPE_CHECKING:
    from fastly_compute.requests.adapters import BaseAdapter
    from fastly_compute.requests.models import PreparedRequest
    from fastly_compute.requests.response import Response

__getattr__ = module_getattr("auth")

_HASHES: dict[str, Callable[..., Any]] = {
    "MD5": hashlib.md5,
    "SHA": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
}
_DIGEST = re.compile("digest ", re.IGNORECASE)


def _basic_auth_str(username: str | bytes, password: str | bytes) -> str:
    pair = [
        part if isinstance(part, bytes) else str(part).encode("latin-1")
        for part in (username, password)
    ]
    return "Basic " + binascii.b2a_base64(b":".join(pair), newline=False).decode()


class AuthBase:
    """The base of every authentication: it is called with the prepared request, and returns it.

    Example:
        >>> from fastly_compute.requests import PreparedRequest
        >>> from fastly_compute.requests.auth import AuthBase
        >>> class Token(AuthBase):
        ...     def __init__(self, token: str) -> None:
        ...         self.token = token
        ...
        ...     def __call__(self, r: PreparedRequest) -> PreparedRequest:
        ...         r.headers["Authorization"] = f"Bearer {self.token}"
        ...         return r
    """

    def __call__(self, r: "PreparedRequest") -> "PreparedRequest":
        """Authenticate a request, and return it."""
        raise NotImplementedError("Auth hooks must be callable.")


class _Password(AuthBase):
    """A user name and password."""

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self.username = username
        self.password = password

    def __eq__(self, other: object) -> bool:
        theirs = getattr(other, "username", None), getattr(other, "password", None)
        return (self.username, self.password) == theirs

    __hash__ = None  # type: ignore[assignment]


class HTTPBasicAuth(_Password):
    """Basic authentication; a tuple of user name and password means the same.

    Args:
        username: The user name; a ``str`` is sent as latin-1.
        password: The password, likewise.

    Example:
        >>> from fastly_compute import requests
        >>> auth = requests.auth.HTTPBasicAuth("user", "pass")
        >>> requests.Request("GET", "http://a/", auth=auth).prepare().headers["Authorization"]
        'Basic dXNlcjpwYXNz'
    """

    def __call__(self, r: "PreparedRequest") -> "PreparedRequest":
        """Set Authorization."""
        r.headers["Authorization"] = _basic_auth_str(self.username, self.password)
        return r


class HTTPProxyAuth(HTTPBasicAuth):
    """Basic authentication for a proxy, of which the platform has none: the header is just set."""

    def __call__(self, r: "PreparedRequest") -> "PreparedRequest":
        """Set Proxy-Authorization."""
        r.headers["Proxy-Authorization"] = _basic_auth_str(self.username, self.password)
        return r


class HTTPDigestAuth(_Password):
    """Digest authentication with MD5, SHA, SHA-256 or SHA-512 and the protection ``auth``.

    The first request is answered by a 401 with a challenge, and sent again. Later ones by the same
    object take the challenge along. A 401 whose challenge cannot be met is returned as it is.

    Args:
        username: The user name.
        password: The password.

    Example:
        >>> from fastly_compute import requests
        >>> session = requests.Session()
        >>> session.auth = requests.auth.HTTPDigestAuth("user", "pass")
    """

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        super().__init__(username, password)
        self._challenge: dict[str, str | None] = {}
        self._last_nonce: str | None = None
        self._uses = 0

    def build_digest_header(self, method: str, url: str) -> str | None:
        """Answer the last challenge.

        Args:
            method: The request's method.
            url: Its URL.

        Returns:
            The value of Authorization; None if the algorithm or the protection is unknown.
        """
        asked = self._challenge
        algorithm = asked.get("algorithm")
        kind = (algorithm or "MD5").upper().removesuffix("-SESS")
        function = _HASHES.get(kind)
        qop = asked.get("qop")
        offered = [part.strip() for part in (qop or "auth").split(",")]
        if function is None or "auth" not in offered:
            return None

        def digest(*parts: object) -> str:
            text = ":".join(map(str, parts)).encode()
            return str(function(text, usedforsecurity=False).hexdigest())

        nonce, realm = asked.get("nonce") or "", asked.get("realm") or ""
        target = urlsplit(url)
        uri = (target.path or "/") + (f"?{target.query}" if target.query else "")
        self._uses = self._uses + 1 if nonce == self._last_nonce else 1
        self._last_nonce = nonce
        count, own = f"{self._uses:08x}", os.urandom(8).hex()
        user, password = (
            part.decode() if isinstance(part, bytes) else part
            for part in (self.username, self.password)
        )
        secret = digest(user, realm, password)
        if algorithm and algorithm.upper().endswith("-SESS"):
            secret = digest(secret, nonce, own)
        between = [nonce, count, own, "auth"] if qop else [nonce]
        answer = digest(secret, *between, digest(method, uri))
        header = (
            f'Digest username="{user}", realm="{realm}", nonce="{nonce}", '
            f'uri="{uri}", response="{answer}"'
        )
        if asked.get("opaque"):
            header += f', opaque="{asked["opaque"]}"'
        if algorithm:
            header += f', algorithm="{algorithm}"'
        if qop:
            header += f', qop="auth", nc={count}, cnonce="{own}"'
        return header

    def init_per_thread_state(self) -> None:
        """Do nothing: threads of the native host share the last challenge, which is harmless."""

    def handle_redirect(self, r: "Response", **kwargs: Any) -> None:
        """Do nothing: how often a request was challenged is known by the request."""

    def handle_401(self, r: "Response", **kwargs: Any) -> "Response":
        """Send a request again with the answer to its challenge: a hook for responses."""
        header = r.headers.get("www-authenticate", "")
        request = r.request
        is_challenge = 400 <= r.status_code < 500 and "digest" in header.lower()
        if not is_challenge or request._challenged:
            return r
        self._challenge = parse_dict_header(_DIGEST.sub("", header, count=1))
        _ = r.content
        r.close()
        again = request.copy()
        again._challenged = True
        again.rewind()
        answer = self.build_digest_header(again.method or "", again.url or "")
        if answer is None:
            return r
        extract_cookies_to_jar(again.jar, request, r)
        again.prepare_cookies(again.jar)
        again.headers["Authorization"] = answer
        response: Response = cast("BaseAdapter", r.connection).send(again, **kwargs)
        response.history.append(r)
        response.request = again
        return response

    def __call__(self, r: "PreparedRequest") -> "PreparedRequest":
        """Set Authorization if there was a challenge, and be ready for one."""
        if self._last_nonce is not None:
            answer = self.build_digest_header(r.method or "", r.url or "")
            if answer is not None:
                r.headers["Authorization"] = answer
        r.register_hook("response", self.handle_401)
        return r
