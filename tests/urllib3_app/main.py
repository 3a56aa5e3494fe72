"""Sends requests with urllib3, `requests`, and `http.client`, as the query says."""

import json
import ssl
import urllib.request
from collections.abc import Callable

import requests
import urllib3

from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.urllib3 import PoolManager, inject_into_http_client, inject_into_urllib3

inject_into_urllib3()
inject_into_http_client()

injected = urllib3.PoolManager()
ours = PoolManager()


def pool_request(request: IncomingRequest, url: str) -> object:
    return injected.request("GET", url, headers={"X-Own": "yes"}).json()


def own_pool(request: IncomingRequest, url: str) -> object:
    return ours.request("POST", url, body=b"abc", timeout=20).json()


def named(request: IncomingRequest, url: str) -> object:
    return PoolManager(backend="origin").request("GET", url).json()


def real_requests(request: IncomingRequest, url: str) -> object:
    with requests.Session() as session:
        session.cookies.set("a", "1")
        return session.post(url, json=[1], timeout=20).json()


def urlopen(request: IncomingRequest, url: str) -> object:
    with urllib.request.urlopen(url, data=b"abc", timeout=20) as response:
        return json.load(response)


def chunked(request: IncomingRequest, url: str) -> object:
    return injected.request("POST", url, body=(bytes([65 + i]) * 20_000 for i in range(5))).json()


def failed(request: IncomingRequest, url: str) -> object:
    try:
        injected.request("GET", url, retries=False)
    except urllib3.exceptions.HTTPError as error:
        return [type(error).__name__, str(error)]
    return None


def insecure(request: IncomingRequest, url: str) -> object:
    try:
        requests.get(url.replace("http:", "https:"), verify=False)
    except NotImplementedError as error:
        return str(error)
    return None


def context(request: IncomingRequest, url: str) -> object:
    """Trust the authority that the client sends, by way of an `SSLContext`."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(cadata=request.body.read().decode())
    return PoolManager(ssl_context=trusting).request("GET", url).json()


def client_cert(request: IncomingRequest, url: str) -> object:
    showing = ssl.create_default_context()
    try:
        showing.load_cert_chain("client.pem")
        PoolManager(ssl_context=showing).request("GET", url)
    except (FileNotFoundError, NotImplementedError) as error:
        return str(error)
    return None


WAYS: dict[str, Callable[[IncomingRequest, str], object]] = {
    f"/{way.__name__}": way
    for way in (
        pool_request,
        own_pool,
        named,
        real_requests,
        urlopen,
        chunked,
        failed,
        insecure,
        context,
        client_cert,
    )
}


def handle(request: IncomingRequest) -> Response:
    url = request.headers["X-Url"]
    if request.path == "/stream":
        answer = injected.request("GET", url, preload_content=False)
        return Response(answer.status, body=answer.stream(65536))
    return Response.json(WAYS[request.path](request, url))


HttpIncoming = service(handle)
