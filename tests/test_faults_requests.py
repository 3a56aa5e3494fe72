"""The facade with each host call failing that it makes: no other error than its own comes out."""

import pytest

from fastly_compute import requests
from fastly_compute.http import CacheOptions, Response, service
from fastly_compute.testing import inject_faults

pytestmark = pytest.mark.xdist_group("requests-faults")

ORIGIN = "https://origin.example"


def scenario(compute_host, compute_client) -> None:
    origin = compute_host.target("origin.example")
    origin.get("/", text="hello", headers={"Set-Cookie": "a=1"})
    origin.get("/moved", status=302, headers={"Location": "/"})
    origin.post("/", json=[1])
    compute_host.backend("static").get("/", text="hello")
    compute_client.get("/")


def get() -> None:
    assert requests.get(f"{ORIGIN}/moved", timeout=5, params={"a": "b"}).text == "hello"


def post() -> None:
    session = requests.Session()
    session.get(ORIGIN)
    response = session.post(ORIGIN, data=(piece for piece in (b"a", b"b")), headers={"Host": "h"})
    assert response.json() == [1]


def stream() -> None:
    cache = CacheOptions(pass_through=True)
    with requests.get(ORIGIN, backend="static", stream=True, cache=cache) as response:
        assert response.headers["Content-Length"] == "5"
        assert list(response.iter_content(3)) == [b"hel", b"lo"]


def gather() -> None:
    for found in requests.gather([requests.Request("GET", ORIGIN)] * 2, timeout=5):
        if isinstance(found, requests.RequestException):
            raise found
        assert found.text == "hello"


@pytest.mark.parametrize(("work", "least"), [(get, 25), (post, 25), (stream, 15), (gather, 20)])
def test_whichever_host_call_fails_the_error_is_a_request_exception(work, least) -> None:
    caught, escaped = [], []

    def handle(request):
        try:
            work()
        except requests.RequestException as error:
            caught.append(error.request is not None)  # and not the error, which holds what failed
            return Response.text("no answer", status=502)
        except Exception as error:
            escaped.append(repr(error))
            raise
        return Response.text("done")

    swept = inject_faults(service(handle), scenario, errors=["generic-error", "http-incomplete"])

    assert escaped == []
    assert len(swept.calls) >= least
    assert len(caught) >= least // 2
    assert all(caught)
