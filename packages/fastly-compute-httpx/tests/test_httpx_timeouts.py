"""The timeouts of httpx are those of backends."""

from datetime import timedelta

import httpx
import pytest

from fastly_compute.backend import Backend, DynamicBackendConfig
from fastly_compute.httpx import Client, Transport

pytestmark = pytest.mark.usefixtures("sandbox")


def used(sandbox):
    """The timeouts of the only dynamic backend, in milliseconds."""
    (config,) = sandbox.dynamic_backends.values()
    return [config.connect_timeout, config.first_byte_timeout, config.between_bytes_timeout]


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        (httpx.USE_CLIENT_DEFAULT, [5, 5, 5]),
        (2.5, [2.5, 2.5, 2.5]),
        (httpx.Timeout(1, connect=3), [3, 1, 1]),
        (httpx.Timeout(connect=1, read=2, write=3, pool=4), [1, 2, 2]),
        ((1, 2, 3, 4), [1, 2, 2]),
        (httpx.Timeout(None, read=7), [None, 7, 7]),
        (None, [None, None, None]),
    ],
)
def test_connect_and_read_are_options_of_the_backend(origin, timeout, seconds):
    Client().get(origin.url, timeout=timeout)

    options = {
        name: value
        for name, value in zip(
            ("connect_timeout", "first_byte_timeout", "between_bytes_timeout"),
            seconds,
            strict=True,
        )
        if value is not None
    }
    assert Backend.exists(Backend.for_url(origin.url, **options).name)


def test_the_same_timeouts_are_the_same_backend(origin, sandbox):
    client = Client(timeout=3)
    client.get(origin.url)
    client.get(origin.url, timeout=httpx.Timeout(3, write=1))
    assert len(sandbox.dynamic_backends) == 1

    client.get(origin.url, timeout=4)
    assert len(sandbox.dynamic_backends) == 2


@pytest.mark.parametrize(
    ("timeout", "message"),
    [
        (0, "the connect timeout must be at least 1 ms, not 0 s"),
        (httpx.Timeout(1, read=0), "the read timeout must be at least 1 ms"),
        (-1, "connect timeout"),
        (float("inf"), "connect timeout"),
        (1e9, "connect timeout"),
    ],
)
def test_a_timeout_that_cannot_be_kept_is_refused(origin, timeout, message):
    with pytest.raises(ValueError, match=message):
        Client().get(origin.url, timeout=timeout)

    assert origin.seen == []


def test_a_backend_that_is_given_has_its_own_timeouts(origin):
    client = Client(backend="origin")

    assert client.get("http://a.example/").is_success
    assert client.get("http://a.example/", timeout=None).is_success
    with pytest.raises(ValueError, match="timeout= cannot be used with the backend 'origin'"):
        client.get("http://a.example/", timeout=6)


def test_timeouts_can_be_ignored_for_libraries_that_insist(origin):
    client = httpx.Client(transport=Transport("origin", ignore_timeout=True), timeout=600)

    assert client.get("http://a.example/").is_success


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(httpx.USE_CLIENT_DEFAULT, (5, 60, 5)), (2, (2, 2, 2)), (None, (None, 60, None))],
)
def test_a_configuration_goes_before_the_default_and_after_what_is_said(
    origin, sandbox, timeout, seconds
):
    target = origin.url.removeprefix("http://")
    config = DynamicBackendConfig(target=target, first_byte_timeout=60)
    Client(backend=config).get("http://a.example/", timeout=timeout)

    connect, first_byte, between_bytes = (
        None if value is None else timedelta(seconds=value) for value in seconds
    )
    expected = DynamicBackendConfig(
        target=target,
        connect_timeout=connect,
        first_byte_timeout=first_byte,
        between_bytes_timeout=between_bytes,
    )
    (name,) = sandbox.dynamic_backends
    assert Backend.open(name) == Backend.create_dynamic(
        target,
        connect_timeout=expected.connect_timeout,
        first_byte_timeout=expected.first_byte_timeout,
        between_bytes_timeout=expected.between_bytes_timeout,
    )


def test_a_late_response_is_a_read_timeout(origin):
    with pytest.raises(httpx.ReadTimeout):
        Client(timeout=httpx.Timeout(30, read=0.05)).get(f"{origin.url}/never")


def test_a_body_that_stalls_is_a_read_error(origin):
    with pytest.raises(httpx.ReadError) as caught:
        Client(timeout=httpx.Timeout(30, read=0.2)).get(f"{origin.url}/stalled")

    assert caught.value.request.url.path == "/stalled"
