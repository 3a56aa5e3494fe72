"""A plugin for pytest: what Starlette's TestClient sends goes over a socket to a real server.

The environment variable ASGI_SERVER names it: ours or uvicorn. Without it, Starlette's own tests
run as they are, in the process. The outcome of each test is written to the file ASGI_OUTCOMES.
"""

import asyncio
import json
import os
import socket
import threading
from collections import Counter
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path

import fastly_compute.local  # noqa: F401 - brings wit_world

# isort: split
import uvicorn
from socket_client import send
from starlette import testclient
from watched import Watched, headers_of, make_response

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.local import Host, NativeApp, Server

OUTCOMES = {}
SENT = Counter()


@contextmanager
def ours(app):
    service = NativeApp(AsgiHttpIncoming(app, lifespan="off"))
    with Host(output=lambda line: None) as host, Server(host, service, ("127.0.0.1", 0)) as server:
        yield server.address


@contextmanager
def on_uvicorn(app):
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listening]),))
        thread.start()
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            thread.join()


SERVERS = {"ours": ours, "uvicorn": on_uvicorn}
in_process = testclient._TestClientTransport.handle_request


def over_a_socket(transport, request):
    """Send a request of TestClient to a real server."""
    if request.url.scheme not in ("http", "https"):
        return in_process(transport, request)
    server = os.environ["ASGI_SERVER"]
    # uvicorn leaves out "extensions", which asgiref demands and the specification does not.
    app = Watched(transport, request.url, check=server == "ours")
    SENT[os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]] += 1
    content = request.read()
    target = request.url.raw_path.decode("ascii")
    headers = headers_of(request)
    with SERVERS[server](app) as address:
        try:
            status, headers, received = send(address[:2], request.method, target, headers, content)
        except HTTPException:
            if app.error is None or not transport.raise_server_exceptions:
                raise
    if app.error is not None and transport.raise_server_exceptions:
        raise app.error
    return make_response(request, status, headers, received)


if "ASGI_SERVER" in os.environ:
    testclient._TestClientTransport.handle_request = over_a_socket


def pytest_collection_modifyitems(config, items):
    kept = [item for item in items if "trio" not in item.nodeid]
    config.hook.pytest_deselected(items=[item for item in items if "trio" in item.nodeid])
    items[:] = kept


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        text = "" if report.outcome != "failed" else str(report.longrepr).strip().splitlines()[-1]
        OUTCOMES[report.nodeid] = [report.outcome, text, SENT[report.nodeid]]


def pytest_sessionfinish(session):
    Path(os.environ["ASGI_OUTCOMES"]).write_text(json.dumps(OUTCOMES, indent=1, sort_keys=True))
