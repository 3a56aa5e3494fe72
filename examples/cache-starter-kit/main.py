"""The caches of Fastly Compute: each path keeps what the origin says of it in another one."""

from collections.abc import Iterator

from fastly_compute import cache
from fastly_compute.http import (
    Body,
    BodyError,
    BodyLike,
    CacheOptions,
    IncomingRequest,
    Request,
    Response,
    SendError,
    service,
)

TTL = 30
STALE = 600
LONGEST_NAME = 1024  # that of a surrogate key


class OriginRefused(Exception):
    """The origin answered with something that is not to be kept."""


def fetch(request: IncomingRequest, name: str, options: CacheOptions) -> Response:
    asked = {"X-Request-Id": request.request_id or "unknown"}
    url = f"https://origin.example/{name}"
    return Request("GET", url, headers=asked, cache=options).send("origin")


def fresh(request: IncomingRequest, name: str) -> Response:
    found = fetch(request, name, CacheOptions(pass_through=True))
    if found.status != 200:
        raise OriginRefused(f"the origin answered {found.status}")
    return found


def answer(state: str, body: BodyLike, kind: str | None = None) -> Response:
    headers = {"X-Cache": state, "Cache-Control": "no-store"}
    if kind:
        headers["Content-Type"] = kind
    return Response(headers=headers, body=body)


def readthrough(request: IncomingRequest, name: str) -> Response:
    """The cache that every request to a backend goes through, for 30 s whatever the origin says."""
    found = fetch(request, name, CacheOptions(ttl=TTL, surrogate_key=name))
    found.headers["X-Cache"] = "HIT" if "Age" in found.headers else "MISS"
    found.headers["Cache-Control"] = "public, max-age=60"  # for the browser
    return found


def simple(request: IncomingRequest, name: str) -> Response:
    """A value by its key: one request makes it, and those that want it meanwhile wait."""
    made = []

    def make() -> Body:
        made.append(name)
        return fresh(request, name).body

    body = cache.get_or_set(name, make, ttl=TTL)
    return answer("MISS" if made else "HIT", body)


def core(request: IncomingRequest, name: str) -> Response:
    """An object that is served stale for a while, as a new one is fetched meanwhile."""
    entry = cache.transaction(name)
    if entry.found and entry.must_insert_or_update:
        return answer("STALE", renewed_behind(entry, request, name), kind_of(entry))
    with entry:
        if entry.found:
            return answer("STALE" if entry.stale else "HIT", entry.body(), kind_of(entry))
        found = fresh(request, name)
        into, back = entry.insert_and_stream_back(kept(name, found))
        with back:
            with into:
                into.append(found.body)
            return answer("MISS", back.body(), kind_of(back))


def renewed_behind(entry: cache.Entry, request: IncomingRequest, name: str) -> Iterator[bytes]:
    """The client gets the old one at once, and the end of it once the new one is there."""
    with entry:
        yield from entry.body().iter_bytes()
        try:
            found = fresh(request, name)
            with entry.insert(kept(name, found)) as into:
                into.append(found.body)
        except (SendError, BodyError, OriginRefused) as error:
            print(f"cannot fetch a new {name}: {error}")  # the next request tries again


def kept(name: str, found: Response) -> cache.WriteOptions:
    """How an object is kept: with its type beside it, and its name to purge it by."""
    return cache.WriteOptions(
        max_age=TTL,
        stale_while_revalidate=STALE,
        surrogate_keys=[name],
        user_metadata=(found.headers.get("Content-Type") or "").encode(),
    )


def kind_of(entry: cache.Entry) -> str:
    return (entry.user_metadata or b"").decode()


def purge(request: IncomingRequest, name: str) -> Response:
    """Forget the name in all three, or with ?soft make it stale where that is something else."""
    if request.method != "POST":
        return Response.text("purging is a POST", status=405, headers={"Allow": "POST"})
    if not request.fastly_key_is_valid:
        return Response.text("purging takes a Fastly-Key of this service", status=403)
    cache.purge(name)
    cache.purge_surrogate_key(name, soft="soft" in request.query)
    return Response.text("purged")


PATHS = {"readthrough": readthrough, "simple": simple, "core": core, "purge": purge}


def handle(request: IncomingRequest) -> Response:
    what, _, name = request.path.removeprefix("/").partition("/")
    if what not in PATHS or not name:
        ways = ", ".join(f"/{path}/…" for path in PATHS)
        return Response.text(f"there is {ways}", status=404)
    if len(name) > LONGEST_NAME:
        return Response.text("that name is too long", status=414)
    try:
        return PATHS[what](request, name)
    except (SendError, OriginRefused) as error:
        print(f"{request.path}: {error}")
        return Response.text("the origin has no answer", status=502)


HttpIncoming = service(handle)
