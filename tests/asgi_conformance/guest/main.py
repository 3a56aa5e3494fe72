"""Tests in a component: pytest collects them in the build, and a request makes a sandbox run one.

A test runs as it is, but each request that it sends goes over a socket to this sandbox: see wire.
"""

import os
from asyncio import events
from pathlib import Path

import anyio.from_thread
import disk
import portal
import tests
from _pytest.config import _prepareconfig
from _pytest.main import Session
from _pytest.python import Package
from _pytest.runner import runtestprotocol
from starlette import testclient
from wire import Wire, call

from fastly_compute.http import Response, service
from fastly_compute.http.event_loop import EventLoop

FOLDER = Path(tests.__file__).parent


def collect():
    """Return the tests by their names; fail if a module of them cannot be imported."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-p", "anyio.pytest_plugin", "--assert=plain", "-s"]
    for plugin in ("cacheprovider", "faulthandler", "logging", "terminal"):
        options += ["-p", f"no:{plugin}"]
    if disk.files is not None:
        options += ["-p", "no:tmpdir", "-p", "no:legacypath", "-p", "disk"]
    config = _prepareconfig([*options, "--rootdir", str(FOLDER.parent), str(FOLDER)])
    config._do_configure()
    session = Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    config.hook.pytest_collection(session=session)
    if session.testsfailed:
        raise RuntimeError(f"{session.testsfailed} modules of tests cannot be imported")
    return {item.nodeid: item for item in session.items}


ITEMS = collect()
# A sandbox has no threads and no sockets, which the event loop of a test would need.
anyio.from_thread.start_blocking_portal = portal.start_portal
events.new_event_loop = EventLoop
# It would import the package's file again, and a sandbox has no files.
Package.setup = lambda package: None
starting = []


@service
def start(request):
    """Take the name of the test to run; it runs when this has responded."""
    starting.append(request.json())
    return Response(204)


def run(name, known):
    """Run a test, and report its outcome."""
    disk.install()
    wire = Wire(known)
    testclient._TestClientTransport.handle_request = lambda *sent: wire.carry(*sent)
    reports = runtestprotocol(ITEMS[name], log=False, nextitem=None)
    outcomes = [report.outcome for report in reports]
    outcome = next((bad for bad in ("failed", "skipped") if bad in outcomes), "passed")
    reasons = [str(report.longrepr) for report in reports if report.outcome == outcome != "passed"]
    if wire.exhausted:
        outcome = "exhausted"
    call("outcome", {"outcome": outcome, "reason": "\n".join(reasons)})


class HttpIncoming:
    """The service."""

    def handle(self, request, body):
        """Start a test; further requests to this sandbox are those that it sends."""
        start.handle(request, body)
        if starting:
            run(**starting.pop())
