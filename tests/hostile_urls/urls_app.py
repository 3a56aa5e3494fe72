"""Sends a request to any URL, each time in another way; only 127.0.0.1 may be asked."""

from fastly_compute import requests
from fastly_compute.backend import Backend, allow_dynamic_backends
from fastly_compute.http import IncomingRequest, Request, Response, service

allow_dynamic_backends(hosts=["127.0.0.1"])


def by_requests(url: str) -> str:
    return requests.get(url, timeout=5).text


def by_a_session(url: str) -> str:
    session = requests.Session()
    return session.send(session.prepare_request(requests.Request("GET", url)), timeout=5).text


def by_http(url: str) -> str:
    return Request("GET", url).send().body.read().decode()


def by_a_backend(url: str) -> str:
    backend = Backend.for_url(url)
    return Request("GET", "http://127.0.0.1/").send(backend).body.read().decode()


WAYS = {way.__name__: way for way in (by_requests, by_a_session, by_http, by_a_backend)}


def handle(request: IncomingRequest) -> Response:
    asked = request.json()
    try:
        return Response.json({"text": WAYS[asked["way"]](asked["url"])})
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return Response.json({"error": kinds, "message": str(error)})


HttpIncoming = service(handle)
