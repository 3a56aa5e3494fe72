"""A pytest plugin: urllib3's own tests with a host below urllib3, and their outcomes as JSON."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastly_compute.local import Host
from fastly_compute.urllib3 import extract_from_urllib3, inject_into_urllib3

_outcomes: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _host() -> Iterator[None]:
    if os.environ["BELOW"] == "sockets":
        yield
        return
    with Host() as host, host.guest_context():
        inject_into_urllib3()
        yield
        extract_from_urllib3()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a test, which is the worst of its phases."""
    if report.when == "call" or not report.passed:
        before = _outcomes.get(report.nodeid)
        _outcomes[report.nodeid] = "failed" if before == "failed" else report.outcome


def pytest_sessionfinish() -> None:
    """Write the outcomes."""
    Path(os.environ["OUTCOMES"]).write_text(json.dumps(_outcomes), encoding="utf-8")
