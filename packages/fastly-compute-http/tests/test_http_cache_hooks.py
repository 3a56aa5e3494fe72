"""Hooks of the readthrough cache, on the native host."""

from datetime import timedelta

import pytest

from fastly_compute.http import CacheOptions, Request
from fastly_compute.local import BackendConfig, Host, HostConfig


@pytest.fixture
def sandbox(origin):
    with Host(HostConfig(backends={"origin": BackendConfig(url=origin)})) as host:
        with host.guest_context() as sandbox:
            yield sandbox


def get(path, /, method="GET", headers=None, **options):
    request = Request(
        method, f"http://site.example{path}", headers=headers, cache=CacheOptions(**options)
    )
    return request.send("origin")


def test_after_send_sets_the_ttl(sandbox, origin_server) -> None:
    def keep(candidate):
        seen.append((candidate.status, candidate.ttl, candidate.age))
        candidate.ttl = 60

    seen = []
    assert get("/cached", after_send=keep).body.read() == b"cached"
    assert seen == [(200, timedelta(seconds=1000), timedelta(0))]
    assert get("/cached", after_send=keep).body.read() == b"cached"
    sandbox.host.clock.advance(59)
    assert get("/cached").body.read() == b"cached"
    assert origin_server.hits["/cached"] == 1
    sandbox.host.clock.advance(2)
    assert get("/cached").body.read() == b"cached"
    assert origin_server.hits["/cached"] == 2


def test_before_send_changes_the_headers(sandbox) -> None:
    def sign(request):
        assert (request.method, request.url) == ("GET", "http://site.example/page")
        request.headers["X-Signed"] = "yes"
        del request.headers["X-Drop"]

    response = get("/page", headers={"X-Drop": "1"}, before_send=sign)
    seen = dict(
        (n.lower(), v) for n, v in __import__("json").loads(response.body.read())["headers"]
    )
    assert seen["x-signed"] == "yes"
    assert "x-drop" not in seen
