"""The service with the distribution fastly-compute: WSGI and its requests."""

import fastly_compute.requests as requests
from fastly_compute.wsgi import WsgiHttpIncoming

ORIGIN = "http://origin.example"


def ask(path, method="GET", data=None):
    return requests.request(method, ORIGIN + path, data=data, fastly_backend="origin").content


def app(environ, start_response):
    match environ["PATH_INFO"]:
        case "/":
            content = b"hello"
        case "/small" | "/large" as path:
            content = ask(path)
        case "/through":
            content = ask("/large")
        case "/upload":
            content = ask("/sink", "POST", environ["wsgi.input"].read())
        case "/fan-in":
            content = b"%d" % [ask("/slow") for _ in range(8)].count(b"slow")
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [content]


HttpIncoming = WsgiHttpIncoming(app)
