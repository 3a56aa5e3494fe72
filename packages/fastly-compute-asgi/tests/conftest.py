"""Fixtures: apps on the native host."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.local import Host

Ask = Callable[..., Any]


@pytest.fixture
def lines() -> list[str]:
    """The host's log so far."""
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    with Host(output=lines.append) as host:
        yield host


@pytest.fixture
def ask(host: Host, lines: list[str], ask_service: Ask) -> Ask:
    def ask(app: object, *, options: dict[str, object] | None = None, **incoming: object) -> Any:
        """Send a request to an app."""
        service = AsgiHttpIncoming(app, **({"lifespan": "off"} if options is None else options))
        return ask_service(host, lines, service, **incoming)

    return ask
