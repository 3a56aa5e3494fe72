"""The health of backends, determined by their health checks."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from fastly_compute.local.clock import Clock
from fastly_compute.local.config import BackendConfig, Health, HealthCheckConfig
from fastly_compute.local.transport import HTTPTransport, probe

_MOST = 100
"""Most backends that are checked."""

_PATIENCE = 1.0
"""Seconds that a check in progress may take to end."""


@dataclass(eq=False, slots=True)
class _Checked:
    name: str
    backend: BackendConfig
    check: HealthCheckConfig
    due: float
    good: deque[bool]
    problem: str | None = None

    def begin(self, now: float) -> None:
        """Plan the next check: this one begins."""
        self.due = now + self.check.interval_ms / 1000

    def note(self, problem: str | None) -> None:
        """Record the outcome of a check."""
        self.good.append(problem is None)
        self.problem = problem

    @property
    def health(self) -> Health:
        enough = sum(self.good) >= self.check.threshold
        return Health.HEALTHY if enough else Health.UNHEALTHY


class HealthChecks:
    """Checks the backends that have a health check, and records their health.

    A backend is identified by its name and its configuration, as on the platform: a sandbox that
    registers the same backend as another one shares its health. Checks start with the first
    registration and continue, even without sandboxes. At most 100 backends are checked; the one
    whose health was least recently queried is dropped.

    One thread, which starts with the first check, runs them one after the other: a check after a
    slow one is late. Intervals are measured with the host's clock. After advancing it, call
    `run_due` to run the checks that have become due.

    Example:
        >>> from fastly_compute.local import BackendConfig, HealthCheckConfig, Host, HostConfig
        >>> check = HealthCheckConfig(host="example.org", initial=1, threshold=1)
        >>> backend = BackendConfig(url="http://127.0.0.1:1", health_check=check)
        >>> with Host(HostConfig(backends={"origin": backend}), output=lambda line: None) as host:
        ...     print(host.health_checks.health("origin", backend))
        ...     for _ in range(5):
        ...         host.health_checks.run_due()
        ...         host.clock.advance(15)
        ...     print(host.health_checks.health("origin", backend))
        Health.HEALTHY
        Health.UNHEALTHY

    Args:
        clock: The clock for intervals.
        log: Called with a line for each check whose outcome differs from the one before.
        run: Whether to run checks. Otherwise, a backend's health is the configured one.
    """

    def __init__(self, clock: Clock, log: Callable[[str], None], *, run: bool = True) -> None:
        self._clock = clock
        self._log = log
        self._run = run
        self._origins = HTTPTransport()
        self._changed = threading.Condition()
        self._round = threading.Lock()
        self._checked: dict[tuple[str, BackendConfig], _Checked] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def watch(self, name: str, backend: BackendConfig) -> None:
        """Start checking a backend, if it has a health check.

        Args:
            name: The backend's name.
            backend: The backend's configuration.
        """
        self.health(name, backend)

    def health(self, name: str, backend: BackendConfig) -> Health:
        """Return a backend's health: as configured, or else as determined by the latest checks.

        Args:
            name: The backend's name.
            backend: The backend's configuration.
        """
        check = backend.health_check
        if not self._run or check is None or backend.health is not Health.UNKNOWN:
            return backend.health
        with self._changed:
            checked = self._checked.pop((name, backend), None) or self._begin(name, backend, check)
            # Keep the dictionary in the order of queries.
            self._checked[name, backend] = checked
            return checked.health

    def run_due(self) -> None:
        """Run the checks that are due, and wait for them and for those in progress.

        A backend is checked once, however many intervals have passed.
        """
        with self._round:
            for checked in self._take_due():
                try:
                    problem = probe(self._origins, checked.backend, checked.check)
                except RuntimeError:
                    if self._closed:
                        return
                    raise
                if self._closed:
                    return
                self._note(checked, problem)

    def close(self) -> None:
        """Stop checking, and cancel the check in progress.

        Resolving a name cannot be cancelled: its thread ends when the system responds.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        self._origins.close()
        if thread is not None:
            thread.join(_PATIENCE)

    def _begin(self, name: str, backend: BackendConfig, check: HealthCheckConfig) -> _Checked:
        if len(self._checked) == _MOST:
            del self._checked[next(iter(self._checked))]
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._keep_on, name="fastly-compute-health")
            self._thread.daemon = True
            self._thread.start()
        self._changed.notify_all()
        good = deque([True] * check.initial, maxlen=check.window)
        return _Checked(name, backend, check, self._clock.now(), good)

    def _keep_on(self) -> None:
        while self._wait():
            self.run_due()

    def _wait(self) -> bool:
        """Wait until a check is due; False means to stop."""
        with self._changed:
            while not self._closed:
                due = min((checked.due for checked in self._checked.values()), default=None)
                left = None if due is None else due - self._clock.now()
                if left is not None and left <= 0:
                    return True
                self._changed.wait(left)
            return False

    def _take_due(self) -> list[_Checked]:
        now = self._clock.now()
        with self._changed:
            due = [checked for checked in self._checked.values() if checked.due <= now]
            for checked in due:
                checked.begin(now)
        return due

    def _note(self, checked: _Checked, problem: str | None) -> None:
        with self._changed:
            before = checked.health, checked.problem
            checked.note(problem)
            after = checked.health, problem
        if after != before:
            outcome = "passed" if problem is None else f"failed: {problem}"
            self._log(f"backend {checked.name!r} is {after[0].value}: its health check {outcome}")
