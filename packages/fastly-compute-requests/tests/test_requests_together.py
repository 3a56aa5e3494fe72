"""Several requests at once."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fastly_compute import requests
from fastly_compute.core import HandleClosed

pytestmark = pytest.mark.usefixtures("guest")


def test_gathered_requests_are_under_way_at_the_same_time(echo):
    # The origin answers none of them before it has all three.
    found = requests.gather(
        [requests.Request("GET", f"{echo.url}/together/{n}") for n in range(3)], timeout=20
    )

    assert [response.json()["path"] for response in found] == [f"/together/{n}" for n in range(3)]


def test_the_error_of_one_stands_in_its_place(echo):
    found = requests.gather(
        [
            requests.Request("GET", f"{echo.url}/a"),
            requests.Request("GET", "http://127.0.0.1:1/"),
            requests.Request("GET", "no-scheme"),
            requests.Request("POST", f"{echo.url}/b", json={"a": 1}).prepare(),
        ]
    )

    assert [type(item).__name__ for item in found] == [
        *["Response", "ConnectionError", "MissingSchema", "Response"]
    ]
    assert found[1].request.url == "http://127.0.0.1:1/"
    assert found[3].json()["body"] == '{"a": 1}'


@pytest.fixture
def silent():
    """An origin that accepts, and answers when the test is over."""
    over = threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def do_GET(self):
            over.wait(30)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        over.set()
        server.shutdown()
        thread.join()


def test_what_has_not_come_in_time_is_a_read_timeout(echo, silent):
    found = requests.gather(
        [requests.Request("GET", silent), requests.Request("GET", echo.url)], timeout=0.3
    )

    assert isinstance(found[0], requests.ReadTimeout)
    assert found[0].request.url == silent
    assert found[1].ok


def test_a_pending_response_that_has_not_come_can_be_waited_for_again(silent):
    session = requests.Session()
    pending = session.send_async(session.prepare_request(requests.Request("GET", silent)))

    assert pending.ready is False
    for _ in range(2):
        with pytest.raises(requests.ReadTimeout):
            pending.wait(0.05)
    pending.close()
    with pytest.raises(HandleClosed):
        pending.wait()


def test_a_pending_response_has_its_sessions_settings_hooks_cookies_and_redirects(echo):
    session = requests.Session()
    session.headers["X-Session"] = "1"
    seen = []
    request = session.prepare_request(
        requests.Request(
            "GET",
            f"{echo.url}/?status=302&location=/next&set-cookie=a%3D1",
            hooks={"response": lambda response, **kwargs: seen.append(response.status_code)},
        )
    )

    response = session.send_async(request).wait()

    assert response.json()["path"] == "/next"
    assert response.json()["headers"]["x-session"] == "1"
    assert response.json()["headers"]["cookie"] == "a=1"
    assert seen == [302, 200]
    assert response.elapsed.total_seconds() > 0
    assert response.history[0].elapsed.total_seconds() > 0
    assert session.cookies["a"] == "1"


def test_send_async_takes_the_keywords_of_send(echo):
    session = requests.Session()
    request = session.prepare_request(requests.Request("GET", "https://site.example/p"))

    with session.send_async(request, backend="origin", stream=True).wait() as response:
        assert response.raw.read(1) == b"{"
    assert echo.seen[0]["headers"]["host"] == "site.example"
    with pytest.raises(ValueError, match="cannot be used with the backend 'origin'"):
        session.send_async(request, backend="origin", timeout=1)
    with pytest.raises(requests.BackendNotFound):
        session.send_async(request, backend="nowhere")


def test_what_cannot_be_gathered_is_a_type_error_and_leaves_nothing_open(echo):
    with pytest.raises(TypeError, match="gather takes requests and pending responses, not str"):
        requests.gather([requests.Request("GET", echo.url), echo.url])
    assert requests.gather([]) == []


def test_a_pending_response_can_be_gathered(echo):
    session = requests.Session()
    request = session.prepare_request(requests.Request("GET", f"{echo.url}/p"))

    (response,) = requests.gather([session.send_async(request, allow_redirects=False)])

    assert response.json()["path"] == "/p"
