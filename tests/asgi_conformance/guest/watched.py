"""An app as a server sees it, when Starlette's TestClient would have called it."""

import typed
from starlette.testclient import httpx


class Watched:
    """An app, with the parts of the scope that are arguments of TestClient, and what it raises.

    Args:
        transport: TestClient's transport, which has the app.
        url: The URL of the request.
        check: Whether what the server gives to the app is checked against asgiref's types. A
            violation counts as an error of the app, so that the test fails.
    """

    def __init__(self, transport, url, *, check=True):
        self.error = None
        self._check = check
        self._app = transport.app
        self._scope = {
            "root_path": transport.root_path,
            "state": transport.app_state.copy(),
            "client": transport.client,
            "scheme": url.scheme,
            "server": [url.host, url.port or {"http": 80, "https": 443}[url.scheme]],
        }

    async def __call__(self, scope, receive, send):
        async def checked():
            event = await receive()
            typed.check_event(event)
            return event

        try:
            if self._check:
                typed.check_scope(scope)
            receiving = checked if self._check else receive
            await self._app({**scope, **self._scope}, receiving, send)
        except BaseException as error:
            self.error = error
            raise


def headers_of(request):
    """Return a request's headers, byte for character."""
    return [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    ]


def make_response(request, status, headers, content):
    """Make what TestClient's transport returns."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return httpx.Response(status, headers=raw, stream=httpx.ByteStream(content), request=request)
