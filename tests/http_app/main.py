"""What fastly_compute.http does, one path for each: the same code on every host."""

from collections.abc import Coroutine, Iterator
from contextlib import suppress
from contextvars import ContextVar
from threading import get_ident

from fastly_compute.http import (
    Answer,
    Body,
    BodyError,
    CacheOptions,
    Headers,
    IncomingRequest,
    PendingResponse,
    Request,
    Response,
    ResponseSent,
    Reuse,
    SendError,
    WaitTimeout,
    gather,
    select,
    service,
)

served = 0
visitor: ContextVar[str] = ContextVar("visitor", default="nobody")
kept: list[tuple[int, object]] = []


def url(request: IncomingRequest, path: str) -> str:
    """A URL of the origin that the test started: its address is the query."""
    return f"http://{request.query_string}{path}"


def post(request: IncomingRequest, path: str, body: object = None) -> Request:
    return Request("POST", url(request, path), body=body)


def gathered(request: IncomingRequest) -> Response:
    sent = [post(request, f"/together?{number}").send_async() for number in range(2)]
    sent.append(Request("GET", "http://127.0.0.1:1/").send_async())
    *found, failed = gather(sent, timeout=30)
    bodies = [response.body.read().decode() for response in found]
    return Response.json([bodies, isinstance(failed, SendError)])


async def awaited(request: IncomingRequest) -> Response:
    """A coroutine of an app that does not import asyncio."""
    response = await post(request, "/there").send_async()
    pieces = [piece async for piece in response.body]
    return Response.json([response.status, b"".join(pieces).decode()])


def waited(request: IncomingRequest) -> Response:
    late, there = post(request, "/gate").send_async(), post(request, "/there").send_async()
    first = select([late, there], timeout=30)
    try:
        late.wait(0.05)
        said = "came"
    except WaitTimeout:
        said = "late"
    response = there.wait()
    return Response.json([first is there, said, late.ready, response.body.read().decode()])


def uploaded(request: IncomingRequest) -> Response:
    body, pending = post(request, "/size", b"before").send_streaming()
    with body:
        body.write(b"x" * 300_000)
        body.append(request.body)
        body.append(Body(iter([b"produced"])))
    return pending.wait()


def broken_upload(request: IncomingRequest) -> Response:
    body, pending = post(request, "/size").send_streaming()
    with suppress(ZeroDivisionError), body:
        body.write(b"half")
        1 // 0  # noqa: B018 - an exception like any other
    try:
        return pending.wait()
    except SendError as error:
        return Response.text(type(error).__name__)


def produced(request: IncomingRequest) -> Response:
    pieces = (piece for piece in request.body.iter_bytes(1000))
    return post(request, "/size", pieces).send()


def streamed(request: IncomingRequest) -> Iterator[bytes]:
    for line in request.body.iter_lines():
        yield line.upper() + b"\n"


def broken(_: IncomingRequest) -> Iterator[bytes]:
    yield b"half"
    raise RuntimeError("half-way")


def pending(request: IncomingRequest) -> PendingResponse:
    sent = post(request, "/there").send_async()
    sent.set_header("X-Edge", "1", on="response")
    sent.remove_header("x-origin")
    return sent


def facts(request: IncomingRequest) -> Response:
    tls, bot, vpn = request.tls, request.bot, request.vpn_proxy
    return Response.json(
        {
            "tls": [tls.protocol, tls.cipher, tls.ja3, tls.ja4, tls.certificate_verdict],
            "bot": [bot.name, bot.category],
            "vpn": [vpn.is_anonymous, vpn.vpn_service_name],
            "fingerprints": [request.h2_fingerprint, request.oh_fingerprint],
            "ddos": request.ddos_detected,
            "key": request.fastly_key_is_valid,
            "addresses": [request.client_address, request.server_address],
            "version": request.http_version,
            "host": request.host == request.headers["host"],
            "names": sorted(name.lower() for name in request.original_header_names),
        }
    )


def trailers(request: IncomingRequest) -> Response:
    body = post(request, "/there").send().body
    body.read()
    return Response.json([body.trailers == Headers()])


def hinted(request: IncomingRequest) -> Response:
    request.send_early_hints({"Link": "</style.css>; rel=preload"})
    return Response.text("hinted")


def answered_first(request: IncomingRequest) -> ResponseSent:
    answered = request.respond(Response.text("first"))
    post(request, "/audit", request.body).send()
    return answered


def written(request: IncomingRequest) -> ResponseSent:
    body, answered = request.respond_streaming(Response(201, {"X-Kind": "log"}, "one, "))
    with body:
        body.write(b"two, ")
        body.append(request.body)
    return answered


def cached(request: IncomingRequest) -> Response:
    options = CacheOptions(ttl=30, stale_while_revalidate=60, surrogate_key="a b", pci=True)
    return Request("GET", url(request, "/there"), cache=options).send()


def personal(request: IncomingRequest) -> Response:
    """Pass the client's credentials on; the query's second part says how the cache takes that."""
    origin, _, rest = request.query_string.partition("&")
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() in {"authorization", "cookie"}
    }
    cache = CacheOptions() if "shared" in rest else None
    return Request(
        request.method, f"http://{origin}/me?{rest}", headers=headers, cache=cache
    ).send()


def remembered(_: IncomingRequest) -> Response:
    before = visitor.get()
    visitor.set("an earlier visitor")
    return Response.text(f"{served} {before}")


def unpacked(request: IncomingRequest) -> Response:
    """Have the host take gzip off what the client sent, which the origin sends back."""
    sent = Request(
        "POST",
        url(request, "/mirror"),
        headers={"X-Coding": request.headers["x-coding"]},
        body=request.body,
        decompress_gzip=True,
    ).send()
    names = [sent.headers.get("content-encoding"), sent.headers.get("content-length")]
    try:
        return Response(200, {"X-Found": repr(names)}, sent.body.read())
    except BodyError as error:
        return Response(500, {"X-Found": repr(names)}, str(error))


def kept_open(request: IncomingRequest) -> Response:
    """Keep what is open, and tell whether what an earlier request kept is closed.

    Natively another sandbox, in its own thread, may not have come to closing what it kept.
    """
    before = [thing.closed for thread, thing in kept if thread == get_ident()]
    body, sent = post(request, "/size").send_streaming()
    received = post(request, "/there").send().body
    kept[:] = [(get_ident(), thing) for thing in (request, request.body, body, sent, received)]
    return Response.json({"served": served, "closed": before})


def read_json(request: IncomingRequest) -> Response:
    return Response.json(request.json(limit=1_000_000))


PATHS = {
    "/gather": gathered,
    "/await": awaited,
    "/wait": waited,
    "/upload": uploaded,
    "/broken-upload": broken_upload,
    "/produced": produced,
    "/streamed": streamed,
    "/broken": broken,
    "/pending": pending,
    "/facts": facts,
    "/trailers": trailers,
    "/hinted": hinted,
    "/answered": answered_first,
    "/written": written,
    "/cached": cached,
    "/unpacked": unpacked,
    "/kept": kept_open,
    "/me": personal,
    "/context": remembered,
    "/json": read_json,
}


def page(request: IncomingRequest, error: Exception) -> Response:
    return Response.text(f"{request.path}: {type(error).__name__}", status=500)


def handle(request: IncomingRequest) -> Answer | Coroutine[object, object, Answer]:
    global served
    served += 1
    return PATHS[request.path](request)


HttpIncoming = service(handle, reuse=Reuse(max_requests=4, after_failure=True), on_error=page)
