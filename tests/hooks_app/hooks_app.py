"""Goes through the readthrough cache with hooks: the path of a request names a function below."""

from fastly_compute.http import (
    BackendRequest,
    Body,
    CacheOptions,
    CandidateResponse,
    HttpCacheUnsupported,
    IncomingRequest,
    Request,
    Response,
    gather,
    service,
)


def ask(url: str, method: str = "GET", **options: object) -> Response:
    return Request(method, url, cache=CacheOptions(**options)).send()


def show(response: Response, *more: object) -> Response:
    masked = type(response.masked_error).__name__ if response.masked_error else None
    return Response.json([response.status, response.body.read().decode(), masked, *more])


def kept(url: str) -> Response:
    """Sign the request, and keep the response for a minute, with a header of the app's."""
    seen: list[object] = []

    def sign(request: BackendRequest) -> None:
        seen.append([request.method, "x-signed" in request.headers])
        request.headers["X-Signed"] = "yes"

    def keep(candidate: CandidateResponse) -> None:
        seen.append([candidate.status, candidate.ttl.total_seconds(), candidate.vary])
        candidate.ttl = 60
        candidate.surrogate_keys = ["tagged"]
        candidate.headers["X-Kept"] = "yes"

    response = ask(url, before_send=sign, after_send=keep)
    return show(response, response.headers["x-kept"], seen)


def plain(url: str) -> Response:
    return show(Request("GET", url).send())


def patient(url: str) -> Response:
    """Wait for another request for a while; this needs no hooks."""
    return show(ask(url, lookup_timeout=30))


def shout(url: str) -> Response:
    def pieces(body: Body):
        for piece in body.iter_bytes():
            yield piece.upper()
            yield b"!"

    response = ask(url, after_send=lambda candidate: candidate.transform_body(pieces))
    return show(response)


def revalidated(url: str) -> Response:
    """Always ask whether the stored response is still valid."""
    seen: list[object] = []

    def look(candidate: CandidateResponse) -> None:
        seen.append([candidate.status, candidate.is_stale, candidate.headers.get("x-version")])
        candidate.ttl = 0

    return show(ask(url, after_send=look), seen)


def refreshed(url: str) -> Response:
    """Serve the stale response, and fetch the next one after that."""
    return ask(url, ttl=0, stale_while_revalidate=60, after_send=lambda candidate: None)


def forgiving(url: str) -> Response:
    def after(candidate: CandidateResponse) -> None:
        if candidate.status == 503 and candidate.stale_if_error_available:
            candidate.use_stale()

    return show(ask(url, ttl=0, stale_if_error=60, after_send=after))


def keyed(url: str) -> Response:
    return show(ask(url, key=url.partition("?")[0]))


def passed(url: str) -> Response:
    calls: list[int] = []

    def never(candidate: CandidateResponse) -> None:
        calls.append(1)
        candidate.set_uncacheable(hit_for_pass=True)

    return show(ask(url, after_send=never), len(calls))


def failing(url: str) -> Response:
    return show(ask(url, after_send=lambda candidate: 1 / 0))


def together(url: str) -> Response:
    """Send two requests at once, and then one of them again."""
    options = CacheOptions(after_send=lambda candidate: None)
    urls = [f"{url}/a", f"{url}/b"]
    sent = [Request("GET", each, cache=options).send_async() for each in urls]
    found = gather(sent, timeout=30)
    again = Request("GET", urls[0], cache=options).send_async()
    bodies = [item.body.read().decode() for item in (*found, again.wait())]
    return Response.json(bodies)


def passed_on(url: str) -> Response:
    return ask(url, after_send=lambda candidate: None)


@service
def handle(request: IncomingRequest) -> Response:
    call = globals()[request.path.strip("/")]
    try:
        return call(request.query["url"][0])
    except (HttpCacheUnsupported, ZeroDivisionError) as error:
        return Response.json([type(error).__name__, str(error)], status=500)


HttpIncoming = handle
