"""Cookies, read and set."""

import pickle
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie

import pytest
from componentize_py_types import Err
from hypothesis import given
from hypothesis import strategies as st
from wit_world.imports.types import Error_InvalidArgument

from fastly_compute.http import HttpCallFailed, InvalidCookie, Response, Visits
from fastly_compute.http.cookies import parse_cookies

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
RESERVED = {"expires", "path", "comment", "domain", "max-age", "secure", "httponly", "version"}
RESERVED |= {"samesite", "partitioned"}
NAMES = st.from_regex(TOKEN, fullmatch=True).filter(
    lambda name: (
        name.lower() not in RESERVED and not name.startswith(("__", "$")) and len(name) < 100
    )
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]))

WEST = timezone(timedelta(hours=-8))
GONE = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"


def header(*args, **options) -> str:
    response = Response()
    response.set_cookie(*args, **options)
    (found,) = response.headers.get_all("set-cookie")
    return found


@given(NAMES, VALUES)
def test_what_is_set_is_read_again_here_and_by_http_cookies(name, value) -> None:
    pair = header(name, value).partition("; Path=")[0]

    assert parse_cookies(pair) == {name: value}
    assert SimpleCookie(pair)[name].value == value


@given(st.text(st.characters(max_codepoint=255)))
def test_whatever_a_client_sends_is_read(text) -> None:
    for name, value in parse_cookies(text).items():
        assert name == name.strip(" \t")
        assert name
        assert ";" not in name
        assert isinstance(value, str)


