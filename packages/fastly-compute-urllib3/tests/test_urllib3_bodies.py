"""Bodies in both directions: framing, streaming, and what `http.client` writes by itself."""

import http.client
import io
import json

import pytest
import urllib3

from fastly_compute.urllib3 import PoolManager

LARGE = bytes(range(256)) * 1000


def framing(seen):
    names = {"content-length", "transfer-encoding"}
    return [(name, value) for name, value in seen["headers"] if name.lower() in names]


@pytest.fixture
def pool(host):
    return PoolManager()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: b"", ("Content-Length", "0")),
        (lambda: b"small", ("Content-Length", "5")),
        (lambda: LARGE, ("Content-Length", "256000")),
        (lambda: "t\xe9xt", ("Content-Length", "5")),
        (lambda: io.BytesIO(b"of a file" * 20_000), ("Transfer-Encoding", "chunked")),
        (lambda: iter([b"of ", b"", b"pieces"]), ("Transfer-Encoding", "chunked")),
    ],
    ids=["empty", "small", "large", "text", "file", "iterator"],
)
def test_a_body_arrives_with_its_framing(pool, origin, make, expected):
    body = make()
    seen = pool.request("POST", origin.url, body=body).json()

    whole = make()
    whole = whole.encode() if isinstance(whole, str) else whole
    whole = whole if isinstance(whole, bytes) else b"".join(whole)
    assert seen["body"] == whole.decode("latin-1")
    assert [(name.title(), value) for name, value in framing(seen)] == [expected]


def test_an_announced_length_of_a_file_is_kept(pool, origin):
    headers = {"Content-Length": "150000"}
    seen = pool.request("PUT", origin.url, body=io.BytesIO(bytes(150_000)), headers=headers).json()

    assert len(seen["body"]) == 150_000
    assert [value for _, value in framing(seen)] == ["150000"]


def test_a_form_with_files(pool, origin):
    fields = {"name": "value", "file": ("a.txt", b"of a file")}
    seen = pool.request("POST", origin.url, fields=fields).json()

    assert 'name="file"; filename="a.txt"' in seen["body"]


def test_chunks_can_be_read_as_they_are(pool, origin):
    response = pool.request("GET", f"{origin.url}/chunked", preload_content=False)

    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.headers.getlist("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert b"".join(response.read_chunked()) == b"one two three"
    assert response.connection is None


@pytest.mark.parametrize("way", ["chunked", "until-close"])
def test_a_body_can_be_read_in_any_way(pool, origin, way):
    whole = {"chunked": b"one two three", "until-close": b"until the end"}[way]

    def get():
        return pool.request("GET", f"{origin.url}/{way}", preload_content=False)

    assert get().read() == whole
    response = get()
    assert (response.read(4), response.read(2), response.read()) == (
        whole[:4],
        whole[4:6],
        whole[6:],
    )
    assert b"".join(get().stream(3)) == whole
    assert b"".join(get()) == whole
    assert io.BufferedReader(get()).read() == whole
    response = get()
    assert response.read1(2) + response.read() == whole
    get().drain_conn()
    get().close()
    get().release_conn()
    assert pool.request("GET", f"{origin.url}/{way}").data == whole


@pytest.mark.parametrize("status", [204, 304])
def test_responses_without_a_body(pool, origin, status):
    response = pool.request("GET", f"{origin.url}/none-of-it?status={status}", redirect=False)
    assert (response.status, response.data) == (status, b"")
    assert pool.request("HEAD", origin.url).data == b""
    assert pool.request("GET", origin.url).status == 200


def test_a_connection_is_used_again(pool, origin):
    for _ in range(3):
        pool.request("GET", origin.url)
    (key,) = pool.pools.keys()
    assert pool.pools[key].num_connections == 1
    assert pool.pools[key].num_requests == 3


def test_redirects_are_followed(pool, origin):
    response = pool.request("POST", f"{origin.url}/?status=303&Location=/there", body=b"x")
    assert response.json()["method"] == "GET"
    assert response.geturl().endswith("/there")


def test_a_client_that_expects_100_continue_gets_it(injected, origin):
    """As botocore does it, which reads the line below `http.client`."""
    connection = urllib3.connection.HTTPConnection(*origin.server_address)
    connection.putrequest("PUT", "/")
    connection.putheader("Expect", "100-continue")
    connection.putheader("Content-Length", "3")
    connection.endheaders()
    assert urllib3.util.wait_for_read(connection.sock, 1)
    with connection.sock.makefile("rb", 0) as file:
        assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert file.readline() == b"\r\n"
    connection.send(b"abc")
    response = connection.response_class(connection.sock, method="PUT")
    response.begin()
    seen = json.loads(response.read())
    assert seen["body"] == "abc"
    assert "expect" not in {name.lower() for name, _ in seen["headers"]}


def test_a_client_that_does_not_wait_for_100_continue_is_answered(injected_http_client, origin):
    connection = http.client.HTTPConnection(*origin.server_address)
    connection.request("PUT", "/", body=b"abc", headers={"Expect": "100-continue"})
    assert json.loads(connection.getresponse().read())["body"] == "abc"


def test_http_client_sends_files_and_iterables(injected_http_client, origin):
    connection = http.client.HTTPConnection(*origin.server_address)
    for body in (io.BytesIO(b"abc"), iter([b"a", b"bc"])):
        connection.request("POST", "/", body=body)
        assert json.loads(connection.getresponse().read())["body"] == "abc"
