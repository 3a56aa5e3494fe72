"""The smallest handler that componentize-py can run: the bindings, and no SDK."""

from wit_world import exports
from wit_world.imports import async_io, http_body, http_req, http_resp


class HttpIncoming(exports.HttpIncoming):
    def handle(self, request: http_req.Request, body: async_io.Pollable) -> None:
        response = http_resp.Response.new()
        response.set_status(200)
        response.append_header("Content-Type", b"text/plain; charset=utf-8")
        content = http_body.new()
        http_body.write(content, b"hello")
        http_resp.send_downstream(response, content)
