"""An edge proxy: a static backend, a dynamic one, what introspection says, and a signed request."""

import hashlib
import hmac
from html import escape

from fastly_compute import requests
from fastly_compute.backend import Backend, BackendError, allow_dynamic_backends
from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.secret_store import SecretStore

# The two of this machine are for a try: a service has none of them.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "example.com", "www.fastly.com"]
ALLOWED = ", ".join(ALLOWED_HOSTS)
KEPT_HEADERS = ("content-type", "cache-control", "etag", "location")
NOT_A_URL = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)
LARGEST_UPLOAD = 8 * 1024 * 1024
PIECE = 64 * 1024

# No other host gets a request, whatever URL a client sends and wherever that redirects to. A check
# in this module could read a URL differently from the code that sends the request.
allow_dynamic_backends(hosts=ALLOWED_HOSTS)

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


def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign a request as it is sent, so that the origin can tell that it came through the edge."""
    path = request.path_url.partition("?")[0]
    key = SecretStore.open("edge-proxy")["signing-key"].plaintext()
    message = f"{request.method} {path}".encode()
    request.headers["x-signature"] = hmac.new(key, message, hashlib.sha256).hexdigest()
    return request


def about(request: IncomingRequest) -> Response:
    page = PAGE.format(
        client=escape(str(request.client_address)),
        request_id=escape(str(request.request_id)),
        allowed=ALLOWED,
    )
    return Response(headers={"content-type": "text/html; charset=utf-8"}, body=page)


def relay(answer: requests.Response) -> Response:
    """Pass a response on as it comes, whatever its size."""
    kept = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    return Response(status=answer.status_code, headers=kept, body=answer.iter_content(PIECE))


def origin(request: IncomingRequest) -> Response:
    body = request.body.read(LARGEST_UPLOAD + 1)
    if len(body) > LARGEST_UPLOAD:
        return Response.text("that is too much at once", status=413)
    answer = requests.request(
        request.method,
        f"https://origin.example{request.path.removeprefix('/origin') or '/'}",
        params=request.query_string,
        data=body,
        auth=signed,
        allow_redirects=False,  # the client follows them, and no other host gets the signature
        stream=True,
        fastly_backend="origin",
    )
    return relay(answer)


def dynamic(request: IncomingRequest) -> Response:
    url = request.query.get("url", [""])[0]
    try:
        return relay(requests.get(url, timeout=(2, 10), stream=True))
    except requests.exceptions.BackendNotAllowed:
        return Response.text(f"only {ALLOWED} are allowed", status=403)
    except NOT_A_URL:
        return Response.text("url= is not a valid URL", status=400)


def backends(request: IncomingRequest) -> Response:
    """Help to find mistakes: a service that is public does not tell everyone."""
    return Response.json({"origin": Backend.open("origin").describe()})


def handle(request: IncomingRequest) -> Response:
    try:
        if request.path == "/":
            return about(request)
        if request.path == "/origin" or request.path.startswith("/origin/"):
            return origin(request)
        if request.path == "/dynamic":
            return dynamic(request)
        if request.path == "/backends":
            return backends(request)
    except (requests.RequestException, BackendError) as error:
        print(f"{request.method} {request.path}: {error}")
        return Response.text("the origin cannot be reached", status=502)
    return Response.text("no such page", status=404)


HttpIncoming = service(handle)
