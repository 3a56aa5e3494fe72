"""A host, and guest code in this thread or in others."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from fastly_compute.local import Host


@pytest.fixture
def lines() -> list[str]:
    """The output of the host."""
    return []


@pytest.fixture
def host(lines: list[str]) -> Iterator[Host]:
    """A host that runs the code of the test as its guest."""
    with Host(output=lines.append) as host, host.guest_context():
        yield host


@pytest.fixture
def guest(host: Host) -> Iterator[Callable[..., "Future[object]"]]:
    """Runs a function as a separate guest, on another thread."""
    with ThreadPoolExecutor(64) as pool:

        def run(function: Callable[..., object], *args: object) -> object:
            with host.guest_context():
                return function(*args)

        yield lambda function, *args: pool.submit(run, function, *args)
