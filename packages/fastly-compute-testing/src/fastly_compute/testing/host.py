"""The host of one test."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from fastly_compute.local import BackendConfig, Host
from fastly_compute.testing.backend import FakeBackend
from fastly_compute.testing.call import Call
from fastly_compute.testing.network import Network
from fastly_compute.testing.stores import Stores

# A name that no resolver knows (RFC 6761, section 6.4).
_NOWHERE = BackendConfig(url="http://backend.invalid")


class ComputeHost:
    """A host without a network, which records what its guests do.

    The fixture ``compute_host`` gives every test one of its own. While it is open as a context
    manager, code of this thread is its guest.

    Attributes:
        host: The host itself, to run other apps on.
        secrets: The secret stores: ``secrets["vault"]["token"] = b"..."``.
        config_stores: The config stores: ``config_stores["settings"]["greeting"] = "hello"``.
        logs: The messages to each log endpoint, as text; an endpoint without any has an empty list.
        output: The lines that the host had to say.

    Example:
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     compute_host.secrets["vault"]["token"] = b"s3cret"
        ...     compute_host.backend("origin").get("/users", json=[])
        ...     compute_host.check()
    """

    def __init__(self) -> None:
        self._network = Network()
        self.logs: defaultdict[str, list[str]] = defaultdict(list)
        self.output: list[str] = []
        self.host = Host(output=self.output.append, way_out=self._network, on_log=self._logged)
        self.secrets = Stores(bytes, self._set_secrets)
        self.config_stores = Stores(str, self._set_config_stores)
        self._active = self.host.native()

    @property
    def calls(self) -> list[Call]:
        """Every request to a backend, in order, also those that had no reply."""
        return self._network.calls

    def backend(self, name: str, config: BackendConfig | None = None) -> FakeBackend:
        """Declare a static backend, or return the one declared before.

        Args:
            name: Its name.
            config: What the guest finds out about it; by default ``http://backend.invalid`` and
                the platform's defaults. Given again, it takes the place of what was there.

        Returns:
            What it replies.

        Raises:
            ValueError: The name is empty.
        """
        known = self.host.config.backends
        if config is not None or name not in known:
            backends = {**known, name: config or _NOWHERE}
            self.host.config = replace(self.host.config, backends=backends)
        return self._network.backend(name)

    def target(self, target: str) -> FakeBackend:
        """Declare what the dynamic backends of a target reply, whatever their names.

        Args:
            target: Host and port, such as ``api.example.com:8443``. Without a port, 443 for
                backends with TLS and 80 for others.

        Returns:
            What they reply.

        Raises:
            ValueError: It is no host with or without a port.
        """
        return self._network.target(target)

    def take_problems(self) -> list[str]:
        """Return what the test has to fail for, and forget it."""
        problems = list(self._network.problems)
        self._network.problems.clear()
        return problems

    def check(self) -> None:
        """Make sure that every request had a reply; the fixture does so at the test's end.

        Raises:
            AssertionError: A request had none, or a callback raised. What was registered, and why
                it did not fit, is in its text.
        """
        problems = self.take_problems()
        if problems:
            raise AssertionError("\n\n".join(problems))

    def _logged(self, endpoint: str, message: bytes) -> None:
        self.logs[endpoint].append(message.decode(errors="backslashreplace"))

    def _set_secrets(self, stores: Mapping[str, Mapping[str, bytes]]) -> None:
        self.host.config = replace(self.host.config, secret_stores=stores)

    def _set_config_stores(self, stores: Mapping[str, Mapping[str, str]]) -> None:
        self.host.config = replace(self.host.config, config_stores=stores)

    def __enter__(self) -> Self:
        self._active.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._active.__exit__(exc_type, exc_value, traceback)
        self._network.close()
        self.host.close()
