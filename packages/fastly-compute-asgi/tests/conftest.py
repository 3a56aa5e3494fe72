"""Fixtures: apps on the native host."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.local import Host, Incoming, NativeApp, RecordedResponse


@dataclass
class Asked:
    """A response, with the host's log and the host calls on the way."""

    answer: RecordedResponse
    lines: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def body(self) -> bytes:
        return bytes(self.answer.body)

    @property
    def complete(self) -> bool:
        return self.answer.complete

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def headers(self, name: str) -> list[str]:
        found = [value for key, value in self.answer.headers if key.lower() == name.lower()]
        return [value.decode("latin-1") for value in found]


Ask = Callable[..., Asked]


@pytest.fixture
def lines() -> list[str]:
    """The host's log so far."""
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    with Host(output=lines.append) as host:
        yield host


@pytest.fixture
def ask(host: Host, lines: list[str], capsys: pytest.CaptureFixture[str]) -> Ask:
    def ask(app: object, *, options: dict[str, object] | None = None, **incoming: object) -> Asked:
        """Send a request to an app."""
        calls: list[str] = []

        def counted(name, function, arguments):
            calls.append(name)
            return function(*arguments)

        service = AsgiHttpIncoming(app, **({"lifespan": "off"} if options is None else options))
        host.interpose = counted
        answer = host.request(NativeApp(service), Incoming(**incoming))
        host.interpose = None
        said = capsys.readouterr()
        return Asked(answer, [*lines, *said.err.splitlines()], calls)

    return ask
