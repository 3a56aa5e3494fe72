import gzip
import hashlib
import io
import json
import threading
from typing import Any

import pytest
from componentize_py_types import Err
from wit_world.imports.types import Error_GenericError

from fastly_compute.backend import Backend, BackendNotFound
from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.http import (
    Body,
    BodyIncomplete,
    BodyWriteStalled,
    CacheOptions,
    ConnectionRefused,
    HttpCallFailed,
    InvalidHeader,
    Request,
    Response,
    SendError,
)


def seen(response: Response) -> dict[str, Any]:
    return json.loads(response.body.read())


@pytest.mark.usefixtures("sandbox")
def test_a_request_gets_its_response(origin):
    with Request("GET", f"{origin}/404").send("origin") as response:
        assert response.status == 404
        assert response.headers["x-from"] == "origin"
        assert response.body.read() == b"not here"


@pytest.mark.usefixtures("sandbox")
def test_method_target_and_headers_arrive_as_given(origin):
    fields = [("X-One", "1"), ("Accept", "a"), ("accept", "b"), ("X-Latin", "caf\xe9")]

    got = seen(Request("DELETE", f"{origin}/a%2Fb//c?q=%20&r", headers=fields).send("origin"))

    assert (got["method"], got["path"]) == ("DELETE", "/a%2Fb//c?q=%20&r")
    assert [tuple(field) for field in got["headers"] if field[0].lower() != "host"] == fields


@pytest.mark.usefixtures("sandbox")
def test_the_host_header_defaults_to_the_urls_host(origin):
    implied = seen(Request("GET", "http://site.example:8080/x").send("origin"))
    given = seen(Request("GET", f"{origin}/x", headers={"host": "other.example"}).send("origin"))

    assert dict(implied["headers"])["Host"] == "site.example:8080"
    assert [v for n, v in given["headers"] if n.lower() == "host"] == ["other.example"]


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    "value",
    ["a b", "", "a/b", "a\\b", "a@b", "a?b", "a#b", "a:b", "a:65536", "[::1", "caf\xe9", "<a>"],
)
def test_a_host_header_must_be_a_host(origin, value):
    request = Request("GET", f"{origin}/x", headers={"Host": value})
    with pytest.raises(InvalidHeader, match="header 'Host' cannot be"):
        request.send("origin")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("value", ["a", "a:", "a:65535", "a_b.example", "192.0.2.1:80", "[::1]:80"])
def test_any_host_may_be_in_a_host_header(origin, value):
    got = seen(Request("GET", f"{origin}/x", headers={"Host": value}).send("origin"))

    assert [v for n, v in got["headers"] if n.lower() == "host"] == [value]


