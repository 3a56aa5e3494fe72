"""The clients: their arguments, and the cookies of each client's request."""

import ssl
import threading

import httpx
import pytest

from fastly_compute.http import Response, service
from fastly_compute.httpx import AsyncClient, AsyncTransport, Client, Transport
from fastly_compute.local import Incoming, NativeApp

CLIENTS = pytest.mark.parametrize("client", [Client, AsyncClient])


@CLIENTS
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"http2": True}, "connections are the platform's"),
        ({"http1": False}, "connections are the platform's"),
        ({"proxy": "http://proxy.example"}, "a backend says where requests go"),
        ({"limits": httpx.Limits(max_connections=1)}, "DynamicBackendConfig"),
        ({"verify": False}, "the platform always verifies certificates"),
        ({"verify": "ca.pem"}, "pass its PEM text"),
        ({"verify": ssl.create_default_context()}, "pass its PEM text"),
        ({"cert": "client.pem"}, "the key as a Secret"),
        ({"cert": ("client.pem", "key.pem")}, "the key as a Secret"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(client, options, reason):
    (name,) = options
    with pytest.raises(NotImplementedError, match=f"{name}= .*not supported: .*{reason}"):
        client(**options)


@CLIENTS
def test_the_defaults_of_what_cannot_work_are_taken(client):
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
    client(http1=True, http2=False, proxy=None, limits=limits, trust_env=True, verify=True)


@CLIENTS
@pytest.mark.parametrize("name", ["uds", "local_address", "retries", "timeouts"])
def test_an_unknown_argument_is_refused(client, name):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        client(**{name: 1})


@pytest.mark.parametrize(
    ("client", "transport"), [(Client, Transport), (AsyncClient, AsyncTransport)]
)
@pytest.mark.parametrize("name", ["backend", "cache", "cert", "ignore_timeout", "verify"])
def test_a_transport_that_is_given_has_its_own_settings(client, transport, name):
    with pytest.raises(ValueError, match=f"{name}= has no effect on the transport"):
        client(transport=transport(), **{name: None})


@pytest.mark.usefixtures("sandbox")
def test_the_arguments_of_httpx_are_httpxs(origin):
    seen = []
    client = Client(
        auth=("user", "pass"),
        base_url=origin.url,
        cookies={"a": "1"},
        default_encoding="ascii",
        event_hooks={"request": [seen.append], "response": [seen.append]},
        follow_redirects=True,
        headers={"X-Own": "yes"},
        max_redirects=1,
        params={"b": "2"},
        timeout=3,
    )
    response = client.get("/x")

    headers = response.json()["headers"]
    assert response.json()["path"] == "/x?b=2"
    assert (headers["x-own"], headers["cookie"]) == ("yes", "a=1")
    assert headers["authorization"].startswith("Basic ")
    assert seen == [response.request, response]
    assert response.default_encoding == "ascii"
    with pytest.raises(httpx.TooManyRedirects):
        client.get("/loop")


def test_the_environment_is_not_read(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example")

    assert not Client(trust_env=True).trust_env
    assert Client()._mounts == {}


def asked(host, app, cookie):
    answer = host.request(app, Incoming(uri=f"http://shop.example/?{cookie}"))
    assert answer.status == 200, bytes(answer.body)
    return bytes(answer.body).decode()


@pytest.mark.parametrize("keep", [False, True])
def test_cookies_are_those_of_each_clients_request(host, origin, keep):
    client = Client(base_url=origin.url, cookies={"app": "1"}, keep_cookies=keep)

    @service
    def app(request):
        client.get("/", params={"set-cookie": f"{request.url.partition('?')[2]}=1"})
        return Response.text(client.get("/").json()["headers"]["cookie"])

    native = NativeApp(app)
    assert asked(host, native, "first") == "app=1; first=1"
    assert asked(host, native, "second") == (
        "app=1; first=1; second=1" if keep else "app=1; second=1"
    )
    assert dict(client.cookies) == {"app": "1"} | ({"first": "1", "second": "1"} if keep else {})


def test_cookies_that_are_assigned_in_a_handler_are_of_its_request(host, origin):
    client = Client(base_url=origin.url)
    client.cookies = {"app": "1"}

    @service
    def app(request):
        before = dict(client.cookies)
        client.cookies = {"own": "2"}
        sent = client.get("/").json()["headers"]["cookie"]
        return Response.json([before, sent])

    native = NativeApp(app)
    for _ in range(2):
        assert asked(host, native, "x") == '[{"app":"1"},"own=2"]'
    assert dict(client.cookies) == {"app": "1"}


def test_visitors_at_the_same_time_have_their_own_cookies(host, origin):
    client = Client(base_url=origin.url)
    both = threading.Barrier(2)

    @service
    def app(request):
        client.get("/", params={"set-cookie": f"{request.url.partition('?')[2]}=1"})
        both.wait(30)
        return Response.text(client.get("/").json()["headers"]["cookie"])

    native = NativeApp(app)
    found = {}

    def visit(name):
        found[name] = asked(host, native, name)

    threads = [threading.Thread(target=visit, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {"one": "one=1", "two": "two=1"}
