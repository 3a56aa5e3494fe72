"""The cookies of a client, which serves one visitor after the other."""

from typing import TYPE_CHECKING

import httpx
from fastly_compute.http import scope

if TYPE_CHECKING:
    from httpx._types import CookieTypes


class RequestCookies:
    """The part of a client that gives each client's request its own cookies.

    Attributes:
        keep_cookies: Whether cookies outlast the client's request in which they came.
    """

    keep_cookies = False
    _cookies: httpx.Cookies  # httpx's: those of the import, or of all requests

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookies; can be set: in a handler, for the client's request."""
        jars = None if self.keep_cookies else scope.request_local()
        if jars is None:
            return self._cookies
        jar = jars.get(self)
        if not isinstance(jar, httpx.Cookies):
            jars[self] = jar = httpx.Cookies(self._cookies)
        return jar

    @cookies.setter
    def cookies(self, cookies: "CookieTypes") -> None:
        jars = None if self.keep_cookies else scope.request_local()
        if jars is None:
            self._cookies = httpx.Cookies(cookies)
        else:
            jars[self] = httpx.Cookies(cookies)
