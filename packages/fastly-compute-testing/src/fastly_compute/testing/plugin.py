"""The pytest plugin: its fixtures, and the failure of a test whose requests had no reply.

Loaded in every pytest run, so that a host is imported only where a fixture makes one.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastly_compute.testing.client import ComputeClient
    from fastly_compute.testing.host import ComputeHost

_HOST = pytest.StashKey["ComputeHost"]()


@pytest.fixture
def compute_host(request: pytest.FixtureRequest) -> "Iterator[ComputeHost]":
    """A fresh host, without a network, that the code of the test runs in as a guest."""
    from fastly_compute.testing.host import ComputeHost

    with ComputeHost() as host:
        request.node.stash[_HOST] = host
        yield host
    host.check()


@pytest.fixture
def compute_app() -> object:
    """The app under test, for you to override: what its entry module calls ``HttpIncoming``."""
    pytest.fail(
        "compute_client needs the app under test: define a fixture named compute_app, in this "
        "file or in conftest.py, that returns what the app's module calls HttpIncoming",
        pytrace=False,
    )


@pytest.fixture
def compute_client(compute_host: "ComputeHost", compute_app: object) -> "ComputeClient":
    """A client of the app under test, which it runs in this process."""
    from fastly_compute.local import NativeApp
    from fastly_compute.testing.client import ComputeClient

    return ComputeClient(compute_host.host, NativeApp(compute_app))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test at its end, rather than its teardown, and show what its host had to say."""
    problems: list[str] = []
    passed = False
    try:
        yield
        passed = True
    finally:
        host = item.stash.get(_HOST, None)
        if host is not None:
            problems = host.take_problems()
            if host.output:
                item.add_report_section("call", "compute_host output", "\n".join(host.output))
            if problems and not passed:
                item.add_report_section("call", "compute_host problems", "\n\n".join(problems))
    if problems:
        pytest.fail("\n\n".join(problems), pytrace=False)
