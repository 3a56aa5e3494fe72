"""An edge proxy: a static backend, a dynamic one, what introspection says, and a signed request."""

import hashlib
import hmac
from html import escape
from urllib.parse import urlsplit

from fastly_compute import requests
from fastly_compute.backend import Backend, BackendError
from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.secret_store import SecretStore

ALLOWED_HOSTS = {"127.0.0.1", "localhost", "example.com", "www.fastly.com"}
KEPT_HEADERS = ("content-type", "cache-control", "etag")

PAGE = """<!doctype html>
<title>Edge proxy</title>
<h1>Edge proxy</h1>
<p>You came from {client} with request {request_id}.</p>
<ul>
<li><a href="/origin/">/origin/…</a> asks the backend <code>origin</code></li>
<li>/dynamic?url=… asks one of {allowed}</li>
<li><a href="/backends">/backends</a> says what is known about the backend <code>origin</code></li>
</ul>
"""


def signature(method: str, path: str) -> str:
    """Sign a request, so that the origin can tell that it came through the edge."""
    key = SecretStore.open("edge-proxy")["signing-key"].plaintext()
    return hmac.new(key, f"{method} {path}".encode(), hashlib.sha256).hexdigest()


def about(request: IncomingRequest) -> Response:
    page = PAGE.format(
        client=escape(str(request.client_address)),
        request_id=escape(request.request_id or ""),
        allowed=", ".join(sorted(ALLOWED_HOSTS)),
    )
    return Response(headers={"content-type": "text/html; charset=utf-8"}, body=page)


def relay(answer: requests.Response) -> Response:
    kept = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    return Response(status=answer.status_code, headers=kept, body=answer.content)


def origin(request: IncomingRequest) -> Response:
    path = request.path.removeprefix("/origin") or "/"
    answer = requests.request(
        request.method,
        f"https://origin.example{path}",
        params=request.query_string,
        data=request.body.read(),
        headers={"x-signature": signature(request.method, path)},
        fastly_backend="origin",
    )
    return relay(answer)


def dynamic(request: IncomingRequest) -> Response:
    url = request.query.get("url", [""])[0]
    if urlsplit(url).hostname not in ALLOWED_HOSTS:
        return Response.text(f"only {', '.join(sorted(ALLOWED_HOSTS))} may be asked", status=403)
    return relay(requests.get(url, timeout=(2, 10)))


def backends(request: IncomingRequest) -> Response:
    return Response.json({"origin": Backend.open("origin").describe()})


def handle(request: IncomingRequest) -> Response:
    try:
        if request.path == "/":
            return about(request)
        if request.path.startswith("/origin"):
            return origin(request)
        if request.path == "/dynamic":
            return dynamic(request)
        if request.path == "/backends":
            return backends(request)
    except (requests.RequestException, BackendError) as error:
        print(f"{request.method} {request.path}: {error}")
        return Response.text("the origin cannot be reached", status=502)
    return Response.text("there is no such page", status=404)


HttpIncoming = service(handle)
