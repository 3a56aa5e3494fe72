import json

import pytest

from fastly_compute.core import HandleClosed
from fastly_compute.http import Body, Headers, InvalidHeader, InvalidStatus, Response


def test_a_response_is_an_empty_200_by_default():
    response = Response()

    assert response.status == 200
    assert response.headers == Headers()
    assert response.body.read() == b""


def test_text_is_utf_8():
    response = Response.text("café", status=404)

    assert response.status == 404
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.body.read() == "café".encode()


def test_json_is_compact_and_utf_8():
    response = Response.json({"name": "café", "of": [1, None]})

    assert response.headers["content-type"] == "application/json"
    assert response.body.read() == '{"name":"café","of":[1,null]}'.encode()


def test_a_content_type_that_is_given_is_kept():
    headers = {"content-TYPE": "application/problem+json"}

    assert Response.json({}, headers=headers).headers.items() == list(headers.items())


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_numbers_that_are_not_finite_are_refused_in_json(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        Response.json(value)


def test_json_takes_only_types_that_json_can_represent():
    with pytest.raises(TypeError, match="not JSON serializable"):
        Response.json({1, 2})


def test_text_takes_only_text():
    with pytest.raises(TypeError, match="text must be a str, not bytes"):
        Response.text(b"x")


def test_a_redirect_has_a_location():
    response = Response.redirect("/elsewhere?a=%C3%A9", 308)

    assert (response.status, response.headers["location"]) == (308, "/elsewhere?a=%C3%A9")
    assert Response.redirect("/").status == 302


@pytest.mark.parametrize("status", [200, 300, 304, 306, 400])
def test_a_redirect_has_a_status_that_redirects(status):
    with pytest.raises(InvalidStatus, match=f"not {status}"):
        Response.redirect("/", status)


@pytest.mark.parametrize("url", ["", "/é", "/a b", "/a\r\nx: y"])
def test_a_location_is_a_url(url):
    with pytest.raises(InvalidHeader, match="'Location'"):
        Response.redirect(url)


@pytest.mark.parametrize("status", [99, 600, 0, -1])
def test_a_status_out_of_range_is_refused(status):
    with pytest.raises(InvalidStatus, match="100 to 599"):
        Response(status)
    response = Response()
    with pytest.raises(InvalidStatus, match="100 to 599"):
        response.status = status


@pytest.mark.parametrize("status", ["200", 200.0, True, None])
def test_a_status_is_an_int(status):
    with pytest.raises(TypeError, match="a status must be an int"):
        Response(status)


def test_status_headers_and_body_can_be_set():
    response = Response()
    response.status = 201
    response.headers = {"x-a": "1"}
    response.body = b"made"

    assert (response.status, response.headers["X-A"]) == (201, "1")
    assert response.body.read() == b"made"


def test_a_replaced_body_is_closed():
    old = Body(iter([b"a"]))
    response = Response(body=old)

    response.body = b"new"

    assert old.closed


def test_a_body_object_is_used_unchanged():
    body = Body(b"x")

    assert Response(body=body).body is body


def test_closing_a_response_closes_its_body():
    with Response(body=b"x") as response:
        pass

    with pytest.raises(HandleClosed):
        response.body.read()


def test_the_repr_shows_the_status():
    assert repr(Response(204)) == "<Response 204>"


def test_a_json_response_can_be_parsed_again():
    assert json.loads(Response.json([1.5, "a"]).body.read()) == [1.5, "a"]
