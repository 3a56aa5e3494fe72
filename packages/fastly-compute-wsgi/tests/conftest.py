"""Fixtures: apps under `wsgiref.validate`."""

from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.types import WSGIApplication
from wsgiref.validate import validator

import pytest

from fastly_compute.local import Host
from fastly_compute.wsgi import WsgiHttpIncoming

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
    def ask(app: WSGIApplication, *, valid: bool = True, **incoming: object) -> Any:
        """Send a request to an app, which is validated unless *valid* is false."""
        service = WsgiHttpIncoming(validator(app) if valid else app)
        return ask_service(host, lines, service, **incoming)

    return ask
