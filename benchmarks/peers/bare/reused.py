"""Pass on a response of an origin without the SDK, in sandboxes that are reused."""

from wit_world import exports
from wit_world.imports import (
    async_io,
    backend,
    http_body,
    http_downstream,
    http_req,
    http_resp,
)

_OPTIONS = http_downstream.NextRequestOptions(timeout_ms=None, extra=None)
_LONGEST_URL = 8192


def hello() -> None:
    response = http_resp.Response.new()
    response.set_status(200)
    response.append_header("Content-Type", b"text/plain; charset=utf-8")
    content = http_body.new()
    http_body.write(content, b"hello")
    http_resp.send_downstream(response, content)


def pass_on(path: str) -> None:
    request = http_req.Request.new()
    request.set_method("GET")
    request.set_uri(f"http://origin.example{path}")
    response, body = http_req.send(request, http_body.new(), backend.Backend.open("origin"))
    http_resp.send_downstream(response, body)


def serve(request: http_req.Request) -> None:
    path = "/" + request.get_uri(_LONGEST_URL).split("/", 3)[3]
    if path == "/":
        hello()
    else:
        pass_on(path)


class HttpIncoming(exports.HttpIncoming):
    def handle(self, request: http_req.Request, body: async_io.Pollable) -> None:
        following: tuple[http_req.Request, async_io.Pollable] | None = (request, body)
        while following is not None:
            serve(following[0])
            following = http_downstream.await_request(http_downstream.next_request(_OPTIONS))
