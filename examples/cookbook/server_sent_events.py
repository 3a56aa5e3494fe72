"""Server-sent events: the lines of JSON that a backend writes, as events for a browser."""

import json
import re
from collections.abc import Iterator

from fastly_compute.http import (
    Body,
    BodyError,
    CacheOptions,
    IncomingRequest,
    Request,
    Response,
    SendError,
    service,
)

JOB = re.compile(r"/jobs/([a-z0-9-]{1,60})/events")
LIVE = CacheOptions(pass_through=True)
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}


def event(kind: str, data: object) -> bytes:
    # JSON is one line: what the backend writes cannot begin another field or event.
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def events(body: Body) -> Iterator[bytes]:
    """Make an event of each line, as it arrives; the last one says how it ended."""
    yield b"retry: 5000\n\n"  # milliseconds until the browser connects again
    try:
        for line in body.iter_lines():
            yield event("progress", json.loads(line))
    except (BodyError, ValueError) as error:
        print(error)
        yield event("failed", "the job cannot be followed")
    else:
        yield event("done", None)


def handle(request: IncomingRequest) -> Response:
    path = JOB.fullmatch(request.path)
    if path is None or request.method != "GET":
        return Response.text("unknown page\n", status=404)
    try:
        source = Request("GET", f"https://jobs.example/{path[1]}", cache=LIVE).send("jobs")
    except SendError as error:
        print(error)
        return Response.text("try again later\n", status=502)
    if source.status == 404:
        return Response.text("unknown job\n", status=404)
    if source.status != 200:
        print(f"the status is {source.status}")
        return Response.text("try again later\n", status=502)
    return Response(headers=HEADERS, body=events(source.body))


HttpIncoming = service(handle)
