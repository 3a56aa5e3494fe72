import pytest

from fastly_compute.http import IncomingRequest


def scope_of(ask, **incoming):
    found = []

    async def app(scope, receive, send):
        found.append(scope)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    asked = ask(app, **incoming)
    assert asked.status == 200, asked.log
    return found[0]


def test_the_scope_has_every_key_of_the_specification(ask) -> None:
    scope = scope_of(
        ask,
        uri="https://shop.example:8443/caf%C3%A9%2Fau%20lait?a=%20b&c",
        headers=[("Host", b"shop.example:8443"), ("X-Two", b"1"), ("x-two", b"2\xe9")],
        version="HTTP/2",
        client=("192.0.2.7", 4711),
    )

    assert isinstance(scope.pop("fastly.request"), IncomingRequest)
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "2",
        "method": "GET",
        "scheme": "https",
        "path": "/café/au lait",
        "raw_path": b"/caf%C3%A9%2Fau%20lait",
        "query_string": b"a=%20b&c",
        "root_path": "",
        "headers": [(b"host", b"shop.example:8443"), (b"x-two", b"1"), (b"x-two", b"2\xe9")],
        "client": ("192.0.2.7", 0),
        "server": ("shop.example", 8443),
        "state": {},
        "extensions": {
            "http.response.early_hint": {},
            "http.response.pathsend": {},
            "http.response.trailers": {},
        },
    }


@pytest.mark.parametrize("version", ["1.0", "1.1", "2"])
def test_the_version_is_a_number(ask, version) -> None:
    assert scope_of(ask, version=f"HTTP/{version}")["http_version"] == version


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("http://a/", ("a", 80)),
        ("https://a/", ("a", 443)),
        ("http://[::1]/", ("::1", 80)),
        ("https://[::1]:8443/", ("::1", 8443)),
    ],
)
def test_the_server_is_the_url_s(ask, uri, server) -> None:
    assert scope_of(ask, uri=uri)["server"] == server


def test_without_a_host_header_it_is_the_url_s(ask) -> None:
    scope = scope_of(ask, uri="https://shop.example/", headers=[("x-a", b"1")])

    assert scope["headers"] == [(b"host", b"shop.example"), (b"x-a", b"1")]


@pytest.mark.parametrize(
    ("uri", "path", "raw"),
    [
        ("http://a", "/", b"/"),
        ("http://a/%", "/%", b"/%"),
        ("http://a/%ff", "/\ufffd", b"/%ff"),
        ("http://a//b/../c;d=%3B", "//b/../c;d=;", b"//b/../c;d=%3B"),
        ("http://a/a+b", "/a+b", b"/a+b"),
    ],
)
def test_the_path_is_decoded(ask, uri, path, raw) -> None:
    scope = scope_of(ask, uri=uri)

    assert (scope["path"], scope["raw_path"]) == (path, raw)


def test_an_unknown_client_is_none(ask) -> None:
    assert scope_of(ask, client=None)["client"] is None


def test_each_request_has_its_own_scope(ask) -> None:
    first, second = scope_of(ask), scope_of(ask)

    first["extensions"]["http.response.trailers"]["x"] = first["asgi"]["x"] = "changed"
    assert second["extensions"]["http.response.trailers"] == {}
    assert "x" not in second["asgi"]
