"""Whether backends are healthy, by the checks that they ask for."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from fastly_compute.local.clock import Clock
from fastly_compute.local.config import BackendConfig, Health, HealthCheckConfig
from fastly_compute.local.transport import HTTPTransport, probe

_MOST = 100
"""How many backends are checked at once."""

_PATIENCE = 1.0
"""How many seconds a check under way may take to end."""


@dataclass(eq=False, slots=True)
class _Checked:
    name: str
    backend: BackendConfig
    check: HealthCheckConfig
    due: float
    good: deque[bool]
    problem: str | None = None

    @property
    def health(self) -> Health:
        enough = sum(self.good) >= self.check.threshold
        return Health.HEALTHY if enough else Health.UNHEALTHY


class HealthChecks:
    """Checks the backends that ask for it, and knows how they are.

    A backend is its name and its configuration, as on the platform: a sandbox that registers what
    another one registered finds what is known of it. Checks begin with the first registration and
    go on, without sandboxes too. No more than 100 backends are checked; the one that was not asked
    about for the longest time gives way.

    One thread, which starts with the first check, does them one after the other: one that has to
    wait for a slow backend is late. Intervals go by the host's clock. Where that was moved,
    `run_due` does at once what has become due.

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
        clock: What intervals go by.
        log: Takes a line for each check that goes otherwise than the one before.
        run: Whether checks are run at all. Where not, a backend's health is the configured one.
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
        """Check a backend from now on, if it asks for that.

        Args:
            name: Its name.
            backend: What it is.
        """
        self.health(name, backend)

    def health(self, name: str, backend: BackendConfig) -> Health:
        """Tell how a backend is: as configured, else as the latest checks found it.

        Args:
            name: Its name.
            backend: What it is.
        """
        check = backend.health_check
        if not self._run or check is None or backend.health is not Health.UNKNOWN:
            return backend.health
        with self._changed:
            checked = self._checked.pop((name, backend), None) or self._begin(name, backend, check)
            # The dictionary is in the order in which backends were asked about.
            self._checked[name, backend] = checked
            return checked.health

    def run_due(self) -> None:
        """Do the checks whose time has come, and wait for them and for those under way.

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
        """Check no more, and break off the check under way.

        A name that is being resolved cannot be broken off: its thread ends when the system answers.
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
        """Wait until a check is due; false is the end."""
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
                checked.due = now + checked.check.interval_ms / 1000
        return due

    def _note(self, checked: _Checked, problem: str | None) -> None:
        with self._changed:
            before = checked.health, checked.problem
            checked.good.append(problem is None)
            checked.problem = problem
            after = checked.health, problem
        if after != before:
            outcome = "passed" if problem is None else f"failed: {problem}"
            self._log(f"backend {checked.name!r} is {after[0].value}: its health check {outcome}")
