"""urllib3, `requests` and `http.client` with each host call failing that they make.

No other error than their own comes out, and none is swallowed.
"""

import http.client

import pytest
import requests
import urllib3

from fastly_compute.http import Response, service
from fastly_compute.testing import inject_faults
from fastly_compute.urllib3 import (
    PoolManager,
    extract_from_http_client,
    extract_from_urllib3,
    inject_into_http_client,
    inject_into_urllib3,
)

pytestmark = pytest.mark.xdist_group("urllib3-faults")

ORIGIN = "https://origin.example"


@pytest.fixture(autouse=True)
def _injected():
    inject_into_urllib3()
    inject_into_http_client()
    yield
    extract_from_http_client()
    extract_from_urllib3()


def scenario(compute_host, compute_client) -> None:
    origin = compute_host.target("origin.example")
    origin.get("/", text="hello", headers={"Set-Cookie": "a=1"})
    origin.get("/moved", status=302, headers={"Location": "/"})
    origin.post("/", json=[1])
    compute_host.backend("static").get("/", text="hello")
    compute_client.get("/")


def get() -> None:
    pool = urllib3.PoolManager(retries=urllib3.Retry(connect=0, read=0, redirect=2, other=0))
    assert pool.request("GET", f"{ORIGIN}/moved", timeout=5).data == b"hello"


def post() -> None:
    pieces = (piece for piece in (b"a", b"b"))
    assert urllib3.request("POST", ORIGIN, body=pieces, retries=False).json() == [1]


def stream() -> None:
    pool = PoolManager(backend="static", retries=False)
    with pool.request("GET", "http://origin.example/", preload_content=False) as response:
        assert b"".join(response.stream(3)) == b"hello"


def real_requests() -> None:
    session = requests.Session()
    session.get(ORIGIN)
    assert session.post(ORIGIN, data=(piece for piece in (b"a", b"b"))).json() == [1]


def http_client() -> None:
    connection = http.client.HTTPSConnection("origin.example", timeout=5)
    connection.request("POST", "/", body=b"x" * 100_000)
    assert connection.getresponse().read() == b"[1]"


@pytest.mark.parametrize(
    ("work", "least", "errors", "cases"),
    [
        (get, 25, urllib3.exceptions.HTTPError, ["generic-error"]),
        (post, 10, urllib3.exceptions.HTTPError, ["generic-error"]),
        (stream, 10, urllib3.exceptions.HTTPError, ["generic-error", "http-incomplete"]),
        (real_requests, 20, requests.RequestException, ["generic-error"]),
        (http_client, 10, (OSError, http.client.HTTPException), ["generic-error"]),
    ],
)
def test_whichever_host_call_fails_the_error_is_the_librarys(work, least, errors, cases) -> None:
    caught, escaped = [], []

    def handle(request):
        try:
            work()
        except errors as error:
            caught.append(repr(error))
            return Response.text("no answer", status=502)
        except Exception as error:
            escaped.append(repr(error))
            raise
        return Response.text("done")

    swept = inject_faults(service(handle), scenario, errors=cases)

    assert escaped == []
    assert len(swept.calls) >= least
    assert len(caught) >= least // 3
