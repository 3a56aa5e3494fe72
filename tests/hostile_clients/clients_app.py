"""Says what it was asked, as `fastly_compute.http` and as WSGI see it."""

import json

from fastly_compute.wsgi import WsgiHttpIncoming

CGI = ("PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "wsgi.url_scheme")


def app(environ, start_response):
    request = environ["fastly.request"]
    content = environ["wsgi.input"].read()
    seen = {
        "method": request.method,
        "url": request.url,
        "scheme": request.scheme,
        "host": request.host,
        "path": request.path,
        "headers": [[name.lower(), value] for name, value in request.headers.items()],
        "body": content.decode("latin-1"),
        "cgi": {name: environ.get(name) for name in CGI},
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(seen).encode()]


HttpIncoming = WsgiHttpIncoming(app)
