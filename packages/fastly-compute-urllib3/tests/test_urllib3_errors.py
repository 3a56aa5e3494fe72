"""What goes wrong on the way raises what urllib3 and `http.client` raise, with the cause."""

import http.client
import socket
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import requests
import urllib3
from urllib3.exceptions import (
    IncompleteRead,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from fastly_compute.backend import BackendNotAllowed, allow_dynamic_backends
from fastly_compute.core import HostUnavailable
from fastly_compute.http import ConnectionRefused, DnsError, ResponseTimeout
from fastly_compute.urllib3 import PoolManager, inject_into_urllib3


@pytest.fixture
def refusing():
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def pool(host):
    return PoolManager(retries=False)


def test_a_refused_connection(pool, refusing):
    with pytest.raises(NewConnectionError, match="refused") as caught:
        pool.request("GET", refusing)
    assert isinstance(caught.value.__cause__, ConnectionRefused)


def test_a_name_that_does_not_exist(pool):
    with pytest.raises(NameResolutionError, match=r"nowhere\.invalid") as caught:
        pool.request("GET", "http://nowhere.invalid/")
    assert isinstance(caught.value.__cause__, DnsError)


def test_no_response_in_time(pool, origin):
    with pytest.raises(ReadTimeoutError) as caught:
        pool.request("GET", f"{origin.url}/late", timeout=urllib3.Timeout(read=0.05))
    assert isinstance(caught.value.__cause__.__cause__, ResponseTimeout)


@pytest.mark.parametrize("way", ["none", "reset"])
def test_a_connection_that_ends_before_the_response(pool, origin, way):
    with pytest.raises(ProtocolError, match="Connection aborted"):
        pool.request("GET", f"{origin.url}/{way}")


@pytest.mark.parametrize("way", ["short", "short-chunks"])
@pytest.mark.parametrize("preload", [True, False])
def test_a_body_that_ends_too_early(pool, origin, way, preload):
    def get():
        response = pool.request("GET", f"{origin.url}/{way}", preload_content=preload)
        return b"".join(response.stream())

    with pytest.raises((IncompleteRead, ProtocolError)) as caught:
        get()
    early = "ended prematurely" if way == "short-chunks" and not preload else "IncompleteRead"
    assert early in repr(caught.value)


def test_a_backend_that_the_policy_forbids(pool, origin):
    allow_dynamic_backends(["api.example"])
    with pytest.raises(NewConnectionError, match="allow_dynamic_backends") as caught:
        pool.request("GET", origin.url)
    assert isinstance(caught.value.__cause__, BackendNotAllowed)
    assert origin.seen == []


def test_a_backend_that_does_not_exist(host, origin):
    with pytest.raises(NewConnectionError, match="does not exist"):
        PoolManager(backend="none", retries=False).request("GET", origin.url)


def test_retries_are_counted_as_usual(host, refusing, origin):
    with pytest.raises(MaxRetryError) as caught:
        PoolManager(retries=urllib3.Retry(2, backoff_factor=0)).request("GET", refusing)
    assert isinstance(caught.value.reason, NewConnectionError)
    retry = urllib3.Retry(2, status_forcelist=[503], backoff_factor=0)
    with pytest.raises(MaxRetryError, match="503"):
        PoolManager(retries=retry).request("GET", f"{origin.url}/?status=503")
    assert len(origin.seen) == 3


def test_requests_raises_its_own(injected, refusing, origin):
    with pytest.raises(requests.ConnectionError):
        requests.get(refusing)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{origin.url}/late", timeout=0.05)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{origin.url}/short-chunks")


@pytest.mark.usefixtures("injected_http_client")
def test_urlopen_raises_its_own(refusing):
    for url in (refusing, "http://nowhere.invalid/"):
        with pytest.raises(URLError) as caught:
            urlopen(url, timeout=5)
        assert isinstance(caught.value.reason, OSError)


def test_http_client_raises_the_errors_of_sockets(injected_http_client, refusing, origin):
    def get(url, path="/", timeout=None):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=timeout)
        connection.request("GET", path)
        return connection.getresponse().read()

    with pytest.raises(ConnectionRefusedError):
        get(refusing)
    with pytest.raises(socket.gaierror):
        get("http://nowhere.invalid")
    with pytest.raises(TimeoutError):
        get(origin.url, "/late", timeout=0.05)
    with pytest.raises(http.client.RemoteDisconnected):
        get(origin.url, "/none")
    with pytest.raises(http.client.IncompleteRead):
        get(origin.url, "/short")


@pytest.mark.usefixtures("injected")
class TestRefused:
    @pytest.mark.parametrize(
        "options",
        [
            {"source_address": ("127.0.0.1", 0)},
            {"socket_options": [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]},
        ],
    )
    def test_options_of_sockets(self, origin, options):
        with pytest.raises(NotImplementedError, match="the host makes the connections"):
            urllib3.PoolManager(**options).request("GET", origin.url)

    @pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/"])
    def test_proxies(self, origin, url):
        with pytest.raises(NotImplementedError, match="proxies"):
            urllib3.ProxyManager(origin.url).request("GET", url)
        with pytest.raises(NotImplementedError, match="proxies"):
            requests.get(url, proxies={"http": origin.url, "https": origin.url})
        assert origin.seen == []

    @pytest.mark.parametrize(("backend", "timeout"), [("origin", 5), (None, 0)])
    def test_timeouts_that_cannot_be(self, origin, backend, timeout):
        with pytest.raises(ValueError, match=r"timeout"):
            PoolManager(backend=backend).request("GET", origin.url, timeout=timeout)

    def test_bodies_of_another_length(self, origin):
        for length in ("2", "9", "five", "-1"):
            with pytest.raises(ValueError, match=r"Content-Length|announced"):
                urllib3.request(
                    "POST", origin.url, body=b"five5", headers={"Content-Length": length}
                )
        assert origin.seen == []


def test_without_a_host_nothing_is_sent():
    from fastly_compute.urllib3 import extract_from_urllib3

    inject_into_urllib3()
    try:
        with pytest.raises(HostUnavailable):
            urllib3.request("GET", "http://127.0.0.1:1/", retries=False)
    finally:
        extract_from_urllib3()


def test_a_host_that_no_backend_can_have_is_not_found(injected):
    for url in ("http://a%20b/", "http://[fe80::1%25lo]/"):
        with pytest.raises(NameResolutionError, match="host name or an IP address"):
            urllib3.request("GET", url, retries=False)
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(url)
