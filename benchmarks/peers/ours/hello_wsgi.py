"""The smallest WSGI app, a new sandbox for each request."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from fastly_compute.wsgi import WsgiHttpIncoming


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"hello"]


HttpIncoming = WsgiHttpIncoming(app)
