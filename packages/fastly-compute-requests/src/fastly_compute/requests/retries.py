"""Retries: what ``max_retries`` of an adapter means."""

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fastly_compute import http
from fastly_compute.requests.exceptions import (
    BackendNotFound,
    ConnectionError,  # noqa: A004 - requests' name
    ReadTimeout,
    RequestException,
    RetryError,
    SSLError,
    UnrewindableBodyError,
)
from fastly_compute.requests.models import PreparedRequest
from fastly_compute.requests.response import Response
from fastly_compute.requests.urls import without_userinfo


class RetryPolicy(Protocol):
    """What decides on retries: `Retries`, or the ``Retry`` of ``urllib3``."""

    def increment(
        self, method: str | None, url: str | None, response: Any = None, error: Any = None
    ) -> "RetryPolicy":
        """Return the policy for the next try, or raise if there must not be one."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Tell whether a response with this status is a failure to try again after."""

    def sleep(self, response: Any = None) -> None:
        """Wait before the next try."""


class MaxRetryError(Exception):
    """No further try is allowed; an app never sees this."""


def max_retry_error() -> type[Exception]:
    """Find what ``requests.adapters.MaxRetryError`` is: that of ``urllib3`` where there is one."""
    try:
        return importlib.import_module("urllib3.exceptions").MaxRetryError  # type: ignore[no-any-return]
    except ImportError:
        return MaxRetryError


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is sent again that did not reach the backend: a number's meaning.

    A request of which something was sent is never repeated, and tries follow without a pause.

    Args:
        total: How often at most.
    """

    total: int = 0

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Any = None,
    ) -> "Retries":
        """Count a try.

        Raises:
            MaxRetryError: It was the last one, or the request may have arrived.
        """
        if self.total < 1 or not is_unsent(error):
            raise MaxRetryError
        return Retries(self.total - 1)

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Return False: a request that was answered is not repeated."""
        return False

    def sleep(self, response: Any = None) -> None:
        """Do not wait."""


NO_RETRIES = Retries()


@dataclass(frozen=True, slots=True)
class _Answered:
    """The parts of a response that a policy looks at."""

    status: int
    headers: Mapping[str, str]

    def get_redirect_location(self) -> bool:
        """Return False: sessions follow redirects."""
        return False


def retries_from(value: object) -> RetryPolicy:
    """Make a policy of what ``max_retries`` was given.

    Args:
        value: A number, or an object like the ``Retry`` of ``urllib3``.

    Returns:
        The policy.

    Raises:
        TypeError: It is neither.
        ValueError: The number is negative.
    """
    if isinstance(value, int):
        if value < 0:
            raise ValueError(f"max_retries must be 0 or more, not {value}")
        return Retries(value) if value else NO_RETRIES
    if all(callable(getattr(value, name, None)) for name in ("increment", "is_retry", "sleep")):
        policy: Any = value
        return policy  # type: ignore[no-any-return]
    raise TypeError(
        f"max_retries must be an int or a urllib3 Retry object, not {type(value).__name__}"
    )


def is_unsent(error: BaseException | None) -> bool:
    """Tell whether an error says that nothing of the request was sent."""
    cause = getattr(error, "__cause__", None)
    return (
        isinstance(error, ConnectionError)
        and not isinstance(error, BackendNotFound | SSLError)  # it will be the same the next time
        and isinstance(cause, http.SendError)
        and cause.is_retry_safe
    )


def send_again(
    send: Callable[[], Response], request: PreparedRequest, policy: RetryPolicy
) -> Response:
    """Send a request as often as a policy says, and wait as long as it says in between.

    Args:
        send: Sends the request once.
        request: The request. One whose body cannot be read again is not sent again.
        policy: The policy.

    Returns:
        The first response that the policy accepts; or the last one, if the policy does not
        raise for a status.

    Raises:
        RequestException: The last try raised it.
        RetryError: The last try had a status that the policy takes for a failure.
    """
    method = request.method or ""
    while True:
        try:
            response = send()
        except RequestException as error:
            known = error if isinstance(policy, Retries) else _in_urllib3(error)
            following = _next(policy, method, request.url, error=known)
            if following is None or not _is_rewound(request):
                raise
            following.sleep()
        else:
            status = response.status_code
            if not policy.is_retry(method, status, "Retry-After" in response.headers):
                return response
            seen = _Answered(status, response.headers)
            following = _next(policy, method, request.url, response=seen)
            if following is None and getattr(policy, "raise_on_status", True):
                response.close()
                raise RetryError(
                    f"{method} {without_userinfo(request.url or '').partition('?')[0]} was "
                    f"answered with the status {status}, also after the last retry",
                    request=request,
                    response=response,
                )
            if following is None or not _is_rewound(request):
                return response
            response.close()
            following.sleep(seen)
        policy = following


def _next(
    policy: RetryPolicy,
    method: str,
    url: str | None,
    response: Any = None,
    error: Exception | None = None,
) -> RetryPolicy | None:
    """The policy for the next try; None if there must not be one."""
    try:
        return policy.increment(method, url, response=response, error=error)
    except MaxRetryError:
        return None
    except Exception as raised:
        # urllib3 raises the error itself, or its MaxRetryError, when no further try is allowed.
        if raised is error or type(raised).__name__ == "MaxRetryError":
            return None
        raise


def _is_rewound(request: PreparedRequest) -> bool:
    """Go back to where the body began, and tell whether that was possible."""
    try:
        request.rewind()
    except UnrewindableBodyError:
        return False
    return True


def _in_urllib3(error: RequestException) -> Exception:
    """The exception of ``urllib3``, which is there if its ``Retry`` is, that counts alike."""
    kinds: Any = sys.modules["urllib3.exceptions"]
    text = str(error)
    if is_unsent(error):
        return kinds.ConnectTimeoutError(text)  # type: ignore[no-any-return]
    if isinstance(error, ReadTimeout):
        return kinds.ReadTimeoutError(None, None, text)  # type: ignore[no-any-return]
    return kinds.ProtocolError(text)  # type: ignore[no-any-return]
