"""Sends many small GETs through one dynamic backend, and reports the time."""

import json
import time

from fastly_compute import requests
from fastly_compute.http import IncomingRequest, Request, Response, service

# The facade sends these too.
HEADERS = {"User-Agent": "fastly-compute-requests", "Accept-Encoding": "gzip", "Accept": "*/*"}


def by_http(url: str) -> bytes:
    request = Request("GET", url, headers=HEADERS, decompress_gzip=True)
    response = request.send()
    if response.status != 200:
        raise ValueError(response.status)
    return response.body.read()


def by_function(url: str) -> bytes:
    return requests.get(url).content


session = requests.Session()


def by_session(url: str) -> bytes:
    return session.get(url).content


WAYS = {"http": by_http, "function": by_function, "session": by_session}


def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    get = WAYS[asked["way"]]
    started = time.perf_counter()
    for _ in range(asked["count"]):
        if len(get(asked["url"])) != asked["length"]:
            raise ValueError("not the answer")
    return Response.json({"seconds": time.perf_counter() - started})


HttpIncoming = service(handle)
