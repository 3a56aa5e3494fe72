"""A plugin for pytest: what Starlette's TestClient sends goes over a socket to a real server.

The environment variable ASGI_SERVER names it: ours or uvicorn. Without it, Starlette's own tests
run as they are, in the process. The outcome of each test is written to the file ASGI_OUTCOMES.
"""

import asyncio
import json
import os
import socket
import threading
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import fastly_compute.local  # noqa: F401 - brings wit_world

# isort: split
import uvicorn
from starlette import testclient

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.local import Host, NativeApp, Server

OUTCOMES = {}
LONG = 30


class Watched:
    """An app, with the parts of the scope that are arguments of TestClient, and what it raises."""

    def __init__(self, app, scope):
        self.app = app
        self.scope = scope
        self.error = None

    async def __call__(self, scope, receive, send):
        try:
            await self.app({**scope, **self.scope}, receive, send)
        except BaseException as error:
            self.error = error
            raise


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
    port = request.url.port or {"http": 80, "https": 443}[request.url.scheme]
    app = Watched(
        transport.app,
        {
            "root_path": transport.root_path,
            "state": transport.app_state.copy(),
            "client": transport.client,
            "scheme": request.url.scheme,
            "server": [request.url.host, port],
        },
    )
    content = request.read()
    with SERVERS[os.environ["ASGI_SERVER"]](app) as address:  # noqa: SIM117 - address is used
        with closing(HTTPConnection(*address[:2], timeout=LONG)) as connection:
            target = request.url.raw_path.decode("ascii")
            connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.multi_items():
                if name.lower() != "transfer-encoding":
                    connection.putheader(name, value.encode())
            if "transfer-encoding" in request.headers:
                connection.putheader("content-length", str(len(content)))
            connection.endheaders(content)
            try:
                answer = connection.getresponse()
                received = answer.read()
            except HTTPException:
                if app.error is None:
                    raise
                received = b""
    if app.error is not None and transport.raise_server_exceptions:
        raise app.error
    headers = [(name, value) for name, value in answer.headers.items() if name not in ADDED]
    return testclient.httpx.Response(
        answer.status,
        headers=headers,
        stream=testclient.httpx.ByteStream(received),
        request=request,
    )


ADDED = {"connection", "date", "server", "transfer-encoding"}

if "ASGI_SERVER" in os.environ:
    testclient._TestClientTransport.handle_request = over_a_socket


def pytest_collection_modifyitems(config, items):
    kept = [item for item in items if "trio" not in item.nodeid]
    config.hook.pytest_deselected(items=[item for item in items if "trio" in item.nodeid])
    items[:] = kept


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        text = "" if report.outcome != "failed" else str(report.longrepr).strip().splitlines()[-1]
        OUTCOMES[report.nodeid] = [report.outcome, text]


def pytest_sessionfinish(session):
    Path(os.environ["ASGI_OUTCOMES"]).write_text(json.dumps(OUTCOMES, indent=1, sort_keys=True))
