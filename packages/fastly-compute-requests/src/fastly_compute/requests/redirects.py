"""Redirects: which request follows a response (RFC 9110, section 15.4)."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Unpack, cast
from urllib.parse import SplitResult, urljoin, urlsplit

from fastly_compute.requests.cookies import (
    RequestsCookieJar,
    extract_cookies_to_jar,
    merge_cookies,
)
from fastly_compute.requests.exceptions import (
    ChunkedEncodingError,
    ContentDecodingError,
    InvalidURL,
    TooManyRedirects,
)
from fastly_compute.requests.keywords import Cert, SendKwargs
from fastly_compute.requests.models import PreparedRequest, Response
from fastly_compute.requests.timeouts import TimeoutLike
from fastly_compute.requests.urls import check_authority, requote_uri, without_userinfo

_PORTS = {"http": 80, "https": 443}


class SessionRedirectMixin:
    """How a session follows redirects; each method can be overridden, as in ``requests``.

    Attributes:
        max_redirects: How many are followed.
        cookies: Where the requests that follow get cookies from.
    """

    max_redirects: int
    cookies: RequestsCookieJar

    def send(self, request: PreparedRequest, **kwargs: Unpack[SendKwargs]) -> Response:
        """Send a prepared request: the session's part."""
        raise NotImplementedError

    def resolve_redirects(
        self,
        resp: Response,
        req: PreparedRequest,
        stream: bool | None = False,
        timeout: TimeoutLike = None,
        verify: bool | str | None = True,
        cert: Cert = None,
        proxies: Mapping[str, str] | None = None,
        yield_requests: bool = False,
        **adapter_kwargs: Any,
    ) -> Iterator[Response | PreparedRequest]:
        """Follow redirects.

        Each is resolved like a URL of the app's own, by the policy on dynamic backends. A backend
        that was given is for the origin of the first URL, and for no other.

        Args:
            resp: The response that redirects.
            req: The request that was sent.
            stream: As for `send`, and so are the next four.
            timeout: Seconds.
            verify: How to verify certificates.
            cert: The client certificate.
            proxies: Not supported.
            yield_requests: Whether to give the requests, without sending any.
            **adapter_kwargs: What the adapter takes besides.

        Returns:
            An iterator over the responses.

        Raises:
            InvalidURL: A response redirects to something that is not a URL, or to a URL in which
                parsers find different hosts.
            TooManyRedirects: There are more than `max_redirects`.
            UnrewindableBodyError: The body is to be sent again, and cannot be read again.
            RequestException: As for `send`.
        """
        history: list[Response] = []
        given = adapter_kwargs.pop("backend", None)
        home = _origin(req.url or "")
        fragment = urlsplit(req.url or "").fragment
        target = self.get_redirect_target(resp)
        while target:
            again = req.copy()
            resp.history = history[:]
            history.append(resp)
            if not yield_requests:  # this response is only seen in the history
                with suppress(ChunkedEncodingError, ContentDecodingError, RuntimeError):
                    _ = resp.content
            if len(resp.history) >= self.max_redirects:
                raise TooManyRedirects(f"Exceeded {self.max_redirects} redirects.", response=resp)
            if not yield_requests:
                resp.close()
            check_authority(target)
            url = _resolved(target, resp)
            fragment = url.fragment or fragment
            again.url = url._replace(fragment=fragment).geturl()
            self.rebuild_method(again, resp)
            if resp.status_code not in (307, 308):
                for name in ("Content-Length", "Content-Type", "Transfer-Encoding"):
                    again.headers.pop(name, None)
                again.body = None
            again.headers.pop("Cookie", None)
            extract_cookies_to_jar(again.jar, req, resp)
            again.prepare_cookies(merge_cookies(cast("RequestsCookieJar", again.jar), self.cookies))
            again.headers.pop("Proxy-Authorization", None)
            self.rebuild_auth(again, resp)
            again.rewind()
            req = again
            if yield_requests:
                yield again
                return
            backend = {"backend": given} if given is not None and _origin(req.url) == home else {}
            resp = self.send(
                again,
                stream=stream,
                timeout=timeout,
                verify=verify,
                cert=cert,
                proxies={} if proxies is None else proxies,
                allow_redirects=False,
                **backend,
                **adapter_kwargs,
            )
            target = self.get_redirect_target(resp)
            yield resp

    def get_redirect_target(self, resp: Response) -> str | None:
        """Return where a response redirects to; None if it does not."""
        if not resp.is_redirect:
            return None
        location = resp.headers["location"]
        try:
            return location.encode("latin-1").decode()
        except UnicodeError:  # it is made of other bytes, which are what the origin understands
            return "".join(c if c.isascii() else f"%{ord(c):02X}" for c in location)

    def should_strip_auth(self, old_url: str, new_url: str) -> bool:
        """Tell whether a redirect leads where Authorization must not go.

        That is to another host, scheme or port; but from the usual port of ``http`` to that of
        ``https`` on the same host it is kept.
        """
        old, new = _origin(old_url), _origin(new_url)
        upgraded = ("http", old[1], 80) == old and ("https", old[1], 443) == new
        return old != new and not upgraded

    def rebuild_auth(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Take Authorization away where a redirect must not carry it."""
        old, new = response.request.url or "", prepared_request.url or ""
        if "Authorization" in prepared_request.headers and self.should_strip_auth(old, new):
            del prepared_request.headers["Authorization"]

    def rebuild_method(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Change the method as browsers do: to GET after 303, 302, and 301 to a POST."""
        method, status = prepared_request.method, response.status_code
        if (status in (302, 303) and method != "HEAD") or (status == 301 and method == "POST"):
            prepared_request.method = "GET"


def _resolved(location: str, response: Response) -> SplitResult:
    """Make an absolute URL of where a response redirects to, without a user name and password."""
    try:
        url = urlsplit(without_userinfo(urljoin(response.url, requote_uri(location))))
        _ = url.port
    except ValueError as error:
        shown = response.url.partition("?")[0]
        raise InvalidURL(
            f"the redirect from {shown} leads to no URL: {error}", response=response
        ) from error
    return url


def _origin(url: str | None) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
