"""Requests that a service answers while it is built."""

import pytest

from fastly_compute.http import IncomingRequest, Response, _wit, service
from fastly_compute.http.rehearsal import forward, greet, read, rehearse

INTERFACES = ("http_body", "http_downstream", "http_resp")


def interfaces() -> list[object]:
    return [getattr(_wit, name) for name in INTERFACES]


def test_a_service_answers_without_a_host(capsys) -> None:
    seen = []

    def handle(request: IncomingRequest) -> Response:
        seen.append((request.method, request.url, request.headers["host"], request.client_address))
        return Response.text("hello")

    before = interfaces()
    rehearse(service(handle).handle)

    assert set(seen) == {("GET", "https://localhost/", "localhost", "127.0.0.1")}
    assert len(seen) > 8
    assert interfaces() == before
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("function", [greet, forward, read])
def test_what_is_rehearsed_is_answered(capsys, function) -> None:
    answers = []

    def handle(request: IncomingRequest) -> Response:
        answers.append(function(request))
        return answers[-1]

    rehearse(service(handle).handle)

    assert {answer.status for answer in answers} == {200}
    assert capsys.readouterr() == ("", "")


def test_the_handler_itself_is_not_run(capsys) -> None:
    def handle(request: IncomingRequest) -> Response:
        raise AssertionError

    service(handle).rehearse()

    assert capsys.readouterr() == ("", "")


def test_the_host_is_back_after_a_failure() -> None:
    def fail(request: object, body: object) -> None:
        raise RuntimeError("stopped")

    before = interfaces()
    with pytest.raises(RuntimeError, match="stopped"):
        rehearse(fail)

    assert interfaces() == before
