"""Sessions: what they keep, for whom, and what sends their requests."""

import io
import json
import threading
from datetime import timedelta
from http.cookiejar import CookieJar

import pytest
import requests as real

from fastly_compute import requests
from fastly_compute.backend import Backend, DynamicBackendConfig
from fastly_compute.http import CacheOptions, Response, Reuse, service
from fastly_compute.local import Incoming, NativeApp, RecordedResponse, ReuseLimits
from fastly_compute.local.runtime.dispatch import Dispatcher
from fastly_compute.local.runtime.exchange import Exchange

LONG = 30  # seconds, for what happens at once

# Cookies and reused sandboxes


def visits(host, session, origin, count=3, before=lambda: None, reuse=Reuse()):  # noqa: B008
    """Have one sandbox after the other serve visitors, who each log in and ask again."""
    host.reuse = ReuseLimits(requests=100)
    found = []

    def handle(request):
        before()
        jar = session.cookies.get_dict()
        session.get(origin, params={"set-cookie": f"visitor={len(found)}"})
        sent = session.get(origin).json()["headers"].get("cookie")
        found.append((jar, sent))
        return Response.text("")

    app = NativeApp(service(handle, reuse=reuse))
    host.requests(app, [Incoming(uri="http://shop.example/")] * count)
    return found


@pytest.mark.parametrize("reuse", [None, Reuse()])
def test_a_session_of_a_module_forgets_a_visitors_cookies(host, echo, reuse):
    session = requests.Session()
    session.cookies.set("app", "1")

    assert visits(host, session, echo.url, reuse=reuse) == [
        ({"app": "1"}, f"app=1; visitor={n}") for n in range(3)
    ]
    assert session.cookies.get_dict() == {"app": "1"}


def test_cookies_that_a_handler_sets_are_a_visitors_too(host, echo):
    session = requests.Session()

    found = visits(host, session, echo.url, before=lambda: session.cookies.set("handler", "x"))

    assert found[2] == ({"handler": "x"}, "handler=x; visitor=2")
    assert len(session.cookies) == 0


def test_a_jar_that_was_assigned_is_the_visitors_as_well(host, echo):
    session = requests.Session()
    session.cookies = requests.cookies.cookiejar_from_dict({"app": "1"})
    jar = session.cookies

    visits(host, session, echo.url)

    assert session.cookies is jar
    assert jar.get_dict() == {"app": "1"}


@pytest.mark.parametrize("reuse", [None, Reuse()])
def test_a_visitor_who_is_answered_and_still_served_shares_no_cookies(host, echo, reuse):
    session = requests.Session()
    session.cookies.set("app", "1")
    other_served = threading.Event()
    found = {}

    def logged_in(name):
        session.get(echo.url, params={"set-cookie": f"visitor={name}"})
        return session.get(echo.url).json()["headers"]["cookie"]

    def handle(request):
        name = request.path[1:]
        before = session.cookies.get_dict()
        sent = logged_in(name)
        answered = request.respond(Response.text(""))
        if name == "first":
            assert other_served.wait(LONG)
        found[name] = [before, sent, session.get(echo.url).json()["headers"]["cookie"]]
        return answered

    class ResponseSent(RecordedResponse):
        def __init__(self):
            super().__init__()
            self.there = threading.Event()

        def finish(self, trailers):
            super().finish(trailers)
            self.there.set()

    dispatcher = Dispatcher(host, NativeApp(service(handle, reuse=reuse)))
    answer = ResponseSent()
    exchange = Exchange(Incoming(uri="http://shop.example/first"), answer)
    serving = threading.Thread(target=dispatcher.serve, args=(exchange,))
    serving.start()
    assert answer.there.wait(LONG)
    dispatcher.serve(Exchange(Incoming(uri="http://shop.example/other"), RecordedResponse()))
    other_served.set()
    serving.join()
    dispatcher.close(LONG)

    for name in ("first", "other"):
        cookies = f"app=1; visitor={name}"
        assert found[name] == [{"app": "1"}, cookies, cookies]
    assert session.cookies.get_dict() == {"app": "1"}


def test_a_jar_that_a_handler_assigns_is_the_visitors(host, echo):
    session = requests.Session()
    jars = []

    def assign():
        jars.append(requests.cookies.RequestsCookieJar())
        session.cookies = jars[-1]

    found = visits(host, session, echo.url, before=assign)

    assert found == [({}, f"visitor={n}") for n in range(3)]
    assert [jar["visitor"] for jar in jars] == ["0", "1", "2"]
    assert len(session.cookies) == 0


def test_a_jar_of_another_class_is_one_for_each_visitor(host, echo):
    class Deaf(requests.cookies.RequestsCookieJar):
        def set_cookie(self, cookie):
            if cookie.name == "app":
                super().set_cookie(cookie)

    session = requests.Session()
    session.cookies = Deaf()
    session.cookies.set("app", "1")

    assert visits(host, session, echo.url) == [({"app": "1"}, "app=1")] * 3


