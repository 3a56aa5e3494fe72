"""Guests that take what they can get: a request for ``/NAME`` runs the scenario NAME."""

import select
import sys
import time

from componentize_py_types import Err
from wit_world.imports import async_io, backend, http_body, http_req, http_resp

LARGE = 1 << 20
MANY = 10_000


def spin():
    while True:
        pass


def stubborn():
    while True:
        try:
            spin()
        except BaseException:
            continue


def sleep():
    async_io.select_with_timeout([], 0xFFFF_FFFF)


def doze():
    time.sleep(3600)


def doze_in_parts():
    while True:
        time.sleep(0.01)


def doze_in_a_select():
    select.select([], [], [], 3600)


def nap():
    started = time.monotonic()
    time.sleep(0.2)
    return time.monotonic() - started >= 0.2


def memory():
    held = []
    while True:
        held.append(bytearray(LARGE))


def recursion():
    recursion()


def bottomless():
    sys.setrecursionlimit(1 << 30)
    recursion()


def prints():
    line = "x" * LARGE
    for _ in range(50):
        sys.stdout.write(line + "\n")


def request(path="/"):
    made = http_req.Request.new()
    made.set_uri(f"http://example.com{path}")
    return made


def requests():
    held = [request() for _ in range(MANY)]
    return len(held)


def bodies():
    held = [http_body.new() for _ in range(MANY)]
    return sum(body.is_ready() for body in held)


def pending():
    closed = backend.register_dynamic_backend(
        "closed", "127.0.0.1:1", backend.DynamicBackendOptions()
    )
    held = [http_req.send_async_uncached(request(), http_body.new(), closed) for _ in range(MANY)]
    async_io.select(held)
    return len(held)


def hoard():
    # Not quite all of it: the answer has to be written, too.
    part = bytes(LARGE - 1)
    body = http_body.new()
    written = 0
    try:
        while True:
            written += http_body.write(body, part)
    except Err as err:
        return [written // len(part), type(err.value).__name__]


def upload():
    http_req.send_async_streaming(request("/echo"), http_body.new(), origin())
    return "left open"


def origin():
    return backend.Backend.open("origin")


def relay():
    """Let a large body pass to the client."""
    response, body = http_req.send(request("/zeros/1073741824"), http_body.new(), origin())
    http_resp.send_downstream(response, body)


def ok():
    return "ok"


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        spin,
        stubborn,
        sleep,
        doze,
        doze_in_parts,
        doze_in_a_select,
        nap,
        memory,
        recursion,
        bottomless,
        prints,
        requests,
        bodies,
        pending,
        hoard,
        upload,
        relay,
        ok,
    )
}


class HttpIncoming:
    """The entry point."""

    def handle(self, request, body):
        name = request.get_uri(LARGE).rpartition("/")[2]
        outcome = SCENARIOS[name]()
        if name != "relay":
            answer = http_body.new()
            http_body.write(answer, repr(outcome).encode())
            http_resp.send_downstream(http_resp.Response.new(), answer)