@pytest.mark.usefixtures("sandbox")
def test_two_host_headers_are_refused(origin):
    request = Request("GET", f"{origin}/x", headers=[("Host", "a"), ("host", "b")])
    with pytest.raises(InvalidHeader, match="a request must have exactly one Host"):
        request.send("origin")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    "make",
    [
        lambda data: data,
        lambda data: data.decode("latin-1").encode("latin-1"),
        io.BytesIO,
        lambda data: iter([data[:7], b"", data[7:]]),
        lambda data: (data[at : at + 1000] for at in range(0, len(data), 1000)),
    ],
)
def test_every_kind_of_body_arrives_completely(origin, make):
    data = bytes(range(256)) * 2500

    got = seen(Request("POST", f"{origin}/x", body=make(data)).send("origin"))

    assert (got["size"], got["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.usefixtures("sandbox")
def test_short_writes_are_continued_and_nothing_is_sent_twice(origin, limit_writes):
    limit_writes(3)

    echoed = Request("POST", f"{origin}/echo", body=b"0123456789").send("origin")

    assert echoed.body.read() == b"0123456789"


@pytest.mark.usefixtures("sandbox")
def test_a_host_that_takes_no_bytes_is_an_error_and_not_an_endless_loop(origin, limit_writes):
    limit_writes(0)

    with pytest.raises(BodyWriteStalled, match="took none of the bytes"):
        Request("POST", f"{origin}/echo", body=b"x").send("origin")


@pytest.mark.usefixtures("sandbox")
def test_a_backend_is_given_by_name_as_an_object_or_found_by_the_url(origin):
    request = Request("GET", f"{origin}/404")

    assert request.send("origin").status == 404
    assert request.send(Backend.open("origin")).status == 404
    assert request.send().status == 404


@pytest.mark.usefixtures("sandbox")
def test_a_body_in_memory_can_be_sent_again(origin):
    request = Request("POST", f"{origin}/echo", body=b"again")

    assert request.send("origin").body.read() == b"again"
    assert request.send("origin").body.read() == b"again"


@pytest.mark.usefixtures("sandbox")
def test_a_body_that_was_sent_cannot_be_sent_again(origin):
    request = Request("POST", f"{origin}/echo", body=iter([b"once"]))
    request.send("origin")

    with pytest.raises(HandleClosed, match="this Body was already sent"):
        request.send("origin")


@pytest.mark.usefixtures("sandbox")
def test_a_response_body_is_passed_on_without_being_read(origin, calls):
    first = Request("POST", f"{origin}/echo", body=b"through").send("origin")
    calls.clear()
    second = Request("POST", f"{origin}/echo", body=first.body).send("origin")

    assert "http-body.read" not in calls
    assert "http-body.new" not in calls
    assert second.body.read() == b"through"
    with pytest.raises(HandleClosed, match="was already sent"):
        first.body.read()


@pytest.mark.usefixtures("sandbox")
def test_only_the_unread_rest_of_a_body_is_passed_on(origin, calls):
    first = Request("POST", f"{origin}/echo", body=b"head\nrest\nof it").send("origin")
    assert next(first.body.iter_lines()) == b"head"
    half = Request("POST", f"{origin}/echo", body=b"0123456789").send("origin")
    assert half.body.read(4) == b"0123"
    calls.clear()

    second = Request("POST", f"{origin}/echo", body=half.body).send("origin")

    assert "http-body.read" not in calls
    assert second.body.read() == b"456789"


@pytest.mark.usefixtures("sandbox")
def test_a_body_read_to_its_end_is_not_sent_as_an_empty_one(origin):
    first = Request("POST", f"{origin}/echo", body=b"all").send("origin")
    assert first.body.read(10) == b"all"

    with pytest.raises(HandleClosed, match="already read to its end"):
        Request("POST", f"{origin}/echo", body=first.body).send("origin")


@pytest.mark.usefixtures("sandbox")
def test_received_headers_are_read_however_long_and_many_they_are(origin):
    headers = Request("GET", f"{origin}/headers").send("origin").headers

    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert headers["x-latin"] == "caf\xe9"
    assert headers["x-long"] == "y" * 20_000
    assert headers["x-empty"] == ""


@pytest.mark.usefixtures("sandbox")
def test_a_refused_connection_says_so():
    with pytest.raises(ConnectionRefused) as caught:
        Request("GET", "http://127.0.0.1:1/x").send()

    error = caught.value
    assert (error.detail, error.is_retry_safe) == ("connection-refused", True)
    assert error.backend in str(error)


@pytest.mark.usefixtures("sandbox")
def test_a_response_that_is_not_http_is_a_send_error(origin):
    with pytest.raises(SendError) as caught:
        Request("GET", f"{origin}/garbage").send("origin")

    assert not caught.value.is_retry_safe


@pytest.mark.usefixtures("sandbox")
def test_an_unknown_backend_is_not_found(origin):
    with pytest.raises(BackendNotFound):
        Request("GET", f"{origin}/x").send("nowhere")


@pytest.mark.usefixtures("sandbox")
def test_an_aborted_body_does_not_look_complete(origin):
    response = Request("GET", f"{origin}/broken").send("origin")

    with pytest.raises(BodyIncomplete):
        response.body.read()
    with pytest.raises(HandleClosed, match="failed while it was read"):
        response.body.read()


@pytest.mark.usefixtures("sandbox")
def test_a_closed_response_says_so(origin):
    response = Request("GET", f"{origin}/x").send("origin")
    response.close()

    with pytest.raises(HandleClosed, match="this Response is closed"):
        _ = response.status
    with pytest.raises(HandleClosed, match="this Response is closed"):
        _ = response.headers
    with pytest.raises(HandleClosed, match="this Body is closed"):
        response.body.read()


def test_without_a_host_sending_says_how_to_get_one(origin):
    with pytest.raises(HostUnavailable):
        Request("GET", f"{origin}/x").send("origin")


@pytest.mark.usefixtures("sandbox")
def test_a_common_request_takes_the_documented_host_calls(origin, calls):
    response = Request("GET", f"{origin}/404", headers={"Accept": "*/*"}).send("origin")
    sent = list(calls)
    calls.clear()
    assert (response.status, response.body.read()) == (404, b"not here")

    assert sent == [
        "backend.Backend.open",
        "http-body.new",
        "http-req.Request.new",
        "http-req.Request.set_method",
        "http-req.Request.set_uri",
        "http-req.Request.append_header",
        "http-req.Request.append_header",
        "http-req.send",
    ]
    assert calls == ["http-resp.Response.get_status", "http-body.read", "http-body.read"]


# Options


def gzipped(talk, request: Request) -> Response:
    def answer() -> None:
        talk.until(b"\r\n\r\n")
        body = gzip.compress(b"content")
        head = "content-encoding: gzip\r\ncache-control: no-store\r\n"
        talk.send(f"HTTP/1.1 200 OK\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body)

    answering = threading.Thread(target=answer)
    answering.start()
    response = request.send("talk")
    answering.join()
    return response


@pytest.mark.usefixtures("sandbox")
def test_the_host_decompresses_gzip_on_request(talk):
    request = Request("GET", "http://a/", decompress_gzip=True)
    response = gzipped(talk, request)

    assert not {"content-encoding", "content-length"} & {name.lower() for name in response.headers}
    assert response.body.read() == b"content"


@pytest.mark.usefixtures("sandbox")
def test_gzip_is_not_decompressed_by_default(talk):
    response = gzipped(talk, Request("GET", "http://a/"))

    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(response.body.read()) == b"content"


FRAMINGS = (b"content-length: 3\r\n", b"transfer-encoding: chunked\r\n")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("options", "framing"), [({}, FRAMINGS[0]), ({"manual_framing": True}, FRAMINGS[1])]
)
def test_the_host_sets_framing_headers_unless_manual_framing_is_on(talk, options, framing):
    headers = {"Transfer-Encoding": "chunked"}
    request = Request("POST", "http://a/", headers=headers, body=b"abc", **options)
    pending = request.send_async("talk")
    talk.until(b"abc")
    talk.answer("204 No Content")

    assert pending.wait().status == 204
    head = talk.got.lower().partition(b"\r\n\r\n")[0] + b"\r\n"
    assert [line for line in FRAMINGS if line in head] == [framing]


@pytest.mark.usefixtures("sandbox")
def test_each_option_is_one_call(origin, calls):
    options = {"cache": CacheOptions(ttl=1), "decompress_gzip": True, "manual_framing": True}
    Request("GET", f"{origin}/404", **options).send("origin")

    assert calls[-4:] == [
        "http-req.Request.set_cache_override",
        "http-req.Request.set_auto_decompress_response",
        "http-req.Request.set_framing_headers_mode",
        "http-req.send",
    ]


@pytest.mark.parametrize("option", ["decompress_gzip", "manual_framing"])
def test_an_option_that_is_not_a_bool_is_refused(option):
    with pytest.raises(TypeError, match=f"{option} must be True or False, not 'no'"):
        Request("GET", "http://a/", **{option: "no"})


@pytest.mark.usefixtures("sandbox")
def test_a_request_that_the_host_refuses_leaves_nothing_open(origin, instead):
    made = []

    def refuse(_function, request, _name, _value):
        made.append(request)
        raise Err(Error_GenericError())

    def new(function):
        made.append(function())
        return made[-1]

    instead("http-req.Request.append_header", refuse)
    instead("http-body.new", new)

    with pytest.raises(HttpCallFailed, match="append-header"):
        Request("POST", f"{origin}/x", body=b"x").send("origin")
    assert [thing.gone for thing in made] == [True, True]


# As a file


@pytest.mark.usefixtures("sandbox")
def test_a_body_is_a_file_for_libraries(origin):
    body = Request("POST", f"{origin}/echo", body=b'{"a":\n1}').send("origin").body

    with body.file() as file:
        assert (file.readable(), file.writable(), file.seekable()) == (True, False, False)
        assert file.readline() == b'{"a":\n'
        assert file.read() == b"1}"
        assert file.read() == b""
    assert body.closed


@pytest.mark.usefixtures("sandbox")
def test_libraries_read_a_body_as_it_arrives(origin):
    content = gzip.compress(json.dumps({"many": list(range(100_000))}).encode())
    body = Request("POST", f"{origin}/echo", body=content).send("origin").body

    with gzip.open(body.file()) as file:
        assert json.load(file) == {"many": list(range(100_000))}


@pytest.mark.usefixtures("sandbox")
def test_an_aborted_file_raises(origin):
    body = Request("GET", f"{origin}/broken").send("origin").body

    with body.file() as file, pytest.raises(BodyIncomplete):
        file.read()


def test_a_body_that_was_read_cannot_become_a_file():
    body = Body(b"x")
    body.read()

    with pytest.raises(HandleClosed):
        body.file()
