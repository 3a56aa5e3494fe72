"""How to check whether a backend is healthy."""

import re
from dataclasses import dataclass

from fastly_compute.local.config.backend_error import BackendConfigError

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_PATH = re.compile(r"/[\x21-\x7e]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONGEST = 8192
_WIDEST = 15
_SHORTEST_MS = 1_000
_LONGEST_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheckConfig:
    """A request that is sent to a backend at intervals, and how its responses are judged.

    These are the fields of `healthcheck-options` in the WIT, with the platform's defaults. The
    backend is healthy while at least `threshold` of the last `window` checks passed.

    Attributes:
        host: The Host header, visible ASCII; together with the path at most 8192 characters.
        method: The method, at most 8192 characters.
        path: The path, optionally with a query.
        expected_status: The status that passes the check.
        window: How many of the last checks count, at most 15.
        threshold: How many of them have to pass, at most `window`.
        initial: How many count as passed before the first check, at most `window`.
        interval_ms: The time from one check to the next, at least 1 second and less than 1 hour.
        timeout_ms: How long a check may take and still pass, within the same bounds.

    Raises:
        BackendConfigError: A field is invalid.

    Example:
        >>> from fastly_compute.local import BackendConfig, HealthCheckConfig
        >>> check = HealthCheckConfig(host="example.org", path="/alive", interval_ms=5_000)
        >>> BackendConfig(url="https://example.org", health_check=check).health_check.threshold
        3
    """

    host: str
    method: str = "GET"
    path: str = "/"
    expected_status: int = 200
    window: int = 5
    threshold: int = 3
    initial: int = 4
    interval_ms: int = 15_000
    timeout_ms: int = 5_000

    def __post_init__(self) -> None:
        self._check_request()
        _check_whole("expected_status", self.expected_status, 0, 0xFFFF)
        _check_whole("window", self.window, 0, _WIDEST)
        for name in ("threshold", "initial"):
            _check_whole(name, getattr(self, name), 0, self.window)
        for name in ("interval_ms", "timeout_ms"):
            _check_whole(name, getattr(self, name), _SHORTEST_MS, _LONGEST_MS - 1)

    def _check_request(self) -> None:
        for name, allowed, rule in (
            ("host", _VISIBLE, "must be visible ASCII characters without spaces"),
            ("method", _TOKEN, "must be an HTTP method, such as GET"),
            ("path", _PATH, "must begin with / and be visible ASCII"),
        ):
            value = getattr(self, name)
            if not isinstance(value, str) or not allowed.fullmatch(value):
                raise BackendConfigError(name, repr(value)[:300], rule)
        if len(self.method) > _LONGEST:
            raise BackendConfigError("method", "", f"must be at most {_LONGEST} characters")
        if len(self.host) + len(self.path) > _LONGEST:
            rule = f"must be at most {_LONGEST} characters together with the path"
            raise BackendConfigError("host", "", rule)


def _check_whole(name: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BackendConfigError(name, repr(value), f"must be a whole number, {least} to {most}")
