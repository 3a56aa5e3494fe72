"""What ASGI apps do on every host: the first part of a path names the framework."""

import asyncio
import hashlib
import sys
from contextlib import asynccontextmanager

import django_part
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

from fastly_compute import http
from fastly_compute.asgi import AsgiHttpIncoming, warm_up

BLOCK = b"All work and no play makes Jack a dull boy.\n" * 1024


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"Hello, {request.path_params['name']}!")


async def facts(request: Request) -> JSONResponse:
    keys = "type", "http_version", "method", "scheme", "path", "root_path", "client", "server"
    found = {key: request.scope[key] for key in keys}
    found["raw_path"] = request.scope["raw_path"].decode()
    found["query_string"] = request.scope["query_string"].decode()
    found["twice"] = request.headers.getlist("x-twice")
    request.state.visits[0] += 1
    found["visits"] = request.state.visits[0]
    return JSONResponse(found)


def blocking(request: Request) -> PlainTextResponse:
    """A synchronous endpoint, which other servers run in a thread."""
    return PlainTextResponse("inline")


async def hashed(request: Request) -> JSONResponse:
    size, found = 0, hashlib.sha256()
    async for piece in request.stream():
        size += len(piece)
        found.update(piece)
    return JSONResponse({"size": size, "sha256": found.hexdigest()})


async def form(request: Request) -> JSONResponse:
    async with request.form() as sent:
        file = sent["file"]
        content = await file.read()
        return JSONResponse([sent["note"], file.filename, len(content)])


async def download(request: Request) -> StreamingResponse:
    size = request.path_params["size"]

    async def pieces():
        for at in range(0, size, len(BLOCK)):
            yield BLOCK[: size - at]

    return StreamingResponse(pieces(), headers={"Content-Length": str(size)})


async def source(request: Request) -> FileResponse:
    return FileResponse("static/page.html")


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


async def background(request: Request) -> PlainTextResponse:
    return PlainTextResponse("first", background=BackgroundTask(say, f"then {request.url.query}"))


async def mirrored(request: Request) -> StreamingResponse:
    """Two requests to the origin at once, and the body of a third."""
    ask = [http.Request("GET", f"http://origin.example/{n}").send_async("origin") for n in "ab"]
    found = await asyncio.gather(*ask)
    sent = await http.Request(
        "POST", "http://origin.example/mirror", body=b"x" * 100_000
    ).send_async("origin")
    return StreamingResponse(
        sent.body, headers={"x-statuses": ",".join(str(response.status) for response in found)}
    )


async def broken(request: Request) -> PlainTextResponse:
    raise LookupError("this page is broken")


async def torn(request: Request) -> StreamingResponse:
    async def pieces():
        yield b"part"
        raise LookupError("this stream is torn")

    return StreamingResponse(pieces())


class Header(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["x-middleware"] = "was here"
        return response


@asynccontextmanager
async def lifespan(app):
    visits = [0]
    yield {"visits": visits}


starlette = Starlette(
    routes=[
        Route("/hello/{name}", hello),
        Route("/facts/{rest:path}", facts),
        Route("/blocking", blocking),
        Route("/hashed", hashed, methods=["POST", "PUT"]),
        Route("/form", form, methods=["POST"]),
        Route("/download/{size:int}", download),
        Route("/file", source),
        Route("/background", background),
        Route("/mirrored", mirrored),
        Route("/broken", broken),
        Route("/torn", torn),
        Mount(
            "/middleware",
            routes=[Route("/hello/{name}", hello), Route("/download/{size:int}", download)],
            middleware=[Middleware(Header), Middleware(GZipMiddleware)],
        ),
    ],
    lifespan=lifespan,
)


async def plain(scope, receive, send):
    """An app without a framework."""
    path = scope["path"].removeprefix("/plain")
    start = {"type": "http.response.start", "status": 200, "headers": [(b"x-plain", b"yes")]}
    if path == "/trailers":
        await send({**start, "trailers": True})
        await send({"type": "http.response.body", "body": b"hello"})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"5")]})
    elif path == "/hints":
        await send(start)
        await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
        await send({"type": "http.response.body", "body": b"hello"})
    elif path == "/ticking":
        # Between two pieces other tasks run.
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticker = asyncio.create_task(tick())
        await send(start)
        for _ in range(10):
            await send({"type": "http.response.body", "body": b"piece ", "more_body": True})
        await send({"type": "http.response.body", "body": b"ticked" if ticks > 5 else b"stood"})
        ticker.cancel()
    else:
        await send({**start, "status": 404})
        await send({"type": "http.response.body", "body": b"not here"})


async def app(scope, receive, send):
    if scope["type"] == "lifespan" or not scope["path"].startswith(("/plain", "/django")):
        await starlette(scope, receive, send)
    elif scope["path"].startswith("/plain"):
        await plain(scope, receive, send)
    else:
        await django_part.app(scope, receive, send)


warm_up(app, "/hello/me", "/nowhere", "/plain/nowhere", "/django/hello/me", "/django/nowhere")
HttpIncoming = AsgiHttpIncoming(app)
