"""An app that the real command serves in a separate process."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_READY = "Serving "
# The build of a component and its compilation, on a busy machine.
_PATIENCE = 300.0
_LEAVE = 10.0


class NotServed(Exception):
    """The app is not being served; the message has what the command said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The app to serve, and the host to serve it on.

    Attributes:
        host: ``native``, ``wasm`` or ``viceroy``.
        folder: The app's folder.
        entry: The module that has `HttpIncoming`; None is what the app's settings say.
        config: A file with a ``[local_server]``; None is the app's fastly.toml.
        strict: Whether the native host refuses what no sandbox can do, instead of warning.
    """

    host: str
    folder: Path
    entry: str | None = None
    config: Path | None = None
    strict: bool = False

    def command(self) -> list[str]:
        """The command that serves it, on a free port."""
        command = [sys.executable, "-m", "fastly_compute.cli", "serve", "--runtime", self.host]
        command += ["--addr", "127.0.0.1:0"]
        if self.entry is not None:
            command += ["--entry", self.entry]
        if self.config is not None:
            command += ["--config", str(self.config)]
        if self.strict and self.host == "native":
            command.append("--strict")
        return command


class ComputeServer:
    """An app that is being served: built if need be, and reached over HTTP.

    The fixture ``compute_server`` gives it to a test.

    Attributes:
        host: What the app runs on: ``native``, ``wasm`` or ``viceroy``.
        url: Where it is, such as ``http://127.0.0.1:40123``, without a slash at the end.

    Raises:
        NotServed: It cannot be built or served, or takes longer than five minutes.

    Example:
        >>> import requests
        >>> def test_the_front_page(compute_server):
        ...     assert requests.get(compute_server.url + "/").status_code == 200
    """

    def __init__(self, served: Served) -> None:
        self.host = served.host
        self.url = ""
        self._lines: list[str] = []
        self._over = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            served.command(),
            cwd=served.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._follow, name="fastly-compute-server-log")
        self._reader.start()
        try:
            ready = self.wait_for_log(_READY, timeout=_PATIENCE)
        except BaseException as error:
            self.stop()
            if isinstance(error, AssertionError):
                said = "\n".join(self._lines)
                raise NotServed(
                    f"the app is not served on the host {served.host}:\n{said}"
                ) from None
            raise
        self.url = "http://" + ready.partition("http://")[2].split()[0].rstrip("/")

    @property
    def logs(self) -> list[str]:
        """The lines that the host and the app have said so far."""
        return list(self._lines)

    def wait_for_log(self, text: str, *, timeout: float = 10) -> str:
        """Wait for a line of the log, which may come later than the answer that it is about.

        Args:
            text: What is in the line.
            timeout: How many seconds to wait for it.

        Returns:
            The first such line.

        Raises:
            AssertionError: No such line was written; the message contains all lines.
        """

        def found() -> str | None:
            return next((line for line in self._lines if text in line), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._over, timeout)
            line = found()
            if line is None:
                said = "\n".join(self._lines)
                raise AssertionError(f"no line of the log has {text!r} in it:\n{said}")
            return line

    def settle(self) -> None:
        """Wait until nothing more is said for a tenth of a second, or for a second."""
        until = time.monotonic() + 1
        with self._changed:
            while time.monotonic() < until and self._changed.wait(0.1):
                pass

    def stop(self) -> None:
        """End the process, and wait for its end."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(_LEAVE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _follow(self) -> None:
        output = self._process.stdout
        if output is None:
            raise TypeError("the process was started without a pipe")
        with output:
            for line in output:
                with self._changed:
                    self._lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()
