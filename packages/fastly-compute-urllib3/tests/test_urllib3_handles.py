"""However a response is left, the host's handles are released."""

import gc
import http.client

import pytest
import urllib3

from fastly_compute.http import Body, PendingResponse, Response, StreamingBody
from fastly_compute.urllib3 import PoolManager

REQUESTS = 50


def is_held(thing):
    # By its type: isinstance would ask an object for its class, and Django's load their settings.
    kind = type(thing)
    if issubclass(kind, Response):
        return thing._resource is not None
    if issubclass(kind, Body):
        return bool(thing._pollable or thing._read_out)
    return issubclass(kind, PendingResponse | StreamingBody) and not thing.closed


def held():
    """The objects of the package http that hold something of the host's."""
    gc.collect()
    return [thing for thing in gc.get_objects() if is_held(thing)]


def read(pool, url):
    assert pool.request("GET", url).status == 200


def stream(pool, url):
    with pool.request("GET", url, preload_content=False) as response:
        assert b"".join(response.stream(2))


def leave(pool, url):
    pool.request("GET", url, preload_content=False).close()


def drain(pool, url):
    pool.request("GET", url, preload_content=False).drain_conn()


def send(pool, url):
    pool.request("POST", url, body=iter([b"a", b"b"]))


def fail_to_send(pool, url):
    def pieces():
        yield b"a"
        raise KeyError

    with pytest.raises(KeyError):
        pool.request("POST", url, body=pieces())


def head(pool, url):
    pool.request("HEAD", url)


@pytest.mark.parametrize("way", ["", "/chunked", "/until-close"])
@pytest.mark.parametrize("work", [read, stream, leave, drain, send, fail_to_send, head])
def test_after_each_use(host, origin, work, way):
    if work is head and way:
        way = "/?status=204"
    pool = PoolManager()
    for _ in range(REQUESTS):
        work(pool, origin.url + way)
    assert held() == []


def test_while_a_response_is_open(host, origin):
    with PoolManager().request("GET", origin.url, preload_content=False):
        assert len(held()) == 2


def test_after_failures(host, origin):
    pool = PoolManager(retries=False)
    for way in ("short", "short-chunks", "none", "reset"):
        for _ in range(5):
            with pytest.raises(urllib3.exceptions.ProtocolError):
                pool.request("GET", f"{origin.url}/{way}")
    assert held() == []


def test_after_connections_that_are_left(injected_http_client, origin):
    for _ in range(REQUESTS):
        connection = http.client.HTTPConnection(*origin.server_address)
        connection.request("GET", "/")
        connection.close()
        connection.putrequest("POST", "/")
        connection.putheader("Content-Length", "100000")
        connection.endheaders()
        connection.send(b"a")
        connection.close()
    assert held() == []
