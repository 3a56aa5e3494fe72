"""Requests at build time, without a host."""

from wsgiref.validate import validator

import pytest

from fastly_compute.wsgi import warm_up

PLAIN = [("Content-Type", "text/plain")]


def test_each_path_is_run_to_its_end() -> None:
    seen: list[tuple[str, str]] = []
    ended: list[str] = []

    def app(environ, start_response):
        assert environ["wsgi.input"].read(1) == b""
        seen.append((environ["PATH_INFO"], environ["QUERY_STRING"]))
        start_response("200 OK", list(PLAIN))(b"written")
        yield b"one"
        ended.append(environ["PATH_INFO"])

    warm_up(validator(app), "/", "/caf%C3%A9?q=%20", "/nowhere")

    assert seen == [("/", ""), ("/caf\xc3\xa9", "q=%20"), ("/nowhere", "")]
    assert ended == ["/", "/caf\xc3\xa9", "/nowhere"]


def test_an_exception_of_the_app_fails_the_build() -> None:
    closed: list[bool] = []

    class Broken:
        def __iter__(self):
            yield b"one"
            raise ValueError("no such template")

        def close(self) -> None:
            closed.append(True)

    def app(environ, start_response):
        start_response("200 OK", list(PLAIN))
        return Broken()

    with pytest.raises(ValueError, match="no such template"):
        warm_up(validator(app), "/")
    assert closed == [True]


def test_the_environ_has_no_host_request() -> None:
    seen: list[bool] = []

    def app(environ, start_response):
        seen.append("fastly.request" in environ)
        start_response("200 OK", list(PLAIN))
        return [b"ok"]

    warm_up(validator(app), "/")

    assert seen == [False]
