"""The apps that are served in a run, each started when it is first wanted."""

from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from fastly_compute.testing.served import ComputeServer, NotServed, Served


class ComputeServers:
    """Serves the app of a run on each host that a test wants, once.

    Args:
        folder: The app's folder.
        entry: Its entry module, empty for what its settings say.
        config: The file that configures the hosts, empty for its fastly.toml.
        strict: Whether the native host refuses what no sandbox can do, instead of warning.
    """

    def __init__(self, folder: Path, *, entry: str, config: str, strict: bool) -> None:
        self._folder = folder
        self._entry = entry or None
        self._config = folder / config if config else None
        self._strict = strict
        self._started: dict[str, ComputeServer | str] = {}

    def get(self, host: str) -> ComputeServer:
        """Return the server on a host; the test fails if that host is not available."""
        if host not in self._started:
            self._started[host] = self._start(host)
        server = self._started[host]
        if isinstance(server, str):
            pytest.fail(server, pytrace=False)
        return server

    def _start(self, host: str) -> ComputeServer | str:
        served = Served(
            host=host,
            folder=self._folder,
            entry=self._entry,
            config=self._config,
            strict=self._strict,
        )
        try:
            return ComputeServer(served)
        except NotServed as error:
            # Not tried again for each test: it takes long and ends the same.
            return str(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for server in self._started.values():
            if isinstance(server, ComputeServer):
                server.stop()