def test_a_jar_of_python_itself_is_one_for_each_visitor(host, echo):
    jar = CookieJar()
    jar.set_cookie(real.cookies.create_cookie("app", "1"))
    session = requests.Session()
    session.cookies = jar

    assert visits(host, session, echo.url) == [
        ({"app": "1"}, f"app=1; visitor={n}") for n in range(3)
    ]
    assert [cookie.name for cookie in jar] == ["app"]


def test_a_session_that_is_told_to_keep_cookies_has_those_of_this_request_till_its_end(host, echo):
    session = requests.Session()

    def keep():
        session.cookies.set("early", "1")
        session.keep_cookies = True

    found = visits(host, session, echo.url, count=1, before=keep)

    assert found == [({"early": "1"}, "early=1; visitor=0")]
    assert len(session.cookies) == 0


def test_a_session_of_the_apps_own_may_keep_its_cookies(host, echo):
    session = requests.Session()
    session.keep_cookies = True

    found = visits(host, session, echo.url)

    assert found[1:] == [({"visitor": "0"}, "visitor=1"), ({"visitor": "1"}, "visitor=2")]


@pytest.mark.usefixtures("guest")
def test_a_session_keeps_cookies_while_it_is_used(echo):
    with requests.Session() as session:
        session.get(echo.url, params={"set-cookie": "a=1; Path=/"})

        assert session.get(echo.url).json()["headers"]["cookie"] == "a=1"
        assert session.cookies["a"] == "1"


@pytest.mark.usefixtures("guest")
def test_cookies_of_python_itself_can_be_used(echo):
    theirs = real.cookies.RequestsCookieJar()
    theirs.set("a", "1", domain="127.0.0.1", path="/")
    session = requests.Session()
    session.cookies = theirs

    assert session.get(echo.url).json()["headers"]["cookie"] == "a=1"
    session.get(echo.url, params={"set-cookie": "b=2"})
    assert theirs["b"] == "2"
    assert requests.get(echo.url, cookies=theirs).json()["headers"]["cookie"] == "a=1; b=2"


# Adapters and what they take


@pytest.mark.usefixtures("guest")
class TestAdapters:
    def test_a_mounted_backend_gets_the_requests(self, echo):
        session = requests.Session()
        session.mount("https://api.example/v1/", requests.BackendAdapter("origin"))

        assert session.get("https://api.example/v1/x").json()["path"] == "/v1/x"
        assert session.get(f"{echo.url}/y").json()["path"] == "/y"
        with pytest.raises(requests.ConnectionError):
            session.get("https://api.invalid/v2/x")

    def test_a_timeout_is_refused_or_ignored_as_the_adapter_was_told(self, echo):
        session = requests.Session()
        session.mount("https://a/", requests.BackendAdapter("origin"))
        session.mount("https://b/", requests.BackendAdapter("origin", ignore_timeout=True))

        with pytest.raises(ValueError, match="ignore_timeout=True"):
            session.get("https://a/", timeout=5)
        assert session.get("https://b/", timeout=5).ok
        assert session.get("https://a/").ok

    def test_a_backend_of_one_request_keeps_the_settings_of_the_mounted_adapter(self, echo):
        stale = CacheOptions(ttl=60)
        session = requests.Session()
        session.mount("http://", requests.BackendAdapter("none", ignore_timeout=True, cache=stale))
        url = f"{echo.url}/kept?cache-control=max-age%3D60"

        for _ in range(2):
            assert session.get(url, timeout=2, backend="origin").ok
        assert len(echo.seen) == 1
        pending = session.send_async(
            session.prepare_request(requests.Request("GET", echo.url)), timeout=2, backend="origin"
        )
        assert pending.wait().ok

    def test_tls_settings_are_refused_for_a_backend_that_has_its_own(self):
        with pytest.raises(ValueError, match=r"verify= and cert= \(\w+\) cannot be used"):
            requests.get("https://a/", backend="origin", verify="-----BEGIN CERTIFICATE-----")

    def test_a_backend_of_another_type_is_refused(self):
        with pytest.raises(TypeError, match="backend must be a Backend, a name"):
            requests.get("https://a/", backend=5)
        with pytest.raises(TypeError, match="backend must be"):
            requests.BackendAdapter({"target": "a"})

    def test_a_configuration_means_a_dynamic_backend_with_the_timeouts_added(self, echo):
        target = echo.url.removeprefix("http://")
        config = DynamicBackendConfig(target=target, pooling=False)

        assert requests.get("http://a.example/", backend=config, timeout=3).ok
        same = Backend.create_dynamic(
            target,
            pooling=False,
            connect_timeout=3,
            first_byte_timeout=3,
            between_bytes_timeout=3,
        )
        assert same.config.connect_timeout == timedelta(seconds=3)

    def test_a_url_of_https_means_tls_for_a_configuration_that_does_not_say(self, echo):
        config = DynamicBackendConfig(target=echo.url.removeprefix("http://"))

        with pytest.raises(requests.exceptions.SSLError):
            requests.get("https://a.example/", backend=config)
        assert requests.get("https://a.example/", backend=config.replace(use_tls=False)).ok

    def test_a_stale_answer_comes_from_the_cache_if_that_was_asked_for(self, echo):
        for _ in range(2):
            requests.get(f"{echo.url}/kept?cache-control=max-age=60")
        assert len(echo.seen) == 1
        passing = CacheOptions(pass_through=True)
        requests.get(f"{echo.url}/kept?cache-control=max-age=60", cache=passing)
        assert len(echo.seen) == 2
        session = requests.Session()
        session.mount("http://", requests.BackendAdapter(cache=passing))
        session.get(f"{echo.url}/kept?cache-control=max-age=60")
        assert len(echo.seen) == 3
        session.get(f"{echo.url}/kept?cache-control=max-age=60", cache=CacheOptions(ttl=60))
        assert len(echo.seen) == 3

    def test_hooks_of_the_cache_are_called(self, echo):
        def keep(candidate):
            candidate.ttl = 60
            candidate.headers["X-Kept"] = "yes"

        hooks = CacheOptions(after_send=keep)
        url = f"{echo.url}/hooked?cache-control=max-age=1"
        found = [requests.get(url, cache=hooks) for _ in range(2)]

        assert [answer.headers["x-kept"] for answer in found] == ["yes"] * 2
        assert len(echo.seen) == 1
        with pytest.raises(ZeroDivisionError):
            requests.get(f"{echo.url}/failing", cache=CacheOptions(before_send=lambda _: 1 / 0))

    def test_the_origin_sees_a_head_request_that_passes_the_cache_by(self, echo):
        requests.head(echo.url, cache=CacheOptions(pass_through=True))

        assert echo.seen[0]["method"] == "HEAD"

    def test_a_file_is_sent_with_its_length(self, echo):
        requests.put(echo.url, data=io.BytesIO(b"x" * 70_000))

        assert echo.seen[0]["headers"]["content-length"] == "70000"
        assert len(echo.seen[0]["body"]) == 70_000

    def test_an_adapter_of_ones_own_gets_what_it_knows_and_no_more(self, echo):
        class Canned(requests.adapters.BaseAdapter):
            def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=()):
                response = requests.Response()
                response.status_code = 200
                response.raw = io.BytesIO(json.dumps([timeout, verify]).encode())
                return response

        session = requests.Session()
        session.mount("test://", Canned())

        assert session.get("test://a", timeout=5, verify=False).json() == [5, False]
        with pytest.raises(TypeError, match="backend"):
            session.get("test://a", backend="origin")
        request = session.prepare_request(requests.Request("GET", "test://a"))
        with pytest.raises(NotImplementedError, match="Canned cannot send without waiting"):
            session.send_async(request)


