"""`max_retries` of an adapter: what is sent again, and what is not."""

import socket
import threading
from collections.abc import Iterator

import pytest
import urllib3

from fastly_compute import requests
from fastly_compute.requests.adapters import HTTPAdapter

pytestmark = pytest.mark.usefixtures("guest")


class Flaky:
    """An origin that can be down for a while: its port is known, but closed."""

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.answers: list[bytes] = []
        self.asked = 0
        self.thread: threading.Thread | None = None

    def answer(self, *answers: bytes) -> None:
        """Listen, and give each connection the next answer."""
        self.answers = list(answers)
        self.listener.listen()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        for answer in self.answers:
            connection, _ = self.listener.accept()
            with connection:
                while b"\r\n\r\n" not in connection.recv(65536):
                    pass
                self.asked += 1
                connection.sendall(answer)

    def close(self) -> None:
        if self.thread is not None:
            self.thread.join(10)
        self.listener.close()


def answer(status: int, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n{more}\r\n".encode()


@pytest.fixture
def flaky() -> Iterator[Flaky]:
    origin = Flaky()
    yield origin
    origin.close()


class Counting(HTTPAdapter):
    """Counts its tries, and lets the origin start before one of them."""

    def __init__(self, origin: Flaky, start_at: int = 0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.origin, self.start_at, self.tries = origin, start_at, 0

    def _sent(self, request, options):
        self.tries += 1
        if self.tries == self.start_at:
            self.origin.answer(answer(200))
        return super()._sent(request, options)


def session_with(adapter: HTTPAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("http://", adapter)
    return session


def test_what_did_not_reach_its_backend_is_sent_again(flaky: Flaky) -> None:
    adapter = Counting(flaky, start_at=3, max_retries=2)

    assert session_with(adapter).post(flaky.url, data=b"x").status_code == 200
    assert (adapter.tries, flaky.asked) == (3, 1)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_it_is_sent_again_as_often_as_was_said(flaky: Flaky, retries: int) -> None:
    adapter = Counting(flaky, max_retries=retries)

    with pytest.raises(requests.ConnectionError, match="refused the connection"):
        session_with(adapter).get(flaky.url)
    assert adapter.tries == 1 + retries


def test_what_may_have_arrived_is_not_sent_again(flaky: Flaky) -> None:
    flaky.answer(b"")  # the connection is closed without a response
    adapter = Counting(flaky, max_retries=3)

    with pytest.raises(requests.ConnectionError):
        session_with(adapter).get(flaky.url)
    assert (adapter.tries, flaky.asked) == (1, 1)


def test_an_answer_is_not_a_reason_to_send_again(flaky: Flaky) -> None:
    flaky.answer(answer(503))

    assert session_with(Counting(flaky, max_retries=3)).get(flaky.url).status_code == 503


def test_a_backend_that_is_not_there_is_not_looked_for_again(flaky: Flaky) -> None:
    adapter = Counting(flaky, max_retries=3)

    with pytest.raises(requests.BackendNotFound):
        session_with(adapter).get(flaky.url, backend="none")
    assert adapter.tries == 1


def test_a_body_that_cannot_be_read_again_is_not_sent_again(flaky: Flaky) -> None:
    adapter = Counting(flaky, start_at=2, max_retries=3)

    with pytest.raises(requests.ConnectionError):
        session_with(adapter).post(flaky.url, data=iter([b"x"]))
    assert adapter.tries == 1


def test_a_retry_of_urllib3_says_which_statuses_are_failures(flaky: Flaky) -> None:
    flaky.answer(answer(503), answer(503), answer(200))
    retry = urllib3.Retry(total=3, status_forcelist=[503])

    assert session_with(Counting(flaky, max_retries=retry)).get(flaky.url).status_code == 200
    assert flaky.asked == 3


def test_a_retry_of_urllib3_counts_statuses_and_raises_or_returns_the_last(flaky: Flaky) -> None:
    flaky.answer(*[answer(503)] * 4)
    url = f"{flaky.url}?token=s3cret"

    with pytest.raises(requests.exceptions.RetryError, match="status 503, also after") as caught:
        session_with(
            Counting(flaky, max_retries=urllib3.Retry(total=1, status_forcelist=[503]))
        ).get(url)
    assert caught.value.response.status_code == 503
    assert "s3cret" not in str(caught.value)
    gentle = urllib3.Retry(total=1, status_forcelist=[503], raise_on_status=False)
    assert session_with(Counting(flaky, max_retries=gentle)).get(url).status_code == 503
    assert flaky.asked == 4


def test_a_retry_of_urllib3_leaves_methods_alone_that_are_not_to_be_repeated(flaky: Flaky) -> None:
    flaky.answer(answer(503))
    retry = urllib3.Retry(total=3, status_forcelist=[503])

    assert session_with(Counting(flaky, max_retries=retry)).post(flaky.url).status_code == 503


def test_a_retry_of_urllib3_repeats_a_get_whose_response_was_lost(flaky: Flaky) -> None:
    flaky.answer(b"", answer(200))

    assert session_with(Counting(flaky, max_retries=urllib3.Retry(1))).get(flaky.url).ok


def test_a_retry_of_urllib3_waits_as_long_as_the_origin_says(flaky: Flaky) -> None:
    class Noting(urllib3.Retry):
        waited: list[float] = []  # noqa: RUF012

        def sleep_for_retry(self, response):
            self.waited.append(self.get_retry_after(response))
            return True

    flaky.answer(answer(503, "Retry-After: 7\r\n"), answer(200))

    assert session_with(Counting(flaky, max_retries=Noting(3))).get(flaky.url).ok
    assert Noting.waited == [7]


def test_retries_can_be_set_later(flaky: Flaky) -> None:
    adapter = Counting(flaky, start_at=2)
    adapter.max_retries = 1

    assert session_with(adapter).get(flaky.url).ok


def test_retries_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="max_retries must be 0 or more, not -1"):
        HTTPAdapter(max_retries=-1)
    with pytest.raises(TypeError, match="max_retries must be an int or a urllib3 Retry object"):
        HTTPAdapter(max_retries="3")


def test_sending_without_waiting_does_not_drop_retries_silently(flaky: Flaky) -> None:
    session = session_with(HTTPAdapter(max_retries=1))

    with pytest.raises(NotImplementedError, match="max_retries= is not supported without waiting"):
        session.send_async(session.prepare_request(requests.Request("GET", flaky.url)))
