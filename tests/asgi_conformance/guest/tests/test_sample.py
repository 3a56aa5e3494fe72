"""A few tests in the manner of Starlette's, whose outcomes are known; see test_asgi_conformance."""

from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


def page(respond, **options):
    return Starlette(routes=[Route("/{rest:path}", respond, methods=["GET", "POST"])], **options)


def test_body_and_headers(test_client_factory):
    async def respond(request):
        body = await request.body()
        return PlainTextResponse(body * 2, headers={"x-seen": request.headers["x-sent"]})

    response = test_client_factory(page(respond)).post(
        "/", content=b"ab" * 50_000, headers={b"x-sent": "Zoë".encode("latin-1")}
    )

    assert response.content == b"ab" * 100_000
    assert response.headers["x-seen"] == "Zoë"


def test_stream(test_client_factory):
    async def respond(request):
        async def pieces():
            async for piece in request.stream():
                yield piece.upper()

        return StreamingResponse(pieces())

    assert test_client_factory(page(respond)).post("/", content=iter([b"a", b"b"])).text == "AB"


def test_background_task_of_the_same_process(test_client_factory):
    done = []

    async def respond(request):
        return PlainTextResponse("first", background=BackgroundTask(done.append, "then"))

    assert test_client_factory(page(respond)).get("/").text == "first"
    assert done == ["then"]


def test_exception_of_the_app(test_client_factory):
    async def respond(request):
        raise LookupError("this page is broken")

    with pytest.raises(LookupError, match="broken"):
        test_client_factory(page(respond)).get("/")
    response = test_client_factory(page(respond), raise_server_exceptions=False).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_lifespan_and_state(test_client_factory):
    events = []

    @asynccontextmanager
    async def lifespan(app):
        events.append("up")
        yield {"count": [0]}
        events.append("down")

    async def respond(request):
        request.state.count[0] += 1
        return JSONResponse(request.state.count)

    with test_client_factory(page(respond, lifespan=lifespan)) as client:
        assert events == ["up"]
        assert [client.get("/").json(), client.get("/").json()] == [[1], [2]]
    assert events == ["up", "down"]


def test_more_requests_than_a_sandbox_serves(test_client_factory):
    async def respond(request):
        number = int(request.cookies.get("number", 0)) + 1
        if number == 2:
            raise LookupError("two")
        response = RedirectResponse("/again") if number < 7 else PlainTextResponse(str(number))
        response.set_cookie("number", str(number))
        return response

    client = test_client_factory(page(respond))
    with pytest.raises(LookupError, match="two"):
        client.get("/")
    client.cookies.set("number", "2", domain="testserver.local")
    assert client.get("/").text == "7"


def test_files(test_client_factory, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/page.txt").write_text("a page")
    client = test_client_factory(Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path))]))

    assert client.get("/folder/page.txt").text == "a page"
    assert client.get("/page.txt").status_code == 404


@pytest.mark.parametrize("expected", ["right", "wrong"])
def test_parameters(test_client_factory, expected):
    async def respond(request):
        return PlainTextResponse("right")

    assert test_client_factory(page(respond)).get("/").text == expected


def test_wrong_event(test_client_factory):
    async def app(scope, receive, send):
        await send({"type": "http.response.body", "body": b"before the start"})

    test_client_factory(app).get("/")
