"""How long an app takes for each of several requests."""

import time
from collections.abc import Callable
from datetime import timedelta

from fastly_compute.local import Host, Incoming, RecordedResponse, Sandbox
from fastly_compute.local.extending import App
from fastly_compute.testing.layers import Layers


class _Stopwatch:
    """An app that takes the time of each request that it is given.

    Attributes:
        times: Those of the requests so far, in order.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._begun = 0.0
        self.times: list[timedelta] = []

    def run(self, sandbox: Sandbox) -> None:
        """Serve a sandbox's requests."""
        self._begin()
        try:
            self._app.run(sandbox)
        finally:
            self._end()

    def __call__(
        self, label: str, function: Callable[..., object], args: tuple[object, ...]
    ) -> object:
        """Take one call of a guest; this is a `Host.interpose`."""
        if label != "http-downstream.await_request":
            return function(*args)
        self._end()
        following = function(*args)
        if following is not None:
            self._begin()
        return following

    def _begin(self) -> None:
        self._begun = time.perf_counter()

    def _end(self) -> None:
        if self._begun:
            self.times.append(timedelta(seconds=time.perf_counter() - self._begun))
        self._begun = 0.0


def timed_requests(
    host: Host, app: App, incomings: list[Incoming]
) -> list[tuple[RecordedResponse, timedelta]]:
    """Have an app serve requests one after the other, as `Host.requests` does, and time it.

    Args:
        host: Where the app runs.
        app: The app.
        incomings: The requests.
    """
    watch = _Stopwatch(app)
    before = host.interpose
    host.interpose = Layers(watch, *([] if before is None else [before]))
    try:
        answers = host.requests(watch, incomings)
    finally:
        host.interpose = before
    return list(zip(answers, watch.times, strict=True))
