"""Keeps what a slow origin says, for tests/test_collapsing.py."""

from contextlib import suppress

from fastly_compute import cache
from fastly_compute.http import CacheOptions, IncomingRequest, Request, Response, service

KEPT = cache.WriteOptions(max_age=60)


def fetch(url: str) -> bytes:
    with Request("GET", url, cache=CacheOptions(pass_through=True)).send() as answer:
        if answer.status != 200:
            raise RuntimeError(f"the origin answered {answer.status}")
        return answer.body.read()


def kept(key: str, origin: str) -> Response:
    return Response(body=cache.get_or_set(key, lambda: fetch(origin), ttl=60))


def passed_on(key: str, origin: str) -> Response:
    request = Request("GET", origin, cache=CacheOptions(pass_through=True))
    return Response(body=cache.get_or_set(key, lambda: request.send().body, ttl=60))


def decorated(key: str, origin: str) -> Response:
    @cache.cached(ttl=60, key=lambda: key)
    def answer() -> dict[str, str]:
        return {"said": fetch(origin).decode()}

    return Response.json(answer())


def breaks(key: str, origin: str) -> Response:
    def pieces():
        yield b"a part"
        raise RuntimeError(fetch(origin))

    return Response(body=cache.get_or_set(key, pieces, ttl=60))


def forgets(key: str, origin: str) -> Response:
    obliged = cache.transaction(key).must_insert_or_update  # and is not closed
    return Response.json([obliged, fetch(origin).decode()])


def raises(key: str, origin: str) -> Response:
    found: list[bool] = []
    with suppress(ZeroDivisionError), cache.transaction(key) as entry:
        found.append(entry.must_insert_or_update)
        1 / 0  # noqa: B018 - what it raises is what counts
    return Response.json([*found, fetch(origin).decode()])


def obliged(key: str, origin: str) -> Response:
    with cache.transaction(key) as entry:
        return Response.json(entry.must_insert_or_update)


def writes(key: str, origin: str) -> Response:
    with cache.insert(key, KEPT) as body:
        body.write(b"begun, ")
        body.write(fetch(origin))
    return Response.text("written")


def reads(key: str, origin: str) -> Response:
    with cache.lookup(key) as entry:
        return Response(body=entry.body())


ROUTES = {
    f"/{function.__name__}": function
    for function in (
        kept,
        passed_on,
        decorated,
        breaks,
        forgets,
        raises,
        obliged,
        writes,
        reads,
    )
}


def handle(request: IncomingRequest) -> Response:
    asked = {name: values[0] for name, values in request.query.items()}
    fetch(f"{asked['origin']}here")  # so that the test knows
    return ROUTES[request.path](asked["key"], asked["origin"])


HttpIncoming = service(handle)
