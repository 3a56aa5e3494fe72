import pytest

from fastly_compute.asgi import AsgiError, warm_up


def noting(found, *events):
    async def app(scope, receive, send):
        found.append(scope)
        found.append(await receive())
        for event in events or [
            {"type": "http.response.start", "status": 200},
            {"type": "http.response.body"},
        ]:
            await send(event)
        if scope["type"] == "http":
            found.append(await receive())
        elif events:
            await receive()

    return app


def test_each_path_is_requested(host) -> None:
    found = []
    warm_up(noting(found), "/caf%C3%A9?a=%20", "/b")
    first, second = found[0], found[3]

    assert (first["path"], first["raw_path"], first["query_string"]) == (
        "/café",
        b"/caf%C3%A9",
        b"a=%20",
    )
    assert (second["path"], second["query_string"]) == ("/b", b"")
    assert found[1:3] == [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]


def test_the_scope_has_the_keys_of_a_requests(host, ask) -> None:
    found = []
    warm_up(noting(found), "/")
    ask(noting(found))

    assert found[0].keys() == found[3].keys() - {"fastly.request"}


def test_an_exception_goes_to_the_caller(host) -> None:
    async def app(scope, receive, send):
        raise LookupError("lamp")

    with pytest.raises(LookupError, match="lamp"):
        warm_up(app, "/")


def test_the_startup_runs_if_it_is_asked_for(host) -> None:
    found = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            found.append((await receive())["type"])
            scope["state"]["lamp"] = "on"
            await send({"type": "lifespan.startup.complete"})
            found.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})
            return
        found.append(scope["state"])
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    warm_up(app, "/", lifespan="on")

    assert found == ["lifespan.startup", {"lamp": "on"}, "lifespan.shutdown"]


def test_a_startup_that_fails_goes_to_the_caller(host) -> None:
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no lamp"})

    with pytest.raises(AsgiError, match="the app's startup failed: no lamp"):
        warm_up(app, "/", lifespan="auto")
