"""What went wrong in responses of an earlier facade of this kind: none of it happens here."""

import json

import pytest

from fastly_compute import requests
from fastly_compute.local import BackendConfig, Host, HostConfig


@pytest.mark.usefixtures("guest")
class TestResponses:
    def test_headers_are_found_in_any_case(self, echo):
        headers = requests.get(f"{echo.url}/?x-a=b").headers

        assert headers["X-A"] == headers["x-a"] == headers.get("X-a") == "b"

    def test_repeated_and_empty_headers_are_kept(self, echo):
        cookies = "set-cookie=a%3D1&set-cookie=b%3D2"
        response = requests.get(f"{echo.url}/?x-a=1&x-a=2&x-empty=&{cookies}")

        assert response.headers["x-a"] == "1, 2"
        assert response.headers["x-empty"] == ""
        assert response.cookies.get_dict() == {"a": "1", "b": "2"}

    def test_a_header_of_more_than_four_kilobytes_is_read(self, echo):
        assert len(requests.get(f"{echo.url}/?x-long={'a' * 9000}").headers["x-long"]) == 9000

    def test_more_than_four_kilobytes_of_names_are_read(self, echo):
        names = [f"x-{'long' * 25}-{number}" for number in range(60)]
        response = requests.get(f"{echo.url}/?{'&'.join(f'{name}=1' for name in names)}")

        assert set(names) <= {name.lower() for name in response.headers}

    def test_header_values_are_latin_1(self, echo):
        assert requests.get(f"{echo.url}/?x-a=caf%C3%A9").headers["x-a"] == "caf\xe9"

    @pytest.mark.parametrize("charset", ["nonsense", '"utf-8"', "UTF-8"])
    @pytest.mark.parametrize("name", ["charset", "Charset", "CHARSET"])
    def test_a_charset_is_read_in_any_spelling_and_never_raises(self, echo, charset, name):
        response = requests.get(echo.url, params={"content-type": f"text/html; {name}={charset}"})

        assert '"method": "GET"' in response.text

    @pytest.mark.parametrize(
        ("status", "ok"), [(204, True), (304, True), (399, True), (400, False), (500, False)]
    )
    def test_ok_is_below_four_hundred(self, echo, status, ok):
        assert requests.get(f"{echo.url}/?status={status}").ok is ok

    def test_a_server_error_is_called_one(self, echo):
        with pytest.raises(requests.HTTPError, match="503 Server Error: Service Unavailable for"):
            requests.get(f"{echo.url}/?status=503").raise_for_status()

    @pytest.mark.parametrize(
        ("query", "redirects"),
        [
            ("status=302", False),
            ("status=304&location=/x", False),
            ("status=302&location=/x", True),
        ],
    )
    def test_a_redirect_has_a_location(self, echo, query, redirects):
        response = requests.get(f"{echo.url}/?{query}", allow_redirects=False)

        assert response.is_redirect is redirects

    def test_what_is_no_json_is_a_request_exception_and_a_value_error(self, echo):
        response = requests.get(f"{echo.url}/?status=204")
        with pytest.raises(requests.RequestException) as caught:
            response.json()

        assert isinstance(caught.value, json.JSONDecodeError)

    def test_json_is_read_anew_with_each_set_of_keywords(self, echo):
        response = requests.get(echo.url)

        assert isinstance(response.json(), dict)
        assert isinstance(response.json(object_pairs_hook=list), list)

    def test_the_encoding_can_be_set(self, echo):
        response = requests.get(echo.url)
        response.encoding = "utf-16"

        assert response.encoding == "utf-16"
        assert "method" not in response.text

    def test_the_body_can_be_streamed(self, echo):
        with requests.get(echo.url, stream=True) as response:
            assert next(response.iter_content(1)) == b"{"
            assert response.raw.read(8) == b'"method"'

    @pytest.mark.parametrize(
        "name",
        [
            *["iter_content", "iter_lines", "raw", "close", "cookies", "elapsed", "history"],
            *["links", "next", "apparent_encoding", "request", "encoding", "connection"],
            *["__enter__", "__exit__", "__iter__"],
        ],
    )
    def test_everything_of_a_response_is_there(self, echo, name):
        assert hasattr(requests.get(echo.url), name)

    def test_a_response_that_was_closed_is_an_error_and_no_trap(self, echo):
        response = requests.get(echo.url, stream=True)
        response.close()
        response.close()

        with pytest.raises(requests.exceptions.StreamConsumedError):
            _ = response.content

    def test_the_repr_is_that_of_requests(self, echo):
        assert repr(requests.get(echo.url)) == "<Response [200]>"


def test_a_read_error_in_the_body_is_a_request_exception(echo):
    def fail(name, call, arguments):
        if name == "http-body.read":
            from componentize_py_types import Err
            from wit_world.imports import types

            raise Err(types.Error_HttpIncomplete())
        return call(*arguments)

    with Host(HostConfig(backends={"origin": BackendConfig(url=echo.url)})) as host:
        host.interpose = fail
        with (
            host.guest_context(),
            pytest.raises(requests.exceptions.ChunkedEncodingError) as caught,
        ):
            requests.get("https://a.example/", backend="origin")

    assert caught.value.response.status_code == 200
    assert caught.value.request.url == "https://a.example/"


def test_sessions_adapters_and_authentication_are_there():
    names = {"Session", "Request", "PreparedRequest", "BackendAdapter", "adapters", "auth", "hooks"}

    assert names <= set(requests.__all__)
