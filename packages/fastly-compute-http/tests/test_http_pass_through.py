import pytest

from fastly_compute.core import HandleClosed
from fastly_compute.http import IncomingRequest, Request, Response


def test_a_response_passes_through_unread(ask, origin, calls):
    answer = ask(lambda _: Request("GET", f"{origin}/404").send("origin"))

    assert (answer.status, bytes(answer.body)) == (404, b"not here")
    assert ("X-From", b"origin") in answer.headers
    assert calls == [
        "http-req.Request.get_method",
        "backend.Backend.open",
        "http-body.new",
        "http-req.Request.new",
        "http-req.Request.set_method",
        "http-req.Request.set_uri",
        "http-req.Request.append_header",
        "http-req.send",
        "http-resp.send_downstream",
    ]


def test_a_request_passes_through_unread(ask, origin, calls):
    data = bytes(range(256)) * 4000
    answer = ask(
        lambda request: Request("PUT", f"{origin}/echo", body=request.body).send("origin"),
        method="PUT",
        body=data,
    )

    assert answer.body == data
    assert "http-body.read" not in calls


def test_changes_to_a_passed_on_response_are_applied(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/headers").send("origin")
        response.status = 203
        response.headers["X-New"] = "1"
        response.headers["x-latin"] = "\xfcber"
        response.headers.add("Set-Cookie", "c=3")
        del response.headers["x-long"]
        return response

    answer = ask(handle)

    values: dict[str, list[bytes]] = {}
    for name, value in answer.headers:
        values.setdefault(name.lower(), []).append(value)
    assert answer.status == 203
    assert ("X-New", b"1") in answer.headers
    assert values["x-latin"] == [b"\xfcber"]
    assert values["set-cookie"] == [b"a=1", b"b=2", b"c=3"]
    assert "x-long" not in values
    assert values["x-empty"] == [b""]


def test_replaced_headers_remove_all_others(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/headers").send("origin")
        response.headers = {"X-Only": "this"}
        return response

    names = {name.lower() for name, _ in ask(handle).headers}

    assert names == {"x-only", "content-length"}


def test_only_the_headers_that_changed_are_written(ask, origin, calls):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/headers").send("origin")
        response.headers["x-empty"] = "full"
        calls.clear()
        return response

    ask(handle)

    assert calls == ["http-resp.Response.set_header_values", "http-resp.send_downstream"]


def test_a_response_can_be_inspected_and_passed_through(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/304").send("origin")
        assert (response.status, len(response.headers)) == (304, 2)
        return response

    assert ask(handle).status == 304


def test_the_body_of_a_passed_on_response_can_be_replaced(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/404").send("origin")
        response.body = response.body.read().upper()
        return response

    answer = ask(handle)

    assert (answer.status, bytes(answer.body)) == (404, b"NOT HERE")
    assert ("content-length", b"8") in answer.headers


def test_a_response_cannot_be_sent_twice(ask, origin, capsys):
    kept = []

    def handle(_: IncomingRequest) -> Response:
        if not kept:
            kept.append(Request("GET", f"{origin}/404").send("origin"))
        return kept[0]

    assert ask(handle).status == 404
    assert ask(handle).status == 500
    assert "was already sent" in capsys.readouterr().err


def test_a_host_owned_body_is_not_sent_to_head(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        return Response(body=Request("GET", f"{origin}/404").send("origin").body)

    answer = ask(handle, method="HEAD")

    assert (answer.status, bytes(answer.body)) == (200, b"")


def test_the_response_to_head_passes_through_with_its_length(ask, origin):
    answer = ask(
        lambda request: Request(request.method, f"{origin}/404").send("origin"), method="HEAD"
    )

    assert (answer.status, bytes(answer.body), answer.complete) == (404, b"", True)
    assert ("Content-Length", b"8") in answer.headers


@pytest.mark.parametrize(("method", "status"), [("HEAD", 404), ("GET", 204), ("GET", 304)])
def test_the_body_is_left_out_when_the_status_is_changed_to_one_without_a_body(
    ask, origin, method, status
):
    def handle(_: IncomingRequest) -> Response:
        response = Request("POST", f"{origin}/echo", body=b"content").send("origin")
        response.status = status
        return response

    answer = ask(handle, method=method)

    assert (answer.status, bytes(answer.body), answer.complete) == (status, b"", True)


def test_the_unread_rest_of_a_response_passes_through(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("POST", f"{origin}/echo", body=b"first\nrest\n").send("origin")
        response.headers["X-First"] = next(response.body.iter_lines()).decode()
        return response

    answer = ask(handle)

    assert ("X-First", b"first") in answer.headers
    assert (bytes(answer.body), answer.complete) == (b"rest\n", True)


def test_a_connection_can_be_closed_after_a_backends_response(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/404").send("origin")
        response.close_connection = True
        return response

    assert ("connection", b"close") in ask(handle).headers


def test_a_response_has_the_backends_address_and_http_version(sandbox, origin, origin_server):
    response = Request("GET", f"{origin}/404").send("origin")

    assert response.http_version == "HTTP/1.1"
    assert response.remote_address == ("127.0.0.1", origin_server.server_port)
    assert (Response().http_version, Response().remote_address) == (None, None)


@pytest.mark.parametrize("name", ["http_version", "remote_address", "status", "headers"])
def test_a_sent_or_closed_response_says_so(ask, origin, name):
    kept = []

    def handle(_: IncomingRequest) -> Response:
        kept.extend(Request("GET", f"{origin}/404").send("origin") for _ in range(2))
        kept[0].close()
        return kept[1]

    ask(handle)

    for response, told in zip(kept, ("is closed", "was already sent"), strict=True):
        with pytest.raises(HandleClosed, match=f"this Response {told}"):
            getattr(response, name)


def test_a_with_statement_closes_a_response(sandbox, origin):
    with Request("GET", f"{origin}/404").send("origin") as response:
        pass
    response.close()

    assert response.body.closed
    assert repr(response) == "<Response>"
