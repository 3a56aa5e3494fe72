"""The health check of a dynamic backend."""

import re
from dataclasses import dataclass
from datetime import timedelta

from fastly_compute.backend import checks
from fastly_compute.backend.errors import InvalidBackendOption
from fastly_compute.core import Duration, milliseconds

_DEFAULT_WINDOW = 5
_DEFAULT_THRESHOLD = 3
_DEFAULT_INITIAL = 4

_LARGEST_WINDOW = 15
_LONGEST = 8192
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r"/[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*")
_TIME = "a timedelta or a number of seconds, at least 1 second and less than 1 hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A health check (``healthcheck-options``). None stands for the platform's default.

    Attributes:
        host: The Host header of the check's request: a host with or without a port; up to 8192
            ASCII characters together with the path (``healthcheck-options.new``).
        method: The request method, up to 8192 characters; default ``GET`` (``method``).
        path: The path, with an optional query; default ``/`` (``path``).
        expected_status: The status of a healthy backend, 100 to 599; default 200
            (``expected-status``).
        window: How many of the latest checks count, up to 15; default 5 (``window``).
        threshold: How many of them must succeed, up to ``window``; default 3 (``threshold``).
        initial: How many checks count as successful at the start, up to ``window``; default 4
            (``initial``). Set it if ``window`` is below 4.
        interval: The time between checks, at least 1 s and less than 1 h; default 15 s
            (``interval-ms``). Stored as a `timedelta`.
        timeout: The time limit for a check, in the same range; default 5 s (``timeout-ms``).
            Stored as a `timedelta`.

    Raises:
        InvalidBackendOption: A value breaks its rule.
        BackendOptionTypeError: A value is of the wrong type.

    Example:
        >>> from fastly_compute.backend import HealthCheck
        >>> HealthCheck(host="origin.example", path="/up", interval=30).interval
        datetime.timedelta(seconds=30)
    """

    host: str
    method: str | None = None
    path: str | None = None
    expected_status: int | None = None
    window: int | None = None
    threshold: int | None = None
    initial: int | None = None
    interval: Duration | None = None
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        rule = f"a host with or without a port, up to {_LONGEST} characters with the path"
        host = checks.instance("healthcheck.host", self.host, str, rule)
        self._check_text("host", checks.HOST_HEADER, rule)
        self._check_text("method", _METHOD, "an HTTP method such as GET")
        self._check_text("path", _PATH, "a path such as /up, percent-encoded")
        if len(host) + len(self.path or "/") > _LONGEST:
            raise InvalidBackendOption("healthcheck.host", rule)
        if self.expected_status is not None:
            checks.integer("healthcheck.expected_status", self.expected_status, 100, 599)
        self._check_window()
        for field in ("interval", "timeout"):
            self._set_time(field)

    def _check_text(self, field: str, pattern: re.Pattern[str], rule: str) -> None:
        value = getattr(self, field)
        if value is None:
            return
        text = checks.instance(f"healthcheck.{field}", value, str, rule)
        if len(text) > _LONGEST or pattern.fullmatch(text) is None:
            raise InvalidBackendOption(f"healthcheck.{field}", rule, repr(text[:300]))

    def _check_window(self) -> None:
        window = _DEFAULT_WINDOW
        if self.window is not None:
            window = checks.integer("healthcheck.window", self.window, 0, _LARGEST_WINDOW)
        for field, default in (("threshold", _DEFAULT_THRESHOLD), ("initial", _DEFAULT_INITIAL)):
            name = f"healthcheck.{field}"
            value = getattr(self, field)
            if value is not None:
                checks.count(name, value)
            given = default if value is None else value
            if given > window:
                rule = f"at most the window of {window}"
                by_default = " (its default)" if value is None else ""
                raise InvalidBackendOption(name, rule, f"{given}{by_default}")

    def _set_time(self, field: str) -> None:
        value = getattr(self, field)
        if value is None:
            return
        time = checks.milliseconds(f"healthcheck.{field}", value)
        if not timedelta(seconds=1) <= time < timedelta(hours=1):
            raise InvalidBackendOption(f"healthcheck.{field}", _TIME, repr(value))
        object.__setattr__(self, field, time)


def setters_of(check: HealthCheck) -> list[tuple[str, int | str]]:
    """Order the setter calls so that the host accepts each of them.

    The host checks each value against the values set so far, initially the defaults.

    Args:
        check: The health check.

    Returns:
        Setters of the bindings' ``HealthcheckOptions``, each with its value in the WIT's unit.
    """
    window = ("window", check.window)
    within = [("threshold", check.threshold), ("initial", check.initial)]
    grows = check.window is None or check.window >= _DEFAULT_WINDOW
    given = [
        ("method", check.method),
        ("path", check.path),
        ("expected_status", check.expected_status),
        *([window, *within] if grows else [*within, window]),
        ("interval_ms", _milliseconds(check.interval)),
        ("timeout_ms", _milliseconds(check.timeout)),
    ]
    return [(setter, value) for setter, value in given if value is not None]


def _milliseconds(time: Duration | None) -> int | None:
    return None if time is None else milliseconds(time, field="healthcheck")
