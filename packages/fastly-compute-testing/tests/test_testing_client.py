"""The client of an app under test."""

import json

import pytest
from wit_world.imports import http_body, http_resp

from fastly_compute.testing import MessageHeaders

LARGE = 1 << 16


class Echo:
    """Answers with what it got, and with trailers, unless it is told to fail."""

    def handle(self, request, body):
        method, uri = request.get_method(LARGE), request.get_uri(LARGE)
        if uri.endswith("/raise"):
            raise RuntimeError("as instructed")
        names = request.get_header_names(LARGE, 0)[0].split("\0")[:-1]
        seen = {
            "method": method,
            "uri": uri,
            "headers": {name: request.get_header_value(name, LARGE).decode() for name in names},
            "body": http_body.read(body, LARGE).decode(),
        }
        response = http_resp.Response.new()
        response.set_status(201)
        response.append_header("Content-Type", b"application/json")
        response.append_header("Set-Cookie", b"a=1")
        response.append_header("set-cookie", b"b=2")
        out = http_body.new()
        http_resp.send_downstream_streaming(response, out)
        http_body.write(out, json.dumps(seen).encode())
        if uri.endswith("/abort"):
            raise RuntimeError("half-way")
        http_body.append_trailer(out, "X-Sum", b"7")
        http_body.close(out)


@pytest.fixture
def compute_app():
    return Echo


def test_an_answer_has_all_of_what_the_app_sent(compute_client) -> None:
    answer = compute_client.get("/path?query")

    assert answer.status == 201
    assert answer.headers["CONTENT-type"] == "application/json"
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["set-cookie"] == "a=1, b=2"
    assert json.loads(answer.body) == answer.json() == json.loads(answer.text)
    assert dict(answer.trailers) == {"X-Sum": "7"}
    assert answer.complete


def test_a_request_has_a_host(compute_client) -> None:
    seen = compute_client.get("/path?query").json()

    assert seen["uri"] == "http://localhost/path?query"
    assert seen["headers"] == {"host": "localhost"}


def test_a_whole_url_says_the_host(compute_client) -> None:
    seen = compute_client.get("https://shop.example:8443/", headers={"X-Key": "1"}).json()

    assert seen["uri"] == "https://shop.example:8443/"
    assert seen["headers"] == {"host": "shop.example:8443", "x-key": "1"}


def test_headers_given_take_the_place_of_those_that_are_added(compute_client) -> None:
    headers = {"Host": "other.example", "Content-Type": "application/problem+json"}
    seen = compute_client.post("/", json=[1], headers=headers).json()

    assert seen["headers"] == {
        "host": "other.example",
        "content-type": "application/problem+json",
        "content-length": "3",
    }


def test_a_body_is_bytes_or_json(compute_client) -> None:
    assert compute_client.post("/", body=b"abc").json()["body"] == "abc"
    assert compute_client.post("/", json={"a": 1}).json()["body"] == '{"a": 1}'
    with pytest.raises(ValueError, match="exclude each other"):
        compute_client.post("/", body=b"abc", json=1)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_each_short_form_sends_its_method(compute_client, method) -> None:
    assert getattr(compute_client, method.lower())("/").json()["method"] == method
    assert compute_client.request(method, "/").json()["method"] == method


def test_an_app_that_raises_is_a_500_with_its_traceback_in_the_output(
    compute_client, compute_host
) -> None:
    assert compute_client.get("/raise").status == 500
    assert "RuntimeError: as instructed" in compute_host.output


def test_an_answer_that_breaks_off_is_not_complete(compute_client) -> None:
    answer = compute_client.get("/abort")

    assert (answer.status, answer.complete) == (201, False)


@pytest.mark.parametrize("path", ["path", "/a b", "/ü", "ftp://a/", "https://a/#b", ""])
def test_a_path_that_cannot_be_sent_is_refused(compute_client, path) -> None:
    with pytest.raises(ValueError, match="must start with / or http"):
        compute_client.get(path)


def test_text_is_decoded_by_its_charset() -> None:
    from fastly_compute.testing import ClientResponse

    headers = MessageHeaders({"Content-Type": 'text/plain; Charset="latin-1"'})
    answer = ClientResponse(status=200, headers=headers, body=b"\xfc", trailers=MessageHeaders())

    assert answer.text == "ü"
