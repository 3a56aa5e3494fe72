"""The host of a test: its backends, its stores and what it records."""

import doctest
import gc
import importlib
import pkgutil
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from componentize_py_types import Err
from wit_world.imports import backend, http_body, http_req, log

import fastly_compute.testing
from fastly_compute.local import BackendConfig, Health
from fastly_compute.testing import ComputeHost, Reply

LARGE = 1 << 16
OPEN_FILES = Path("/dev/fd")


def ask(name="origin", path="/", method="GET", body=b"", headers=()):
    request = http_req.Request.new()
    request.set_method(method)
    request.set_uri("http://shop.example" + path)
    for key, value in headers:
        request.append_header(key, value)
    content = http_body.new()
    http_body.write(content, body)
    target = name if isinstance(name, backend.Backend) else backend.Backend.open(name)
    response, answer = http_req.send(request, content, target)
    return response.get_status(), http_body.read(answer, LARGE), response


def failure(*args, **kwargs) -> str:
    with pytest.raises(Err) as caught:
        ask(*args, **kwargs)
    name = type(caught.value.value.detail).__name__.removeprefix("SendErrorDetail_")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def dynamic(target: str, *, tls: bool = False) -> backend.Backend:
    options = backend.DynamicBackendOptions()
    options.use_tls(tls)
    return backend.register_dynamic_backend(f"to {target}", target, options)


def test_every_short_form_replies_to_its_method(compute_host) -> None:
    compute_host.caching = False
    origin = compute_host.backend("origin")
    methods = ["get", "post", "put", "patch", "delete", "options"]
    for method in methods:
        getattr(origin, method)("/", text=method)
    origin.head("/", headers={"Content-Length": "7"})

    assert [ask(method=method.upper())[1].decode() for method in methods] == methods
    status, body, response = ask(method="HEAD")
    assert (status, body) == (200, b"")
    assert response.get_header_value("content-length", LARGE) == b"7"


def test_a_reply_has_its_status_headers_and_body(compute_host) -> None:
    compute_host.backend("origin").get(
        "/", status=404, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], json={"no": None}
    )
    status, body, response = ask()

    assert (status, body) == (404, b'{"no": null}')
    assert response.get_header_values("set-cookie", LARGE, 0) == (b"a=1\0b=2\0", None)
    assert response.get_header_value("content-type", LARGE) == b"application/json"
    assert response.get_header_value("content-length", LARGE) == b"12"


def test_replies_come_one_after_the_other_and_the_last_one_stays(compute_host) -> None:
    compute_host.caching = False
    origin = compute_host.backend("origin")
    origin.error("connection-refused")
    origin.get("/", text="second")
    origin.get("/other", text="other")
    origin.get("/", text="last")

    assert failure() == "connection-refused"
    assert [ask()[1] for _ in range(3)] == [b"second", b"last", b"last"]
    assert ask(path="/other")[1] == b"other"


def test_a_reply_registered_after_a_request_is_the_next_one(compute_host) -> None:
    compute_host.caching = False
    origin = compute_host.backend("origin")
    got = []
    for text in ("first", "second", "third"):
        origin.get("/", text=text)
        got.append(ask()[1])

    assert [*got, ask()[1]] == [b"first", b"second", b"third", b"third"]


def test_a_used_reply_stays_for_requests_that_no_later_one_fits(compute_host) -> None:
    compute_host.caching = False
    origin = compute_host.backend("origin")
    origin.get("/users", text="all")
    origin.get("/users", query={"page": "2"}, text="page 2")

    paths = ["/users?page=2", "/users?page=2", "/users", "/users?page=2"]
    assert [ask(path=path)[1] for path in paths] == [b"all", b"page 2", b"all", b"page 2"]


