"""Runs a scenario once for each host call that it makes, with that call failing."""

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from fastly_compute.local import GuestFailed, NativeApp, Sandbox, WasmApp
from fastly_compute.local.extending import Err, Resource, current
from fastly_compute.testing.client import ComputeClient
from fastly_compute.testing.client_response import ClientResponse
from fastly_compute.testing.durations import Duration, timedelta_of
from fastly_compute.testing.functions import every_error, labelled
from fastly_compute.testing.host import ComputeHost
from fastly_compute.testing.layers import Layers

Scenario: TypeAlias = Callable[[ComputeHost, ComputeClient], object]
"""Sets a fresh host up and sends the app its requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectedFault:
    """One host call that failed, and what came of it.

    Attributes:
        number: Which of the scenario's host calls, counted from 1; 0 stands for none.
        name: What was called, as the WIT names it: ``http-req.send``.
        error: What it failed with: ``generic-error``.
        answers: What the client got, such as ``502``.
        problem: Why this was not handled, or None if it was.

    Example:
        >>> from fastly_compute.testing import InjectedFault
        >>> print(
        ...     InjectedFault(number=7, name="http-req.send", error="generic-error", answers="502")
        ... )
           7  http-req.send (generic-error): 502
    """

    number: int
    name: str
    error: str
    answers: str
    problem: str | None = None

    def __str__(self) -> str:
        what = f"{self.number:4}  {self.name} ({self.error}): {self.answers or 'no answer'}"
        return what if self.problem is None else f"{what}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultReport:
    """The result of `inject_faults`; as text, a line for each call.

    Attributes:
        calls: The calls that failed, in the order of the scenario; one that can fail with several
            of the errors asked for is there with each.
        infallible: How many of the scenario's calls cannot fail.

    Example:
        >>> from fastly_compute.http import Response, service
        >>> from fastly_compute.testing import inject_faults
        >>> HttpIncoming = service(lambda request: Response.text("hello"))
        >>> swept = inject_faults(HttpIncoming, lambda compute_host, client: client.get("/"))
        >>> print(swept.calls[0])
           1  http-req.request.get-method (generic-error): 500
        >>> swept.problems
        []
    """

    calls: Sequence[InjectedFault]
    infallible: int

    @property
    def problems(self) -> list[InjectedFault]:
        """The calls whose failure came to no good end."""
        return [call for call in self.calls if call.problem is not None]

    def __str__(self) -> str:
        return "\n".join(str(call) for call in self.calls)


class _Watch:
    """Looks on at the app under test, and lets one of its host calls fail."""

    def __init__(self, app: NativeApp | WasmApp, failing: int, error: object) -> None:
        self._app = app
        self._failing = failing
        self._error = error
        self._sandbox: Sandbox | None = None
        self._thread = 0
        self._handed_out: list[weakref.ref[Resource]] = []
        self.labels: list[str] = []
        self.begun = False
        self.problems: list[str] = []

    def run(self, sandbox: Sandbox) -> None:
        """Run the app; this makes it an app."""
        self._sandbox, self._thread = sandbox, threading.get_ident()
        try:
            self._app.run(sandbox)
            if not sandbox.exchange.started:
                self.problems.append("the app ended without an answer, an empty 200 for the client")
        except GuestFailed as failed:
            # An error that `handle` returns is the platform's own way to a 500.
            if failed.__cause__ is not None and not isinstance(failed.__cause__, Err):
                self.problems.append(str(failed))
            raise
        finally:
            self._sandbox = None

    def __call__(
        self, label: str, function: Callable[..., object], args: tuple[object, ...]
    ) -> object:
        """Take one call of a guest; this is a `Host.interpose`."""
        sandbox = self._sandbox
        guest = current() is sandbox and threading.get_ident() == self._thread
        if sandbox is None or not guest:
            return function(*args)
        self.labels.append(label)
        if len(self.labels) == self._failing:
            self.begun = sandbox.exchange.started
            raise Err(self._error)
        result = function(*args)
        made = args[0] if label.endswith(".__init__") else result
        self._handed_out += [weakref.ref(resource) for resource in _resources(made)]
        return result

    def leaked(self) -> list[str]:
        """Name the resources that were not released."""
        if self._held():
            _forget_logged()
            gc.collect()
        return [type(resource).__name__.lower() for resource in self._held()]

    def _held(self) -> list[Resource]:
        held = [handed_out() for handed_out in self._handed_out]
        return [resource for resource in held if resource is not None and not resource.gone]


def inject_faults(
    app: object,
    scenario: Scenario,
    *,
    errors: Collection[str] = ("generic-error",),
    time_limit: Duration = 10,
) -> FaultReport:
    """Let each host call of a scenario fail once, and make sure that the app comes to a good end.

    The scenario runs undisturbed, twice, so that whatever an app does once is done. Then it runs
    once for each host call that the app made in it, which fails instead of doing anything, always
    on a fresh host. A good end is

    - an answer that is complete, which may be a 500. One that had begun when the call failed may
      end early: that is how its client learns of it;
    - no trap, and no exception that comes out of the app's ``handle``;
    - an end within the time limit;
    - no handle left: whatever the host handed out was closed, given away or forgotten. Only an app
      that runs natively can be checked for that.

    Calls that cannot fail are left out.

    Args:
        app: What the app's module calls ``HttpIncoming``; or an app that is loaded already, as
            `fastly_compute.local.WasmApp` of a component is.
        scenario: Is given a fresh `ComputeHost` and `ComputeClient` each time: it sets replies and
            stores up and sends requests. It has to do the same each time. What it asserts must
            hold whichever call fails.
        errors: What the calls fail with: each of these that a call can fail with, or, if it can
            fail with none, the first of those that it can.
        time_limit: How long the app may take for a request, by default 10 seconds.

    Returns:
        What came of it.

    Raises:
        AssertionError: Some end is not good; its text lists the calls.
        ValueError: The scenario makes no host call, or no function fails with one of the errors.

    Example:
        >>> from fastly_compute.testing import inject_faults
        >>> def scenario(compute_host, compute_client):
        ...     compute_host.backend("origin").get("/", text="hello")
        ...     compute_client.get("/")
        >>> def test_the_app_survives(compute_app):
        ...     inject_faults(compute_app, scenario)
    """
    unknown = sorted(set(errors) - every_error())
    if unknown:
        raise ValueError(f"errors: no function fails with {', '.join(unknown)}")
    runs = _Runs(app, scenario, timedelta_of(time_limit, field="time_limit"))
    runs.attempt()
    undisturbed = runs.attempt()
    labels = undisturbed.labels
    if not labels:
        raise ValueError("the scenario makes no host call: it must send the app a request")
    if undisturbed.problems:
        problems = "; ".join(undisturbed.problems)
        raise AssertionError(f"without any failure ({undisturbed.shown}): {problems}")
    calls: list[InjectedFault] = []
    for number, label in enumerate(labels, 1):
        function = labelled(label)
        for error in _chosen(function.errors, errors):
            attempt = runs.failing(labels[:number], function.errors[error])
            calls.append(
                InjectedFault(
                    number=number,
                    name=function.name,
                    error=error,
                    answers=attempt.shown,
                    problem="; ".join(attempt.problems) or None,
                )
            )
    swept = FaultReport(
        calls=tuple(calls),
        infallible=len([label for label in labels if not labelled(label).errors]),
    )
    if swept.problems:
        bad = "\n".join(str(call) for call in swept.problems)
        raise AssertionError(
            f"{len(swept.problems)} of {len(calls)} failing host calls come to no good end:\n{bad}"
        )
    return swept


@dataclass(slots=True)
class _Attempt:
    """What came of one run of a scenario."""

    labels: list[str]
    answers: list[ClientResponse]
    problems: list[str]

    @property
    def shown(self) -> str:
        return ", ".join(
            f"{answer.status}" if answer.complete else f"{answer.status} that was cut off"
            for answer in self.answers
        )


class _Runs:
    """Runs a scenario, on a fresh host each time."""

    def __init__(self, app: object, scenario: Scenario, limit: timedelta) -> None:
        self._app = app if isinstance(app, NativeApp | WasmApp) else NativeApp(app)
        self._scenario = scenario
        self._limit = limit

    def failing(self, labels: list[str], error: object) -> _Attempt:
        """Run it with the last of these calls failing."""
        for _ in range(2):
            try:
                attempt = self.attempt(len(labels), error)
            except Exception as failed:
                why = f"the scenario raised {type(failed).__name__}: {failed}"
                return _Attempt([], [], [why])
            if attempt.labels[: len(labels)] == labels:
                return attempt
            # State that an app keeps between requests may have ended with the call before.
            self.attempt()
        attempt.problems.append("the app made other calls before; the scenario must be repeatable")
        return attempt

    def attempt(self, failing: int = 0, error: object = None) -> _Attempt:
        """Run it, with the call of that number failing, if there is one."""
        watch = _Watch(self._app, failing, error)
        with ComputeHost() as compute_host:
            host = compute_host.host
            host.time_limit = self._limit.total_seconds()
            host.interpose = Layers(watch, *filter(None, [host.interpose]))
            client = ComputeClient(host, watch)
            self._scenario(compute_host, client)
        problems = [*watch.problems, *compute_host.take_problems()]
        if not failing:
            problems += compute_host.take_unused()
        if not watch.begun and not all(answer.complete for answer in client.answers):
            problems.append("the response was cut off")
        leaked = watch.leaked()
        if leaked:
            problems.append(f"left open: {', '.join(leaked)}")
        return _Attempt(watch.labels, client.answers, problems)


def _forget_logged() -> None:
    """Let go of the exceptions that the app has logged: pytest keeps the records."""
    for handler in logging.getLogger().handlers:
        for record in getattr(handler, "records", ()):
            record.exc_info = None


def _chosen(known: Collection[str], asked: Collection[str]) -> list[str]:
    return [error for error in asked if error in known] or list(known)[:1]


def _resources(value: object) -> Iterator[Resource]:
    if isinstance(value, Resource):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _resources(item)
