"""What went wrong in requests of an earlier facade of this kind: none of it happens here.

The tests are named after the mistake; those about responses are in the file beside this one.
"""

import io
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fastly_compute import requests
from fastly_compute.backend import Backend, DynamicBackendConfig
from fastly_compute.http import CacheOptions


@pytest.mark.usefixtures("guest")
class TestRequests:
    def test_a_partial_write_does_not_send_the_beginning_again(self, host, echo):
        taken = []

        def seven_at_a_time(name, call, arguments):
            if name != "http-body.write":
                return call(*arguments)
            taken.append(call(arguments[0], arguments[1][:7]))
            return taken[-1]

        host.interpose = seven_at_a_time
        body = bytes(range(65, 91)) * 4

        assert requests.post(echo.url, data=body).json()["body"] == body.decode()
        assert len(taken) == 15

    def test_a_host_that_takes_nothing_is_no_endless_loop(self, host, echo):
        host.interpose = lambda name, call, arguments: (
            0 if name == "http-body.write" else call(*arguments)
        )

        with pytest.raises(requests.ConnectionError, match="took none of the bytes"):
            requests.post(echo.url, data=b"x")

    def test_https_does_not_take_the_backend_of_http(self, echo):
        assert requests.get(echo.url).ok
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(echo.url.replace("http:", "https:"))
        assert Backend.for_url(echo.url).name != Backend.for_url(echo.url, pooling=False).name

    def test_a_later_timeout_counts(self, echo):
        requests.get(echo.url, timeout=30)
        requests.get(echo.url, timeout=3)

        backend = Backend.for_url(
            echo.url, connect_timeout=3, first_byte_timeout=3, between_bytes_timeout=3
        )
        assert backend.first_byte_timeout == timedelta(seconds=3)

    def test_a_password_is_in_no_name_of_a_backend(self, host, echo):
        names = []

        def note(name, call, arguments):
            if name == "backend.register_dynamic_backend":
                names.append(arguments[0])
            return call(*arguments)

        host.interpose = note
        requests.get(echo.url.replace("://", "://user:s3cret@"))

        assert len(names) == 1
        assert "s3cret" not in names[0]
        assert "user" not in names[0]

    @pytest.mark.parametrize("keyword", ["timeout", "fastly_timeout"])
    def test_a_timeout_for_a_given_backend_is_not_ignored(self, echo, keyword):
        value = {"timeout": 5}.get(keyword) or requests.TimeoutConfig()
        with pytest.raises(
            ValueError,
            match="cannot be used with the backend 'origin'",
        ):
            requests.get(echo.url, fastly_backend="origin", **{keyword: value})

    def test_the_name_in_a_certificate_is_checked(self, host):
        checked = []

        def note(name, call, arguments):
            if name == "backend.DynamicBackendOptions.cert_hostname":
                checked.append(arguments[-1])
            return call(*arguments)

        host.interpose = note
        with pytest.raises(requests.ConnectionError):
            requests.get("https://no-such-host.invalid/")

        assert checked == ["no-such-host.invalid"]

    @pytest.mark.parametrize(
        "call",
        [
            *["http-body.new", "http-req.Request.append_header", "http-req.Request.set_uri"],
            *["http-resp.Response.get_status", "http-resp.Response.get_header_names"],
            *["http-body.read", "backend.register_dynamic_backend"],
        ],
    )
    def test_no_error_of_the_packages_below_escapes(self, host, echo, call):
        from componentize_py_types import Err
        from wit_world.imports import types

        def fail(name, function, arguments):
            if name == call:
                raise Err(types.Error_GenericError())
            return function(*arguments)

        host.interpose = fail
        with pytest.raises(requests.RequestException):
            requests.post(echo.url, data=b"x", headers={"X-A": "b"}).headers["X-A"]

    def test_a_backend_that_is_gone_is_a_request_exception(self, echo):
        with pytest.raises(requests.RequestException):
            requests.get(echo.url, fastly_backend="gone")

    def test_the_callers_headers_are_not_changed(self, echo):
        headers = {"Host": "a.example", "X-A": "b"}

        requests.post("https://b.example/", json={}, headers=headers, fastly_backend="origin")

        assert headers == {"Host": "a.example", "X-A": "b"}

    def test_a_content_type_in_lower_case_is_not_overridden(self, echo):
        seen = requests.post(echo.url, json={}, headers={"content-type": "a/b"}).json()

        assert seen["headers"]["content-type"] == "a/b"

    @pytest.mark.parametrize("name", ["Host", "host", "HOST"])
    @pytest.mark.parametrize("backend", [None, "origin"])
    def test_a_host_header_counts_in_any_case_with_any_backend(self, echo, name, backend):
        headers = {name: "own.example", "X-A": "b"}
        seen = requests.get(echo.url, headers=headers, backend=backend).json()

        assert seen["headers"]["host"] == "own.example"

    def test_a_path_alone_is_refused(self, echo):
        with pytest.raises(requests.MissingSchema, match="No scheme supplied"):
            requests.get("/path", fastly_backend="origin")
        assert echo.seen == []

    def test_several_values_in_a_form_are_several_pairs(self, echo):
        assert requests.post(echo.url, data={"a": [1, 2]}).json()["body"] == "a=1&a=2"

    @pytest.mark.parametrize(
        ("make", "sent"),
        [
            (lambda: [("a", 1), ("a", 2)], "a=1&a=2"),
            (lambda: io.BytesIO(b"file"), "file"),
            (lambda: (piece for piece in (b"a", b"b")), "ab"),
        ],
    )
    def test_pairs_files_and_generators_can_be_sent(self, echo, make, sent):
        assert requests.post(echo.url, data=make()).json()["body"] == sent

    def test_text_as_json_is_encoded(self, echo):
        assert requests.post(echo.url, json="text").json()["body"] == '"text"'

    def test_none_as_json_is_no_body_as_in_requests(self, echo):
        seen = requests.post(echo.url, json=None).json()

        assert seen["body"] == ""
        assert "content-type" not in seen["headers"]

    def test_data_and_json_may_both_be_given(self, echo):
        assert requests.post(echo.url, data="d", json={}).json()["body"] == "d"

    @pytest.mark.parametrize(
        ("params", "query"),
        [
            ({"b": ""}, "a=0&x=&b="),
            ({"a": 1}, "a=0&x=&a=1"),
            ({"n": None}, "a=0&x="),
            ({"t": (1, 2)}, "a=0&x=&t=1&t=2"),
            ("text=1", "a=0&x=&text=1"),
            ([("p", 1)], "a=0&x=&p=1"),
        ],
    )
    def test_params_are_added_and_blank_ones_kept(self, echo, params, query):
        seen = requests.get(f"{echo.url}/?a=0&x=", params=params).json()

        assert seen["path"] == f"/?{query}"

    def test_a_fragment_is_not_sent(self, echo):
        assert requests.get(f"{echo.url}/p#fragment").json()["path"] == "/p"

    def test_a_user_name_in_a_url_is_not_sent_in_it_but_authenticates(self, echo):
        seen = requests.get(echo.url.replace("://", "://u:p@") + "/p").json()

        assert seen["path"] == "/p"
        assert seen["headers"]["authorization"] == "Basic dTpw"

    @pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd", "gopher://a/"])
    def test_another_scheme_is_not_taken_for_http(self, url):
        with pytest.raises(requests.exceptions.InvalidSchema):
            requests.get(url)

    def test_header_values_may_be_bytes_and_are_latin_1(self, echo):
        seen = requests.get(echo.url, headers={"X-A": b"b", "X-E": "\xe9"}).json()

        assert (seen["headers"]["x-a"], seen["headers"]["x-e"]) == ("b", "\xe9")

    def test_what_signs_a_request_may_leave_bytes_in_its_headers(self, echo):
        def sign(request):
            request.headers = {n: v.encode() for n, v in request.headers.items()}
            request.headers["Host"] = b"signed.example"
            return request

        assert requests.get(echo.url, auth=sign).json()["headers"]["host"] == "signed.example"

    @pytest.mark.parametrize(
        ("keyword", "value"),
        [("auth", ("u", "p")), ("cookies", {"a": "b"}), ("files", {"f": b"x"})],
    )
    def test_no_keyword_is_ignored(self, echo, keyword, value):
        plain = requests.post(echo.url).json()
        seen = requests.post(echo.url, **{keyword: value}).json()

        assert (seen["headers"], seen["body"]) != (plain["headers"], plain["body"])

    @pytest.mark.parametrize(
        ("keyword", "value"), [("verify", False), ("cert", "/c.pem"), ("proxies", {"http": "p"})]
    )
    def test_what_cannot_be_done_is_refused(self, echo, keyword, value):
        with pytest.raises(NotImplementedError, match=f"{keyword}="):
            requests.get(echo.url, **{keyword: value})
        assert echo.seen == []

    def test_redirects_and_streams_and_hooks_are_not_ignored_either(self, echo):
        seen = []
        response = requests.get(
            f"{echo.url}/?status=302&location=/x",
            allow_redirects=False,
            stream=True,
            hooks={"response": lambda response, **keywords: seen.append(keywords["stream"])},
        )

        assert (response.status_code, seen) == (302, [True])

    def test_the_cache_can_be_passed_by(self, echo):
        for _ in range(2):
            requests.get(
                f"{echo.url}/passed?cache-control=max-age=60", cache=CacheOptions(pass_through=True)
            )

        assert len(echo.seen) == 2

    def test_a_backend_may_be_an_object_or_a_configuration(self, echo):
        target = echo.url.removeprefix("http://")

        assert requests.get("http://a.example/", backend=Backend.open("origin")).ok
        config = DynamicBackendConfig(target=target, max_connections=5)
        assert requests.get("http://a.example/", backend=config).ok

    def test_without_a_timeout_the_backend_has_its_defaults(self, host, echo):
        called = []

        def note(name, call, arguments):
            called.append(name)
            return call(*arguments)

        host.interpose = note
        requests.get(echo.url)

        assert "backend.register_dynamic_backend" in called
        assert [name for name in called if name.endswith("_timeout")] == []

    @pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 2**32, None, True, "1"])
    def test_a_timeout_configuration_is_checked_when_it_is_made(self, value):
        with pytest.raises((ValueError, TypeError)):
            requests.TimeoutConfig(connect=value)

    def test_less_than_a_millisecond_is_not_zero(self):
        assert requests.TimeoutConfig(connect=0.0001).connect_ms == 1

    @pytest.mark.parametrize("timeout", [(None, 5), (5, None)])
    def test_one_of_two_timeouts_may_be_none(self, echo, timeout):
        assert requests.get(echo.url, timeout=timeout).ok

    def test_two_equal_timeout_configurations_are_equal(self):
        assert requests.TimeoutConfig(1, 2, 3) == requests.TimeoutConfig(1, 2, 3)

    def test_an_error_has_its_request_and_says_what_the_host_said(self):
        with pytest.raises(requests.ConnectionError) as caught:
            requests.get("http://no-such-host.invalid/p")

        assert caught.value.request.url == "http://no-such-host.invalid/p"
        assert "no-such-host.invalid" in str(caught.value)
        assert "dns-error" in str(caught.value)

    @pytest.mark.parametrize(
        ("detail", "values", "kind", "fact"),
        [
            ("DnsError", (3, 7), requests.ConnectionError, ("rcode", 3)),
            ("TlsAlertReceived", (40,), requests.exceptions.SSLError, ("alert_id", 40)),
            ("H2Error", (3, 2), requests.ConnectionError, ("error_code", 2)),
        ],
    )
    def test_what_the_host_knows_of_a_failure_is_kept(self, host, echo, detail, values, kind, fact):
        from componentize_py_types import Err
        from wit_world.imports import http_req, types

        known = getattr(http_req, f"{detail}Detail")(*values)
        case = getattr(http_req, f"SendErrorDetail_{detail}")(known)

        def fail(name, call, arguments):
            if name == "http-req.send":
                raise Err(http_req.ErrorWithDetail(case, types.Error_GenericError()))
            return call(*arguments)

        host.interpose = fail
        with pytest.raises(kind) as caught:
            requests.get(echo.url)

        name, value = fact
        assert getattr(caught.value.__cause__, name) == value
        assert str(value) in str(caught.value)
        assert caught.value.request.url == f"{echo.url}/"

    def test_a_protocol_error_is_no_http_error(self):
        with ThreadingHTTPServer(("127.0.0.1", 0), Nonsense) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                with pytest.raises(requests.ConnectionError) as caught:
                    requests.get(f"http://127.0.0.1:{server.server_port}/")
            finally:
                server.shutdown()
                thread.join()

        assert not isinstance(caught.value, requests.HTTPError)

    def test_the_order_of_arguments_is_that_of_both_predecessors(self, echo):
        seen = requests.request(
            "POST", f"{echo.url}/p", {"q": 1}, None, {"j": 1}, {"X-A": "b"}, "origin"
        ).json()
        assert (seen["path"], seen["body"]) == ("/p?q=1", '{"j": 1}')
        assert seen["headers"]["x-a"] == "b"
        assert requests.get(echo.url, {"a": 1}).json()["path"] == "/?a=1"
        assert requests.post(echo.url, "data").json()["body"] == "data"


class Nonsense(BaseHTTPRequestHandler):
    def handle(self):
        self.rfile.readline()
        self.wfile.write(b"this is not HTTP\r\n\r\n")


def test_the_exceptions_that_apps_name_are_there():
    for name in ("ConnectTimeout", "ReadTimeout", "JSONDecodeError", "TooManyRedirects"):
        assert issubclass(getattr(requests, name), requests.RequestException)
    for name in ("SSLError", "InvalidSchema", "InvalidURL", "InvalidHeader", "ProxyError"):
        assert issubclass(getattr(requests.exceptions, name), requests.RequestException)


def test_every_public_name_is_listed():
    assert {"patch", "RequestKwargs", "Session", "codes"} <= set(requests.__all__)


def test_the_ways_to_make_an_exception_of_an_error_are_there():
    error = requests.RequestException.from_detailed_error(ValueError("why"), "http_req.send")
    call = requests.RequestException.from_fastly_error(ValueError("why"), "create_req")

    assert str(error) == "http_req.send: why"
    assert str(call) == "Operation create_req failed: why"
    assert type(error) is requests.RequestException
