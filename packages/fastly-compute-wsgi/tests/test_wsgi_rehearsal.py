"""Requests that a WSGI app's service answers while it is built."""

from fastly_compute.wsgi import WsgiHttpIncoming


def test_the_app_itself_is_not_run(capsys) -> None:
    def app(environ, start_response):
        raise AssertionError

    WsgiHttpIncoming(app).rehearse()

    assert capsys.readouterr() == ("", "")
