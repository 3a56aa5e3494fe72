"""What a test in a sandbox sends: through a client on the machine, and back to the same sandbox."""

import base64
import json
import pickle

from watched import Watched, headers_of, make_response
from wit_world.imports import http_downstream

from fastly_compute.asgi import AsgiHttpIncoming
from fastly_compute.http import Request

# The most further requests that a sandbox gets, on Viceroy and by default on the wasm host.
REQUESTS = 5
# A host that answers a request itself passes none on.
WAIT_MS = 5000


class Exhausted(BaseException):
    """The test goes on in a new sandbox, which is given the responses so far."""


class Wire:
    """Carries the requests of one test.

    Args:
        known: The number of requests whose responses another sandbox has got.
    """

    def __init__(self, known):
        self.exhausted = False
        self._known = known
        self._sent = 0

    def carry(self, transport, request):
        """Send a request, and serve it; it replaces ``_TestClientTransport.handle_request``."""
        if request.url.scheme not in ("http", "https"):
            raise RuntimeError(f"TestClient needs a thread for {request.url.scheme}://")
        number = self._sent
        self._sent += 1
        if number == self._known + REQUESTS:
            self.exhausted = True
            raise Exhausted
        app = Watched(transport, request.url)
        if number >= self._known:
            # Asked for before the client sends: otherwise, a new sandbox might get the request.
            options = http_downstream.NextRequestOptions(timeout_ms=WAIT_MS, extra=None)
            pending = http_downstream.next_request(options)
            call("send", sendable(request))
            incoming = http_downstream.await_request(pending)
            if incoming is None:
                raise RuntimeError("the host passed no request on: it answered it itself")
            AsgiHttpIncoming(app, lifespan="off").handle(*incoming)
        error = app.error if transport.raise_server_exceptions else None
        received = call("received", {"number": number, "raised": error and pickled(error)})
        if error is not None:
            raise error
        if received["raised"] is not None:
            raise pickle.loads(base64.b64decode(received["raised"]))
        if "error" in received:
            raise RuntimeError(f"the client got {received['error']}")
        content = base64.b64decode(received["content"])
        return make_response(request, received["status"], received["headers"], content)


def sendable(request):
    """Describe a request for the client on the machine."""
    return {
        "method": request.method,
        "target": request.url.raw_path.decode("ascii"),
        "headers": headers_of(request),
        "content": base64.b64encode(request.read()).decode(),
    }


def pickled(error):
    """Pickle what the app raised, for a sandbox that is only given the response."""
    try:
        content = pickle.dumps(error)
    except (AttributeError, TypeError, pickle.PicklingError):
        content = pickle.dumps(RuntimeError(f"the app raised what cannot be pickled: {error!r}"))
    return base64.b64encode(content).decode()


def call(name, content):
    """Call the client on the machine."""
    body = json.dumps(content)
    response = Request("POST", f"http://client.invalid/{name}", body=body).send("origin")
    return json.loads(response.body.read())