@pytest.mark.parametrize(
    ("text", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        (" a = 1 ;b=2;", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ("a=1; nothing; b=2", {"a": "1", "b": "2"}),
        ("a[]=1; b=2", {"a[]": "1", "b": "2"}),
        ("a=x=y==", {"a": "x=y=="}),
        ("=1; a=", {"a": ""}),
        (r'a="x\073 \"y\""', {"a": 'x; "y"'}),
        ('a="', {"a": '"'}),
        ("path=/; secure=1", {"path": "/", "secure": "1"}),
    ],
)
def test_a_part_that_is_not_a_cookie_costs_no_other(text, cookies) -> None:
    assert parse_cookies(text) == cookies


def test_a_request_has_the_cookies_of_all_its_headers(ask) -> None:
    found = []

    def handle(request):
        found.append(request.cookies)
        return Response()

    ask(handle, headers=[("cookie", b"a=1"), ("Cookie", b"b=gr\xf6\xdfe; a=2")])
    ask(handle)

    assert found == [{"a": "1", "b": "gr\xf6\xdfe"}, {}]


def test_the_defaults_are_strict() -> None:
    assert header("a", "1") == "a=1; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_each_attribute_can_be_set() -> None:
    assert header(
        "a",
        "1",
        max_age=timedelta(days=1),
        path="/shop",
        domain="example.com",
        secure=False,
        http_only=False,
        same_site=None,
    ) == ("a=1; Max-Age=86400; Path=/shop; Domain=example.com")
    assert header("a", path=None, same_site="None") == "a=; Secure; HttpOnly; SameSite=None"
    assert header("__Host-a", "1").startswith("__Host-a=1; Path=/; Secure")


def test_a_cookie_expires_at_a_date() -> None:
    oslo = timezone(timedelta(hours=1))
    date = datetime(2027, 3, 1, 0, 30, 5, 999_999, tzinfo=oslo)

    assert header("a", "1", expires=date, max_age=60, same_site=None) == (
        "a=1; Expires=Sun, 28 Feb 2027 23:30:05 GMT; Max-Age=60; Path=/; Secure; HttpOnly"
    )


@given(
    st.datetimes(
        min_value=datetime(1601, 1, 2),
        max_value=datetime(9999, 12, 30),
        timezones=st.timezones(),
    )
)
def test_every_date_is_written_as_http_dates_are(date) -> None:
    attributes = header("a", "1", expires=date).split("; ")
    (written,) = [part for part in attributes if part.startswith("Expires=")]
    text = written.removeprefix("Expires=")

    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", text)
    assert parsedate_to_datetime(text) == date.astimezone(UTC).replace(microsecond=0)
    assert SimpleCookie(f"a=1; {written}")["a"]["expires"] == text


def test_a_date_is_the_same_in_every_locale() -> None:
    code = (
        "import locale, time; from datetime import UTC, datetime\n"
        "from fastly_compute.http import Response\n"
        "for name in ('de_DE.UTF-8', 'fr_FR.UTF-8'):\n"
        "    try: locale.setlocale(locale.LC_ALL, name)\n"
        "    except locale.Error: pass\n"
        "response = Response()\n"
        "response.set_cookie('a', expires=datetime(2027, 5, 4, tzinfo=UTC))\n"
        "print(response.headers['Set-Cookie'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("a=; Expires=Tue, 04 May 2027 00:00:00 GMT; ")


def test_a_partitioned_cookie_is_marked_and_deleted_as_such() -> None:
    response = Response()
    response.set_cookie("__Host-a", "1", same_site="None", partitioned=True)
    response.delete_cookie("__Host-a", same_site="None", partitioned=True)

    assert response.headers.get_all("set-cookie") == [
        "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        f"__Host-a=; {GONE}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    ]


def test_a_deleted_cookie_has_the_attributes_of_the_one_that_was_set() -> None:
    response = Response()
    response.delete_cookie("a", path="/shop", domain="example.com")
    response.delete_cookie("__Host-b")

    assert response.headers.get_all("set-cookie") == [
        f"a=; {GONE}; Path=/shop; Domain=example.com; Secure; HttpOnly; SameSite=Lax",
        f"__Host-b=; {GONE}; Path=/; Secure; HttpOnly; SameSite=Lax",
    ]


def test_cookies_of_a_backends_response_stay(ask, compute_host) -> None:
    from fastly_compute.http import Request

    compute_host.backend("origin").get("/", headers=[("Set-Cookie", "theirs=1")], text="hello")

    def handle(request):
        response = Request("GET", "http://origin.example/").send("origin")
        response.set_cookie("ours", "2")
        return response

    from fastly_compute.http import service
    from fastly_compute.local import NativeApp

    answer = compute_host.host.request(NativeApp(service(handle)))

    assert [value for name, value in answer.headers if name.lower() == "set-cookie"] == [
        b"theirs=1",
        b"ours=2; Path=/; Secure; HttpOnly; SameSite=Lax",
    ]


@given(st.text().filter(lambda name: not re.fullmatch(TOKEN, name) and ":" not in name))
def test_a_name_that_is_not_a_token_is_refused(name) -> None:
    with pytest.raises(InvalidCookie, match="the name must be a token"):
        header(name, "s3cret")


@pytest.mark.parametrize("name", sorted(RESERVED | {"Partitioned"}))
def test_the_name_of_an_attribute_is_refused(name) -> None:
    with pytest.raises(InvalidCookie, match="not that of an attribute"):
        header(name, "s3cret")


@given(st.text(min_size=1).filter(lambda text: not text.isascii() and max(text) > "\xff"))
def test_text_that_is_not_latin_1_is_refused_and_not_shown(value) -> None:
    with pytest.raises(InvalidCookie, match=r"^cookie 'token': ") as caught:
        header("token", "s3cret" + value)

    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


BAD_ATTRIBUTE = st.text().filter(lambda text: not re.fullmatch(r"[ -:<-~]+", text))


@given(st.sampled_from(["path", "domain"]), BAD_ATTRIBUTE)
def test_an_attribute_cannot_begin_another(field, text) -> None:
    with pytest.raises(InvalidCookie, match=f"^cookie 'a': {field} must be printable ASCII"):
        header("a", **{field: text})


@pytest.mark.parametrize(
    ("name", "options", "rule"),
    [
        ("a", {"path": "shop"}, "path must start with /"),
        ("a", {"max_age": -1}, "max_age must be finite and at least 0"),
        ("a", {"max_age": 0.5}, "max_age must be a whole number of seconds"),
        ("a", {"same_site": "lax"}, "same_site must be 'Strict', 'Lax'"),
        ("a", {"same_site": "None", "secure": False}, "only with secure=True"),
        ("a", {"partitioned": True, "secure": False}, "partitioned=True only with secure=True"),
        ("a", {"expires": datetime(2027, 1, 1)}, "expires must have a time zone, such as"),
        ("a", {"expires": datetime(1600, 12, 31, tzinfo=UTC)}, "in 1601 or later, not 1600"),
        ("a", {"expires": datetime.max.replace(tzinfo=WEST)}, "of the years 1601 to 9999 UTC"),
        ("__Secure-a", {"secure": False}, "the prefix __Secure- only with secure=True"),
        ("__Host-a", {"path": "/shop"}, "the prefix __Host- only with"),
        ("__Host-a", {"domain": "example.com"}, "the prefix __Host- only with"),
        ("__host-a", {"secure": False}, "the prefix __Host- only with"),
        ("a", {"value": "x" * 4096}, "at most 4096 bytes, as browsers keep, not 4097"),
    ],
)
def test_what_a_browser_would_drop_is_refused(name, options, rule) -> None:
    with pytest.raises(InvalidCookie) as caught:
        header(name, **options)

    assert rule in str(caught.value)
    assert caught.value.name == name
    assert isinstance(caught.value, ValueError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), vars(again)) == (str(caught.value), vars(caught.value))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": 1}, "a cookie's name must be a str, not int"),
        ({"value": b"1"}, "a cookie's value must be a str, not bytes"),
        ({"path": b"/"}, "path must be a str or None, not bytes"),
        ({"domain": 1}, "domain must be a str or None, not int"),
        ({"secure": 1}, "secure must be True or False, not 1"),
        ({"http_only": None}, "http_only must be True or False, not None"),
        ({"partitioned": 1}, "partitioned must be True or False, not 1"),
        ({"expires": 60}, "expires must be a datetime or None, not int"),
        ({"expires": GONE}, "expires must be a datetime or None, not str"),
        ({"max_age": "60"}, "max_age must be a timedelta or a number of seconds, not str"),
    ],
)
def test_a_value_of_another_type_is_refused(options, message) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        header(**{"name": "a", **options})


def test_the_host_may_count_visits(ask, instead) -> None:
    found = []

    def handle(request):
        try:
            found.append(request.visits)
        except HttpCallFailed as error:
            found.append(error.case)
        return Response()

    def refuse(_function):
        raise Err(Error_InvalidArgument())

    ask(handle)
    instead("http-downstream.downstream_visits_this_service", lambda _function: 7)
    instead("http-downstream.downstream_visits_this_pop", lambda _function: 9)
    ask(handle)
    instead("http-downstream.downstream_visits_this_pop", refuse)
    ask(handle)

    assert found == [Visits(), Visits(this_service=7, this_pop=9), "invalid-argument"]