def test_a_reply_hidden_by_an_earlier_one_is_a_problem(compute_host) -> None:
    origin = compute_host.backend("origin")
    origin.get("/users", text="from a fixture")
    origin.get("/users", status=503)
    origin.get("/users", query={"page": "2"}, text="narrower")
    origin.error("dns-timeout")
    origin.get("/unrelated")
    ask(path="/users?page=2")
    with pytest.raises(AssertionError) as caught:
        compute_host.check()
    compute_host.check()

    problem = str(caught.value)
    assert problem.count("was never used") == 2
    assert "Reply 2 of backend 'origin', GET /users, was never used" in problem
    assert "Reply 3 of backend 'origin', GET /users with the query {'page': ['2']}, was" in problem
    assert (
        problem.count("GET /users?page=2 to backend 'origin' (backend.invalid) used reply 1") == 2
    )


def test_a_reply_that_came_late_was_not_hidden(compute_host) -> None:
    compute_host.caching = False
    origin = compute_host.backend("origin")
    origin.get("/", text="one")
    origin.get("/", text="two")
    origin.error("dns-timeout")

    assert [ask()[1] for _ in range(2)] == [b"one", b"two"]
    compute_host.check()


def test_a_reply_to_get_is_cached_as_on_the_platform(compute_host) -> None:
    origin = compute_host.backend("origin")
    origin.get("/", text="first")
    origin.get("/", text="second")
    origin.get("/", text="third")

    assert [ask()[1] for _ in range(3)] == [b"first"] * 3
    compute_host.clock.advance(121)
    assert [ask()[1] for _ in range(3)] == [b"second"] * 3
    compute_host.caching = False
    assert (ask()[1], compute_host.caching) == (b"third", False)
    assert len(compute_host.calls) == 3


def test_a_reply_can_keep_out_of_the_cache(compute_host) -> None:
    origin = compute_host.backend("origin")
    origin.get("/", text="first", headers={"Cache-Control": "no-store"})
    origin.get("/", text="second", headers={"Cache-Control": "no-store"})

    assert [ask()[1] for _ in range(2)] == [b"first", b"second"]


def test_a_query_is_compared_decoded_and_whole(compute_host) -> None:
    origin = compute_host.backend("origin")
    origin.get("/", query={}, text="none")
    origin.get("/", query={"tag": ["a b", "ü"], "empty": ""}, text="all")

    assert ask()[1] == b"none"
    assert ask(path="/?empty=&tag=a+b&tag=%C3%BC")[1] == b"all"
    assert failure(path="/?tag=a+b") == "destination-not-found"
    assert len(compute_host.take_problems()) == 1


def test_every_send_error_detail_can_be_had() -> None:
    cases = [name for name in dir(http_req) if name.startswith("SendErrorDetail_")]
    details = {
        re.sub(r"(?<!^)(?=[A-Z])", "-", name.partition("_")[2]).lower() for name in cases
    } - {"extra"}

    assert len(details) == 24
    for detail in details:
        with ComputeHost() as compute_host:
            compute_host.backend("origin").error(detail)
            assert failure() == detail
            compute_host.check()


def test_an_unknown_error_is_refused_with_those_there_are(compute_host) -> None:
    with pytest.raises(ValueError, match=r"'dns': must be one of .*dns-error, dns-timeout"):
        compute_host.backend("origin").error("dns")


def test_an_error_can_be_for_one_method_or_path(compute_host) -> None:
    origin = compute_host.backend("origin")
    origin.error("dns-timeout", method="POST")
    origin.error("dns-error", path="/broken")
    origin.get("/", text="fine")

    assert ask()[1] == b"fine"
    assert failure(method="POST") == "dns-timeout"
    assert failure(path="/broken") == "dns-error"


def test_a_callback_gets_the_call_and_makes_the_reply(compute_host) -> None:
    compute_host.backend("origin").callback(
        "POST", "/", lambda call: Reply.of(status=201, text=call.text.upper())
    )

    assert ask(method="POST", body=b"hello")[:2] == (201, b"HELLO")