def test_a_session_needs_no_host_to_be_made_and_says_what_it_is_for():
    session = requests.Session()
    session.mount("https://a/", requests.BackendAdapter("a"))

    assert repr(session.get_adapter("https://a/x")) == "<BackendAdapter to a>"
    assert repr(session.get_adapter("https://b/")) == "<HTTPAdapter to the backend of each URL>"
    assert session.trust_env is False


@pytest.mark.usefixtures("guest")
def test_every_value_of_a_repeated_header_can_be_had(echo):
    response = requests.get(f"{echo.url}/?set-cookie=a%3D1&set-cookie=b%3D2")

    assert response.headers["Set-Cookie"] == "a=1, b=2"
    assert response.headers.getlist("set-cookie") == ["a=1", "b=2"]  # type: ignore[attr-defined]
    assert response.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2"]


@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize("method", ["get", "options", "head", "post", "put", "patch", "delete"])
def test_each_method_of_http_has_a_method_of_a_session(echo, method):
    response = getattr(requests.Session(), method)(f"{echo.url}/x")

    assert response.status_code == 200
    assert response.request.method == method.upper()
    # The readthrough cache asks the origin for what it can keep.
    assert [seen["method"] for seen in echo.seen] == ["GET" if method == "head" else method.upper()]


@pytest.mark.usefixtures("guest")
def test_a_head_request_follows_redirects_only_when_told(echo):
    moved = f"{echo.url}/?status=302&location=/there"
    session = requests.Session()

    assert session.head(moved).status_code == 302
    assert session.head(moved, allow_redirects=True).url == f"{echo.url}/there"


@pytest.mark.usefixtures("guest")
def test_what_a_jar_of_python_asks_a_request_is_answered():
    prepared = requests.Request(
        "GET", "https://shop.example:8443/a", headers={"X-A": "1"}
    ).prepare()
    seen = requests.cookies.MockRequest(prepared)

    assert seen.get_type() == "https"
    assert seen.get_host() == seen.get_origin_req_host() == seen.origin_req_host
    assert seen.get_host() == "shop.example:8443"
    assert seen.is_unverifiable()
    assert (seen.has_header("x-a"), seen.has_header("x-b")) == (True, False)
    assert (seen.get_header("x-a"), seen.get_header("x-b", "none")) == ("1", "none")
    with pytest.raises(NotImplementedError, match="add_unredirected_header"):
        seen.add_header("cookie", "a=b")
