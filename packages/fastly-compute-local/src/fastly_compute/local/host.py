"""The host: one configuration, its origins and its output, shared by all the sandboxes in it."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from fastly_compute.local.config import BackendConfig, LocalServer
from fastly_compute.local.downstream import Answer, Downstream, Incoming, Tracked
from fastly_compute.local.origin import OriginRequest, OriginResponse, Origins, WayOut
from fastly_compute.local.sandbox import Sandbox
from fastly_compute.local.state import KvData, PenaltyBoxes, RateCounters


class GuestFailed(Exception):
    """The guest did not end well: it raised, trapped, or returned an error.

    Its text is what the client of a development server gets to see.
    """


class App(Protocol):
    """A guest that can be run, natively or as wasm."""

    def run(self, sandbox: Sandbox) -> None:
        """Serve the sandbox's request. Raises `GuestFailed`."""


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the host's output, unless one is given


class Host:
    """Runs guests as Fastly Compute would, with the backends and stores of a configuration.

    Example:
        >>> from fastly_compute.local import Host, LocalServer
        >>> with Host(LocalServer()) as host, host.native() as sandbox:
        ...     print(len(sandbox.id))
        32

    Args:
        config: Backends and stores, by default none.
        output: Takes each line that the host and its guests have to say; by default it goes to
            the standard error.
        way_out: Takes the requests to backends; by default they really go out.
        on_log: Takes each message to a log endpoint, with the endpoint's name, whole and before
            it is shown.

    Attributes:
        config: What it was given; a sandbox sees a change with its next call.
        kv: The data of the KV stores, which guests change.
        rates: The counts of edge rate limiting.
        penalties: The penalty boxes of edge rate limiting.
    """

    def __init__(
        self,
        config: LocalServer | None = None,
        *,
        output: Callable[[str], None] = _print,
        way_out: WayOut | None = None,
        on_log: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.config = config or LocalServer()
        self.origins = Origins()
        self.kv = KvData(self.config.kv_stores)
        self.rates = RateCounters()
        self.penalties = PenaltyBoxes()
        self._output = output
        self._way_out = way_out
        self._on_log = on_log

    def log(self, line: str) -> None:
        """Say something about what happens in the host."""
        self._output(line)

    def write_log(self, endpoint: str, message: bytes) -> None:
        """Show what a guest wrote to a log endpoint."""
        if self._on_log is not None:
            self._on_log(endpoint, message)
        text = message.decode(errors="replace").removesuffix("\n")
        if text:
            self._output(f"{endpoint} :: " + text.replace("\n", "\\n"))

    def send(self, name: str, config: BackendConfig, request: OriginRequest) -> OriginResponse:
        """Send a request to a backend, the way that this host has for it.

        Args:
            name: The backend's name.
            config: What the backend is.
            request: What to send.

        Raises:
            SendFailure: There is no response.
        """
        if self._way_out is not None:
            return self._way_out.send(name, config, request)
        return self.origins.send(config, request)

    def native(self, incoming: Incoming | None = None) -> AbstractContextManager[Sandbox]:
        """Make a sandbox in which this thread's code is the guest, as a test wants it.

        Args:
            incoming: The client's request, by default a GET of ``/``.

        Returns:
            A context manager that enters the sandbox.
        """
        way_out = Tracked(Answer())
        return Sandbox(host=self, incoming=incoming or Incoming(), downstream=way_out).active()

    def handle(self, app: App, incoming: Incoming, downstream: Downstream) -> None:
        """Have a guest serve one request.

        Args:
            app: The guest.
            incoming: The request.
            downstream: Where the answer goes. It is always ended: with what the guest sent; with
                an empty 200 where it sent nothing, as the platform does; with a 500 where it
                failed; or aborted where it failed half-way.
        """
        way_out = Tracked(downstream)
        sandbox = Sandbox(host=self, incoming=incoming, downstream=way_out)
        failure: GuestFailed | None = None
        with sandbox.active():
            try:
                app.run(sandbox)
            except GuestFailed as failed:
                failure = failed
                self.log(f"the guest failed: {failed}")
        if way_out.started:
            way_out.abort()
        elif failure is None:
            way_out.start(200, [("content-length", b"0")], 0)
            way_out.finish(())
        else:
            text = f"{failure}\n".encode()
            kind = ("content-type", b"text/plain; charset=utf-8")
            way_out.start(500, [kind, ("content-length", str(len(text)).encode())], len(text))
            way_out.write(text)
            way_out.finish(())

    def request(self, app: App, incoming: Incoming | None = None) -> Answer:
        """Have a guest serve one request, and keep its answer.

        Args:
            app: The guest.
            incoming: The request, by default a GET of ``/``.
        """
        answer = Answer()
        self.handle(app, incoming or Incoming(), answer)
        return answer

    def close(self) -> None:
        """Close the connections to the origins."""
        self.origins.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
