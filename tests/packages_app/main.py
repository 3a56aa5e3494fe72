"""Says of each package whether what `uses` does with it works in this sandbox.

What a function of `uses` does before its `yield` is done while the app is imported, the rest in the
first request.
"""

from collections.abc import Iterator

import uses

from fastly_compute.http import IncomingRequest, Response, service


def shown(error: BaseException) -> str:
    """Say which error it was, in a line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


started: dict[str, Iterator[None]] = {}
failed: dict[str, str] = {}
for name, use in uses.USES.items():
    try:
        steps = use()
        next(steps)
        started[name] = steps
    except Exception as error:
        failed[name] = f"at import: {shown(error)}"


def handle(request: IncomingRequest) -> Response:
    name = request.path.removeprefix("/")
    if name not in started:
        return Response.text(failed[name], status=500)
    try:
        next(started[name], None)
    except Exception as error:
        return Response.text(f"in a request: {shown(error)}", status=500)
    return Response.text("works")


HttpIncoming = service(handle)
