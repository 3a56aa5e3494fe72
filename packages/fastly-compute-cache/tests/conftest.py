"""A host, and guest code in this thread or in others."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from fastly_compute.local import Host


@pytest.fixture
def lines() -> list[str]:
    """What the host said."""
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    """A host, whose guest is the code of the test."""
    with Host(output=lines.append) as host, host.native():
        yield host


@pytest.fixture
def guest(host: Host) -> Iterator[Callable[..., "Future[object]"]]:
    """Runs a function as a guest of its own, on another thread."""
    with ThreadPoolExecutor(64) as pool:

        def run(function: Callable[..., object], *args: object) -> object:
            with host.native():
                return function(*args)

        yield lambda function, *args: pool.submit(run, function, *args)
