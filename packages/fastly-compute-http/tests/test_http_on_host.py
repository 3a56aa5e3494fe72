import hashlib
import importlib
import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FunctionType

import pytest

from fastly_compute.backend import Backend, BackendNotFound
from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.http import (
    BodyIncomplete,
    BodyNotTaken,
    ConnectionRefused,
    Headers,
    IncomingRequest,
    Request,
    Response,
    SendError,
    service,
)
from fastly_compute.local import Answer, BackendConfig, Host, Incoming, LocalServer, NativeApp

Handler = Callable[[IncomingRequest], Response]
Ask = Callable[..., Answer]


def body_of(request: BaseHTTPRequestHandler) -> bytes:
    if "transfer-encoding" not in request.headers:
        return request.rfile.read(int(request.headers.get("content-length", 0)))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = body_of(self)
        path = self.path.partition("?")[0]
        if path == "/echo":
            self._answer(200, [("Content-Type", "application/octet-stream")], body)
        elif path == "/broken":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif path == "/garbage":
            self.wfile.write(b"nonsense\r\n\r\n")
            self.close_connection = True
        elif path == "/headers":
            fields = [("Set-Cookie", "a=1"), ("X-Latin", "caf\xe9"), ("Set-Cookie", "b=2")]
            self._answer(200, [*fields, ("X-Long", "y" * 20_000), ("X-Empty", "")], b"")
        elif path == "/304":
            self.send_response(304)
            self.end_headers()
        elif path == "/404":
            self._answer(404, [("X-From", "origin")], b"not here")
        else:
            seen = {
                "method": self.command,
                "path": self.path,
                "headers": self.headers.items(),
                "size": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            self._answer(200, [("Content-Type", "application/json")], json.dumps(seen).encode())

    do_DELETE = do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _answer(self, status, fields, body):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def host(origin: str) -> Iterator[Host]:
    with Host(LocalServer(backends={"origin": BackendConfig(url=origin)})) as host:
        yield host


@pytest.fixture
def sandbox(host: Host) -> Iterator[None]:
    with host.native():
        yield


@pytest.fixture
def ask(host: Host) -> Ask:
    def ask(handler: Handler, **incoming: object) -> Answer:
        return host.request(NativeApp(service(handler)), Incoming(**incoming))

    return ask


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every host call from here on, such as ``http_req.send`` or ``Request.set_uri``."""
    made: list[str] = []

    def recorded(label: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            # The host uses its own functions as well.
            if not sys._getframe(1).f_globals["__name__"].startswith("fastly_compute.local"):
                made.append(label)
            return function(*args)

        return call

    for name in ("backend", "http_body", "http_downstream", "http_req", "http_resp"):
        module = importlib.import_module(f"wit_world.imports.{name}")
        for attribute, value in list(vars(module).items()):
            if isinstance(value, FunctionType):
                monkeypatch.setattr(module, attribute, recorded(f"{name}.{attribute}", value))
            elif attribute in {"Backend", "Request", "Response"} and isinstance(value, type):
                for member, found in list(vars(value).items()):
                    label = f"{attribute}.{member}"
                    if isinstance(found, classmethod):
                        wrapped = classmethod(recorded(label, found.__func__))
                        monkeypatch.setattr(value, member, wrapped)
                    elif isinstance(found, FunctionType) and not member.startswith("_"):
                        monkeypatch.setattr(value, member, recorded(label, found))
    return made


def limit_writes(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Have the host take no more than so many bytes at a time."""
    module = importlib.import_module("wit_world.imports.http_body")
    write = module.write
    monkeypatch.setattr(module, "write", lambda body, buf: write(body, buf[:most]))


def seen(response: Response) -> dict[str, object]:
    return json.loads(response.body.read())


# Sending


@pytest.mark.usefixtures("sandbox")
def test_a_request_gets_its_response(origin):
    with Request("GET", f"{origin}/404").send("origin") as response:
        assert response.status == 404
        assert response.headers["x-from"] == "origin"
        assert response.body.read() == b"not here"


@pytest.mark.usefixtures("sandbox")
def test_method_target_and_headers_arrive_as_they_were_given(origin):
    fields = [("X-One", "1"), ("Accept", "a"), ("accept", "b"), ("X-Latin", "caf\xe9")]

    got = seen(Request("DELETE", f"{origin}/a%2Fb//c?q=%20&r", headers=fields).send("origin"))

    assert (got["method"], got["path"]) == ("DELETE", "/a%2Fb//c?q=%20&r")
    assert [tuple(field) for field in got["headers"] if field[0].lower() != "host"] == fields


@pytest.mark.usefixtures("sandbox")
def test_the_host_header_is_the_urls_unless_there_is_one(origin):
    implied = seen(Request("GET", "http://site.example:8080/x").send("origin"))
    given = seen(Request("GET", f"{origin}/x", headers={"host": "other.example"}).send("origin"))

    assert dict(implied["headers"])["Host"] == "site.example:8080"
    assert [v for n, v in given["headers"] if n.lower() == "host"] == ["other.example"]


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
def test_every_kind_of_body_arrives_whole(origin, make):
    data = bytes(range(256)) * 2500

    got = seen(Request("POST", f"{origin}/x", body=make(data)).send("origin"))

    assert (got["size"], got["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.usefixtures("sandbox")
def test_short_writes_are_continued_and_nothing_is_sent_twice(origin, monkeypatch):
    limit_writes(monkeypatch, 3)

    echoed = Request("POST", f"{origin}/echo", body=b"0123456789").send("origin")

    assert echoed.body.read() == b"0123456789"


@pytest.mark.usefixtures("sandbox")
def test_a_host_that_takes_nothing_is_an_error_and_no_endless_loop(origin, monkeypatch):
    limit_writes(monkeypatch, 0)

    with pytest.raises(BodyNotTaken, match="took none of the bytes"):
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
def test_a_body_that_was_given_away_is_not_sent_again(origin):
    request = Request("POST", f"{origin}/echo", body=iter([b"once"]))
    request.send("origin")

    with pytest.raises(HandleClosed, match="this Body was already sent"):
        request.send("origin")


@pytest.mark.usefixtures("sandbox")
def test_a_response_body_is_handed_on_without_being_read(origin, calls):
    first = Request("POST", f"{origin}/echo", body=b"through").send("origin")
    calls.clear()
    second = Request("POST", f"{origin}/echo", body=first.body).send("origin")

    assert "http_body.read" not in calls
    assert "http_body.new" not in calls
    assert second.body.read() == b"through"
    with pytest.raises(HandleClosed, match="was already sent"):
        first.body.read()


@pytest.mark.usefixtures("sandbox")
def test_what_was_read_of_a_body_is_not_handed_on_but_the_rest_is(origin, calls):
    first = Request("POST", f"{origin}/echo", body=b"head\nrest\nof it").send("origin")
    assert next(first.body.iter_lines()) == b"head"
    half = Request("POST", f"{origin}/echo", body=b"0123456789").send("origin")
    assert half.body.read(4) == b"0123"
    calls.clear()

    second = Request("POST", f"{origin}/echo", body=half.body).send("origin")

    assert "http_body.read" not in calls
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
def test_a_response_that_is_no_http_is_a_send_error(origin):
    with pytest.raises(SendError) as caught:
        Request("GET", f"{origin}/garbage").send("origin")

    assert not caught.value.is_retry_safe


@pytest.mark.usefixtures("sandbox")
def test_an_unknown_backend_is_not_found(origin):
    with pytest.raises(BackendNotFound):
        Request("GET", f"{origin}/x").send("nowhere")


@pytest.mark.usefixtures("sandbox")
def test_a_body_that_breaks_off_does_not_look_whole(origin):
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
def test_a_common_request_takes_so_many_host_calls(origin, calls):
    response = Request("GET", f"{origin}/404", headers={"Accept": "*/*"}).send("origin")
    sent = list(calls)
    calls.clear()
    assert (response.status, response.body.read()) == (404, b"not here")

    assert sent == [
        "Backend.open",
        "http_body.new",
        "Request.new",
        "Request.set_method",
        "Request.set_uri",
        "Request.append_header",
        "Request.append_header",
        "http_req.send",
    ]
    assert calls == ["Response.get_status", "http_body.read", "http_body.read"]


# The client's request


def test_a_handler_sees_the_request(ask):
    got = {}

    def handle(request: IncomingRequest) -> Response:
        for name in ("method", "url", "path", "query_string", "query", "client_address"):
            got[name] = getattr(request, name)
        got["headers"] = request.headers
        got["body"] = request.body.read()
        got["repr"] = repr(request)
        return Response()

    ask(
        handle,
        method="PUT",
        uri="http://site.example/a%20b?x=1&y=%C3%A9&x=&z",
        headers=[("X-Latin", b"caf\xe9"), ("Accept", b"a"), ("accept", b"b")],
        body=b"sent",
        client=("192.0.2.7", 1234),
    )

    assert got == {
        "method": "PUT",
        "url": "http://site.example/a%20b?x=1&y=%C3%A9&x=&z",
        "path": "/a%20b",
        "query_string": "x=1&y=%C3%A9&x=&z",
        "query": {"x": ["1", ""], "y": ["é"], "z": [""]},
        "client_address": "192.0.2.7",
        "headers": Headers([("x-latin", "caf\xe9"), ("accept", "a"), ("accept", "b")]),
        "body": b"sent",
        "repr": "<IncomingRequest PUT http://site.example/a%20b>",
    }


@pytest.mark.parametrize("client", [("2001:db8::1", 1), None])
def test_a_client_address_may_be_ipv6_or_unknown(ask, client):
    answer = ask(lambda request: Response.json(request.client_address), client=client)

    assert json.loads(answer.body) == (client and client[0])


def test_each_request_has_an_identifier(ask):
    answer = ask(lambda request: Response.text(request.request_id))

    assert len(answer.body) == 32


def test_a_long_url_is_read_whole(ask):
    uri = "http://site.example/?" + "q" * 50_000
    answer = ask(lambda request: Response.text(request.url), uri=uri)

    assert answer.body.decode() == uri


def test_a_request_asks_the_host_for_nothing_that_is_not_used(ask, calls):
    ask(lambda _: Response.text("hello"), headers=[("a", b"b")])

    assert calls == [
        "Request.get_method",
        "http_body.new",
        "http_body.write",
        "Response.new",
        "Response.set_status",
        "Response.append_header",
        "http_resp.send_downstream",
    ]


def test_what_is_read_of_a_request_is_read_once(ask, calls):
    def handle(request: IncomingRequest) -> Response:
        _ = request.path, request.query, request.url
        _ = request.headers, request.headers
        _ = request.client_address, request.client_address
        _ = request.request_id, request.request_id
        return Response()

    ask(handle, headers=[("a", b"b")], client=None)

    for call in (
        "Request.get_uri",
        "Request.get_header_names",
        "Request.get_header_values",
        "http_downstream.downstream_client_ip_addr",
        "http_downstream.downstream_client_request_id",
    ):
        assert calls.count(call) == 1


def test_a_request_is_gone_after_it_was_answered(ask):
    kept = []
    ask(lambda request: kept.append(request) or Response())

    assert kept[0].closed
    with pytest.raises(HandleClosed, match="this IncomingRequest is closed"):
        _ = kept[0].url
    with pytest.raises(HandleClosed, match="this Body is closed"):
        kept[0].body.read()


def test_a_request_cannot_be_made_by_hand():
    with pytest.raises(TypeError, match="use a handler under"):
        IncomingRequest()


# Answering


def test_an_answer_has_its_status_headers_and_body(ask):
    fields = [("X-One", "1"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X-L", "caf\xe9")]

    answer = ask(lambda _: Response(418, fields, b"short and stout"))

    assert (answer.status, bytes(answer.body), answer.complete) == (418, b"short and stout", True)
    sent = [(name, value.decode("latin-1")) for name, value in answer.headers]
    assert sent == [*fields, ("content-length", "15")]


def test_a_service_can_be_made_by_a_decorator(host):
    @service
    def incoming(request: IncomingRequest) -> Response:
        return Response.text(request.method)

    assert host.request(NativeApp(incoming)).body == b"GET"
    assert repr(incoming).startswith("<Service ")
    assert "test_a_service_can_be_made_by_a_decorator.<locals>.incoming" in repr(incoming)


def test_the_app_of_the_readme_works(host):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    app: dict[str, object] = {}
    exec(readme.partition("```python\n")[2].partition("```")[0], app)

    hello = host.request(NativeApp(app["HttpIncoming"]), Incoming(uri="http://a/hello?name=Ada"))
    proxied = host.request(NativeApp(app["HttpIncoming"]), Incoming(uri="http://a/404"))

    assert hello.body == b"Hello, Ada!"
    assert (proxied.status, proxied.body) == (404, b"not here")
    assert ("X-Served-By", b"the edge") in proxied.headers


def test_a_service_is_made_of_a_function():
    with pytest.raises(TypeError, match=r"service\(\) takes a function, not str"):
        service("handle")


def test_a_response_made_once_can_answer_many_requests(ask):
    constant = Response.text("the same")

    assert ask(lambda _: constant).body == b"the same"
    assert ask(lambda _: constant, method="HEAD").body == b""
    assert ask(lambda _: constant).body == b"the same"


def test_a_long_answer_survives_short_writes(ask, monkeypatch):
    limit_writes(monkeypatch, 1000)
    data = bytes(range(256)) * 100

    assert ask(lambda _: Response(body=data)).body == data
    assert ask(lambda _: Response(body=iter([data, data]))).body == data * 2


def test_a_body_is_streamed_piece_by_piece_as_it_is_produced(ask, calls):
    def produce() -> Iterator[bytes]:
        for piece in (b"one", b"two"):
            calls.append(f"produced {piece.decode()}")
            yield piece
        calls.append("end")

    answer = ask(lambda _: Response(body=produce()))

    assert (bytes(answer.body), answer.complete) == (b"onetwo", True)
    assert [call for call in calls if not call.startswith("Re")] == [
        "produced one",
        "http_body.new",
        "http_resp.send_downstream_streaming",
        "http_body.write",
        "produced two",
        "http_body.write",
        "end",
        "http_body.close",
    ]


def test_an_empty_first_piece_sends_the_head_at_once(ask, calls):
    def produce() -> Iterator[bytes]:
        yield b""
        calls.append("next")
        yield b"x"

    ask(lambda _: Response(body=produce()))

    assert calls.index("http_resp.send_downstream_streaming") < calls.index("next")


def test_an_iterable_that_produces_nothing_is_an_empty_answer(ask):
    answer = ask(lambda _: Response(201, body=iter([])))

    assert (answer.status, bytes(answer.body), answer.complete) == (201, b"", True)


def test_a_file_is_streamed(ask):
    assert ask(lambda _: Response(body=io.BytesIO(b"x" * 200_000))).body == b"x" * 200_000


def test_an_exception_while_streaming_aborts_the_answer(ask, capsys):
    ended = []

    def produce() -> Iterator[bytes]:
        try:
            yield b"half"
            raise RuntimeError("in the middle")
        finally:
            ended.append(True)

    answer = ask(lambda _: Response(body=produce()))

    assert (answer.status, bytes(answer.body), answer.complete) == (200, b"half", False)
    assert ended == [True]
    assert "RuntimeError: in the middle" in capsys.readouterr().err


def test_a_piece_that_is_no_bytes_aborts_the_answer(ask, capsys):
    answer = ask(lambda _: Response(body=iter([b"a", "b"])))

    assert (bytes(answer.body), answer.complete) == (b"a", False)
    assert "one is a str" in capsys.readouterr().err


def test_an_exception_before_the_first_piece_is_a_500(ask, capsys):
    def produce() -> Iterator[bytes]:
        raise RuntimeError("at once")
        yield b""

    answer = ask(lambda _: Response(body=produce()))

    assert (answer.status, answer.complete) == (500, True)
    assert "RuntimeError: at once" in capsys.readouterr().err


def test_the_request_can_be_read_while_the_answer_is_streamed(ask):
    answer = ask(
        lambda request: Response(body=(piece.upper() for piece in request.body.iter_bytes())),
        method="POST",
        body=b"shout",
    )

    assert (bytes(answer.body), answer.complete) == (b"SHOUT", True)


def failing(_: IncomingRequest) -> Response:
    raise RuntimeError("s3cret")


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (failing, "RuntimeError: s3cret"),
        (lambda _: sys.exit(3), "SystemExit: 3"),
        (lambda _: None, "returned None, not a fastly_compute.http.Response"),
        (lambda _: "text", "returned a str, not a fastly_compute.http.Response"),
        (lambda _: Response(103), "an answer's status must be 200 to 599, not 103"),
        (lambda _: Response(body=b"x").body.close(), "returned None"),
    ],
)
def test_a_handler_that_fails_is_a_bare_500_and_a_traceback(ask, capsys, handler, told):
    answer = ask(handler)

    assert (answer.status, bytes(answer.body)) == (500, b"Internal Server Error")
    assert ("Content-Type", b"text/plain; charset=utf-8") in answer.headers
    assert told in capsys.readouterr().err


def test_an_answer_whose_body_is_used_up_is_a_500(ask, capsys):
    def handle(request: IncomingRequest) -> Response:
        request.body.read()
        return Response(body=request.body)

    assert ask(handle, method="POST", body=b"x").status == 500
    assert "this Body was already read to its end" in capsys.readouterr().err


@pytest.mark.parametrize("body", [b"content", [b"con", b"tent"]])
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_where_http_has_no_body_none_is_written(ask, calls, method, status, body):
    answer = ask(lambda _: Response(status, body=body), method=method)

    assert (answer.status, bytes(answer.body), answer.complete) == (status, b"", True)
    assert "http_body.write" not in calls


def test_the_generator_of_a_body_that_is_left_out_is_closed(ask):
    ended = []

    def produce() -> Iterator[bytes]:
        try:
            yield b"never sent"
        finally:
            ended.append(True)

    body = produce()
    next(body)
    ask(lambda _: Response(body=body), method="HEAD")

    assert ended == [True]


# A backend's response as the answer


def test_a_response_passes_through_unread(ask, origin, calls):
    answer = ask(lambda _: Request("GET", f"{origin}/404").send("origin"))

    assert (answer.status, bytes(answer.body)) == (404, b"not here")
    assert ("X-From", b"origin") in answer.headers
    assert calls == [
        "Request.get_method",
        "Backend.open",
        "http_body.new",
        "Request.new",
        "Request.set_method",
        "Request.set_uri",
        "Request.append_header",
        "http_req.send",
        "http_resp.send_downstream",
    ]


def test_a_request_passes_through_unread(ask, origin, calls):
    data = bytes(range(256)) * 4000
    answer = ask(
        lambda request: Request("PUT", f"{origin}/echo", body=request.body).send("origin"),
        method="PUT",
        body=data,
    )

    assert answer.body == data
    assert "http_body.read" not in calls


def test_what_is_changed_of_a_response_is_changed_on_its_way(ask, origin):
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


def test_headers_that_are_replaced_take_all_the_others_away(ask, origin):
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

    assert calls == ["Response.set_header_values", "http_resp.send_downstream"]


def test_a_response_can_be_looked_at_and_passed_through(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/304").send("origin")
        assert (response.status, len(response.headers)) == (304, 2)
        return response

    assert ask(handle).status == 304


def test_a_body_can_be_replaced_on_its_way(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        response = Request("GET", f"{origin}/404").send("origin")
        response.body = response.body.read().upper()
        return response

    answer = ask(handle)

    assert (answer.status, bytes(answer.body)) == (404, b"NOT HERE")
    assert ("content-length", b"8") in answer.headers


def test_a_response_cannot_be_answered_twice(ask, origin, capsys):
    kept = []

    def handle(_: IncomingRequest) -> Response:
        if not kept:
            kept.append(Request("GET", f"{origin}/404").send("origin"))
        return kept[0]

    assert ask(handle).status == 404
    assert ask(handle).status == 500
    assert "was already sent" in capsys.readouterr().err


def test_a_body_of_the_host_does_not_answer_to_head(ask, origin):
    def handle(_: IncomingRequest) -> Response:
        return Response(body=Request("GET", f"{origin}/404").send("origin").body)

    answer = ask(handle, method="HEAD")

    assert (answer.status, bytes(answer.body)) == (200, b"")
