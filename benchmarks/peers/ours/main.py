"""The service with `fastly_compute.http`, a new sandbox for each request."""

from collections.abc import Iterator

from fastly_compute.http import IncomingRequest, Request, Response, gather, service

ORIGIN = "http://origin.example"


def ask(path: str) -> Response:
    return Request("GET", ORIGIN + path).send("origin")


def through(answer: Response) -> Iterator[bytes]:
    yield from answer.body.iter_bytes()


def handle(request: IncomingRequest) -> Response:
    match request.path:
        case "/":
            return Response.text("hello")
        case "/small" | "/large":
            return ask(request.path)
        case "/through":
            answer = ask("/large")
            return Response(body=through(answer))
        case "/upload":
            return Request("POST", f"{ORIGIN}/sink", body=request.body).send("origin")
        case "/fan-in":
            urls = [f"{ORIGIN}/slow"] * 8
            found = gather(Request("GET", url).send_async("origin") for url in urls)
            statuses = [answer.status for answer in found if isinstance(answer, Response)]
            return Response.text(str(statuses.count(200)))
    return Response(status=404)


HttpIncoming = service(handle)