def test_dynamic_backends_are_found_by_their_target(compute_host) -> None:
    compute_host.caching = False
    compute_host.target("api.example.com").get("/", text="default port")
    compute_host.target("API.example.com:8443").get("/", text="8443")
    compute_host.target("[::1]:81").get("/", text="IPv6")

    assert ask(dynamic("api.example.com"))[1] == b"default port"
    assert ask(dynamic("api.example.com:443", tls=True))[1] == b"default port"
    assert ask(dynamic("api.example.com:8443", tls=True))[1] == b"8443"
    assert ask(dynamic("[::1]:81"))[1] == b"IPv6"
    compute_host.check()
    assert failure(dynamic("api.example.com:82")) == "destination-not-found"
    with pytest.raises(AssertionError) as caught:
        compute_host.check()
    assert "target('api.example.com:82') is not declared" in str(caught.value)
    assert "declared: target 'api.example.com', target 'api.example.com:8443', " in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("register", "rule"),
    [
        (lambda host: host.backend(""), "must not be empty"),
        (lambda host: host.target("https://api.example.com"), "must be a host"),
        (lambda host: host.target("api.example.com/"), "must be a host"),
        (lambda host: host.backend("o").get("users"), "path = 'users': must start with /"),
        (lambda host: host.backend("o").get("/?page=1"), "a query goes into query="),
        (lambda host: host.backend("o").add("get", "/"), "'get': must be a method in upper case"),
        (lambda host: host.backend("o").get("/", status=100), "status = 100: must be from 200"),
        (lambda host: host.backend("o").get("/", text="a", json=1), "exclude each other"),
        (lambda host: host.backend("o").get("/", status=204, text="a"), "status 204 has none"),
        (lambda host: host.backend("o").head("/", text="a"), "the response to HEAD has none"),
        (lambda host: host.backend("o").get("/", headers={"a b": "c"}), "must be a token"),
        (lambda host: host.backend("o").get("/", headers={"a": "b\n"}), "control characters"),
        (lambda host: host.backend("o").passthrough("ftp://a"), "must start with http://"),
        (lambda host: host.backend("o").get("/", latency=-1), "latency = -1: must be 0 or more"),
        (lambda host: host.backend("o").latency(float("nan")), "latency = nan: must be 0 or more"),
        (lambda host: host.backend("o").get("/", body=b"a", between=1), "only a body of chunks"),
        (lambda host: host.backend("o").get("/", body=b"a", chunks=[b"a"]), "exclude each other"),
        (lambda host: host.backend("o").get("/", text="abc", truncate_at=3), "less than the 3"),
        (lambda host: host.backend("o").get("/", truncate_at=-1), "truncate_at = -1: must be"),
        (lambda host: host.backend("o").head("/", chunks=[b"a"]), "the response to HEAD has none"),
        (lambda host: host.config_stores.__getitem__(""), "a name must have 1 to 255"),
        (lambda host: host.kv.__getitem__(""), "a name must have 1 to 255"),
        (lambda host: host.kv["shelf"].__setitem__("a#", b""), "must not contain a line break"),
        (lambda host: host.acls["list"].__setitem__("10.0.0.0", "BLOCK"), "a slash and 1 or more"),
        (lambda host: host.acls["list"].__setitem__("10.0.0.0/8", "DROP"), "must be ALLOW or"),
        (
            lambda host: host.acls.__setitem__(
                "list", {"192.0.2.1/24": "BLOCK", "192.0.2.0/24": "ALLOW"}
            ),
            "list: 192.0.2.1/24 and 192.0.2.0/24 are the same prefix; give one of them",
        ),
        (lambda host: host.geolocation.__setitem__("here", {}), "must be an IP address"),
        (lambda host: host.devices.__setitem__("A", {"a": None}), "must be a string, a finite"),
        (lambda host: host.secrets["vault"].__setitem__("a b", b""), "must be 1 to 255 of"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_registered(compute_host, register, rule) -> None:
    with pytest.raises(ValueError, match=re.escape(rule)):
        register(compute_host)


@pytest.mark.parametrize(
    ("reply", "rule"),
    [
        ({"body": "text"}, "body: must be bytes, not str"),
        ({"text": b"bytes"}, "text: must be a str, not bytes"),
        ({"status": "200"}, "status = '200': must be an int"),
        ({"query": {"page": [1]}}, "the values of 'page' must be text"),
        ({"latency": "1"}, "latency must be a timedelta or a number of seconds, not str"),
        ({"chunks": b"bytes"}, "chunks: must be a sequence of bytes"),
        ({"chunks": ["text"]}, "chunks: must be a sequence of bytes"),
    ],
)
def test_what_is_of_the_wrong_type_is_refused(compute_host, reply, rule) -> None:
    with pytest.raises(TypeError, match=re.escape(rule)):
        compute_host.backend("origin").get("/", **reply)


def test_an_unknown_keyword_is_refused(compute_host) -> None:
    with pytest.raises(TypeError, match="delay"):
        compute_host.backend("origin").get("/", delay=1)


def test_calls_are_recorded_with_the_backend_as_it_is(compute_host) -> None:
    config = BackendConfig(url="https://origin.example/v1", health=Health.UNHEALTHY)
    compute_host.backend("origin", config).post("/users")
    ask(path="/users?page=1&page=2", method="POST", body=b"[1]", headers=[("X-Key", b"\xfc")])
    (call,) = compute_host.calls

    assert (call.backend, call.config) == ("origin", config)
    assert (call.method, call.path, call.query) == ("POST", "/users", "page=1&page=2")
    assert (call.body, call.text, call.json()) == (b"[1]", "[1]", [1])
    assert call.headers["x-key"] == "ü"
    assert backend.Backend.open("origin").is_healthy() is backend.BackendHealth.UNHEALTHY


def test_credentials_are_not_shown(compute_host) -> None:
    compute_host.backend("origin").get("/")
    compute_host.secrets["vault"]["token"] = b"s3cret"
    ask(headers=[("Authorization", b"s3cret")])
    shown = repr(compute_host.calls) + repr(compute_host.secrets["vault"])

    assert "Authorization" in shown.title()
    assert "s3cret" not in shown


def test_log_messages_are_kept_by_endpoint(compute_host) -> None:
    log.Endpoint.open("audit").write(b"one\ntwo\n")
    log.Endpoint.open("audit").write(b"\xff")

    assert compute_host.logs["audit"] == ["one\ntwo\n", "\\xff"]
    assert compute_host.logs["other"] == []
    assert compute_host.output == ["audit :: one\\ntwo", "audit :: \ufffd"]


def test_passthrough_reaches_a_real_origin(compute_host) -> None:
    class Origin(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode() + b" " + body)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Origin) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        compute_host.backend("origin").passthrough(f"http://127.0.0.1:{server.server_port}/v1")
        try:
            got = ask(path="/users", method="POST", body=b"hello")
        finally:
            server.shutdown()
            thread.join()

    assert got[:2] == (200, b"/v1/users hello")
    assert compute_host.calls[0].body == b"hello"


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="the system does not list open files")
def test_two_hundred_hosts_leave_no_thread_and_no_open_file() -> None:
    def use() -> None:
        with ComputeHost() as compute_host:
            compute_host.backend("origin").get("/", text="hello")
            ask()
            compute_host.check()

    use()
    gc.collect()
    before = (threading.active_count(), len(list(OPEN_FILES.iterdir())))
    for _ in range(200):
        use()
    gc.collect()
    after = (threading.active_count(), len(list(OPEN_FILES.iterdir())))

    assert after == before


def test_the_examples_of_the_package_do_what_they_say() -> None:
    failed = tried = 0
    for module in pkgutil.iter_modules(fastly_compute.testing.__path__):
        result = doctest.testmod(importlib.import_module(f"fastly_compute.testing.{module.name}"))
        failed += result.failed
        tried += result.attempted

    assert failed == 0
    assert tried > 30


def test_every_public_name_is_there() -> None:
    names = fastly_compute.testing.__all__

    assert [name for name in names if getattr(fastly_compute.testing, name) is None] == []
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        fastly_compute.testing.nothing  # noqa: B018 - it raises
