"""Redirects and the backends they lead to."""

from urllib.parse import quote

import pytest

from fastly_compute import requests
from fastly_compute.backend import (
    Backend,
    DynamicBackendConfig,
    allow_dynamic_backends,
    enforce_explicit_backends,
)

pytestmark = pytest.mark.usefixtures("guest")


def to(url, status=302):
    return f"/?status={status}&location={quote(url, safe='')}"


def test_a_redirect_within_the_origin_of_a_static_backend_stays_with_it(echo):
    response = requests.get("https://site.example" + to("/next"), backend="origin")

    assert [seen["headers"]["host"] for seen in echo.seen] == ["site.example"] * 2
    assert response.json()["path"] == "/next"
    assert response.url == "https://site.example/next"


def test_a_redirect_to_another_origin_leaves_the_static_backend(echo, elsewhere):
    response = requests.get("https://site.example" + to(f"{elsewhere.url}/x"), backend="origin")

    assert len(echo.seen) == len(elsewhere.seen) == 1
    assert response.json()["path"] == "/x"


def test_a_redirect_back_to_the_first_origin_finds_the_static_backend_again(echo, elsewhere):
    back = elsewhere.url + to("https://site.example/back")

    response = requests.get("https://site.example" + to(back), backend="origin")

    assert [seen["headers"]["host"] for seen in echo.seen] == ["site.example"] * 2
    assert response.json()["path"] == "/back"
    assert len(response.history) == 2


def test_a_mounted_backend_is_for_the_urls_of_its_prefix(echo, elsewhere):
    session = requests.Session()
    session.mount("https://site.example/", requests.BackendAdapter("origin"))

    response = session.get("https://site.example" + to(f"{elsewhere.url}/x"))

    assert len(echo.seen) == len(elsewhere.seen) == 1
    assert response.ok


@pytest.mark.usefixtures("_no_policy_stays")
def test_a_redirect_never_reaches_a_host_that_the_policy_forbids(echo, elsewhere):
    allow_dynamic_backends(["site.example"])
    enforce_explicit_backends()

    with pytest.raises(requests.BackendNotAllowed) as caught:
        requests.get("https://site.example" + to(f"{elsewhere.url}/x"), backend="origin")

    assert elsewhere.seen == []
    assert isinstance(caught.value, PermissionError)
    assert isinstance(caught.value, requests.ConnectionError)
    assert caught.value.request.url == f"{elsewhere.url}/x"


@pytest.mark.usefixtures("_no_policy_stays")
def test_a_url_that_the_policy_forbids_goes_nowhere(echo):
    enforce_explicit_backends()
    allow_dynamic_backends(["other.example"])
    with pytest.raises(requests.BackendNotAllowed, match=r"127\.0\.0\.1"):
        requests.get(echo.url)

    assert echo.seen == []
    assert requests.get(echo.url, backend="origin").ok


@pytest.mark.usefixtures("_no_policy_stays")
def test_what_the_policy_sends_elsewhere_goes_there(echo):
    allow_dynamic_backends(["other.example"])
    enforce_explicit_backends("origin")

    assert requests.get("http://nowhere.example/p").json()["headers"]["host"] == "nowhere.example"


@pytest.mark.usefixtures("_no_policy_stays")
def test_the_backend_that_the_policy_names_has_its_own_timeouts(echo):
    allow_dynamic_backends(["other.example"])
    enforce_explicit_backends("origin")
    session = requests.Session()

    with pytest.raises(ValueError, match="timeout= or fastly_timeout= cannot be used with"):
        session.get("http://nowhere.example/p", timeout=5)
    session.mount("http://", requests.BackendAdapter(ignore_timeout=True))
    assert session.get("http://nowhere.example/p", timeout=5).ok
    assert len(echo.seen) == 1


def test_the_configuration_of_a_backend_is_for_its_origin_too(echo, elsewhere):
    config = DynamicBackendConfig(target=echo.url.removeprefix("http://"), connect_timeout=4)

    response = requests.get(
        "http://site.example" + to(f"{elsewhere.url}/x"), backend=config, timeout=(None, 5)
    )

    assert response.json()["path"] == "/x"
    assert Backend.create_dynamic(
        config.target, connect_timeout=4, first_byte_timeout=5, between_bytes_timeout=5
    ).is_dynamic
    assert echo.seen[0]["headers"]["host"] == "site.example"


def test_authorization_stays_with_its_origin(echo, elsewhere):
    auth = ("user", "pass")

    same = requests.get(echo.url + to("/next"), auth=auth)
    other = requests.get(echo.url + to(elsewhere.url), auth=auth, headers={"X-Kept": "1"})

    assert "authorization" in same.json()["headers"]
    assert "authorization" not in other.json()["headers"]
    assert other.json()["headers"]["x-kept"] == "1"


def test_credentials_in_a_location_are_not_sent_and_not_kept(echo):
    to_itself = echo.url.replace("://", "://user:s3cret@")

    response = requests.get(echo.url + to(f"{to_itself}/x"))

    assert "authorization" not in response.json()["headers"]
    assert "s3cret" not in response.url


def test_a_response_that_is_not_followed_says_what_is_next(echo):
    response = requests.post(f"{echo.url}{to('/next', 303)}", data="x", allow_redirects=False)

    assert (response.next.method, response.next.url) == ("GET", f"{echo.url}/next")
    assert response.next.body is None
    assert response.history == []


def test_a_redirect_without_a_backend_for_it_says_so(echo):
    with pytest.raises(requests.exceptions.InvalidSchema, match="No connection adapters"):
        requests.get(echo.url + to("ftp://a.example/"))


def test_a_redirect_to_no_url_is_an_error_without_the_query(echo):
    with pytest.raises(requests.exceptions.InvalidURL) as caught:
        requests.get("https://site.example" + to("http://[::1") + "&key=s3cret", backend="origin")

    assert "the redirect from https://site.example/ leads to no URL" in str(caught.value)
    assert "s3cret" not in str(caught.value)
