"""Timeouts, socket options, TLS options and cache options reach the backend."""

import socket
import ssl

import pytest
import urllib3

from fastly_compute.backend import DynamicBackendConfig, enforce_explicit_backends, policy
from fastly_compute.http import CacheOptions
from fastly_compute.urllib3 import PoolManager


@pytest.fixture
def sent(compute_host):
    """A backend's configuration, as the host knows it, after a request."""
    compute_host.target("origin.example").get("/", text="hello")

    def sent(pool, url="http://origin.example/", **options):
        with compute_host.host.guest_context():
            assert pool.request("GET", url, **options).data == b"hello"
        return compute_host.calls[-1].config

    return sent


@pytest.mark.parametrize(
    ("timeout", "connect", "read"),
    [
        (3, 3000, 3000),
        (urllib3.Timeout(connect=1, read=2), 1000, 2000),
        (urllib3.Timeout(connect=5, total=2), 2000, 2000),
        (urllib3.Timeout(total=4, read=1.5), 4000, 1500),
        (urllib3.Timeout(read=2), 1000, 2000),
    ],
)
def test_timeouts_are_those_of_the_backend(sent, timeout, connect, read):
    for config in (sent(PoolManager(timeout=timeout)), sent(PoolManager(), timeout=timeout)):
        assert config.connect_timeout_ms == connect
        assert config.first_byte_timeout_ms == config.between_bytes_timeout_ms == read


def test_without_a_timeout_the_platform_decides(sent):
    config = sent(PoolManager())
    assert (config.connect_timeout_ms, config.first_byte_timeout_ms) == (1000, 15_000)
    assert config.between_bytes_timeout_ms == 10_000


def test_one_configuration_is_one_backend(compute_host):
    compute_host.target("origin.example").get("/", text="hello")
    with compute_host.host.guest_context():
        for timeout in (1, 2, 1, 2):
            PoolManager(timeout=timeout).request("GET", "http://origin.example/")
    names = [call.backend for call in compute_host.calls]
    assert names[0] == names[2] != names[1] == names[3]


def test_keep_alive_is_set_by_socket_options(sent):
    options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30),
    ]
    config = sent(PoolManager(socket_options=options))
    assert config.tcp_keepalive_enable
    assert config.tcp_keepalive_interval_secs == 30
    assert not sent(PoolManager(socket_options=None)).tcp_keepalive_enable


def test_names_and_versions_of_tls(sent):
    pool = PoolManager(
        server_hostname="inner.example",
        assert_hostname="cert.example",
        ssl_minimum_version=ssl.TLSVersion.TLSv1_3,
    )
    config = sent(pool, "https://origin.example/")
    assert (config.sni_hostname, config.cert_hostname) == ("inner.example", "cert.example")


@pytest.mark.parametrize(("cache", "requests"), [(None, 2), (CacheOptions(), 1)])
def test_the_cache_is_bypassed_unless_it_is_asked_for(compute_host, cache, requests):
    compute_host.target("origin.example").get(
        "/", text="hello", headers={"Cache-Control": "max-age=60"}
    )
    pool = PoolManager(cache=cache)
    with compute_host.host.guest_context():
        assert [pool.request("GET", "http://origin.example/").data for _ in range(2)] == [
            b"hello"
        ] * 2
    assert len(compute_host.calls) == requests


@pytest.mark.parametrize("options", [{"backend": 1}, {"cache": True}])
def test_options_of_another_type_are_refused(options):
    with pytest.raises(TypeError, match=next(iter(options))):
        PoolManager(**options)


def test_a_backend_that_is_given_has_its_own_options(compute_host):
    compute_host.backend("origin").get("/", text="hello")
    url = "https://www.example/"
    with compute_host.host.guest_context():
        for options in ({"timeout": 5}, {"server_hostname": "inner.example"}):
            with pytest.raises(ValueError, match="cannot be used with the backend 'origin'"):
                PoolManager(backend="origin", **options).request("GET", url)
        pool = PoolManager(backend="origin", ignore_timeout=True)
        assert pool.request("GET", url, timeout=5).data == b"hello"
    assert len(compute_host.calls) == 1


def test_a_backend_that_the_policy_names_has_its_own_options(compute_host, monkeypatch):
    compute_host.backend("origin").get("/", text="hello")
    monkeypatch.setattr(policy, "_policy", policy._policy)
    enforce_explicit_backends("origin")
    url = "https://www.example/"
    with compute_host.host.guest_context():
        with pytest.raises(ValueError, match="timeout= cannot be used with the backend"):
            PoolManager(timeout=5).request("GET", url)
        assert PoolManager(ignore_timeout=True, timeout=5).request("GET", url).data == b"hello"
    assert len(compute_host.calls) == 1


def test_a_configuration_can_be_given(compute_host):
    compute_host.target("inner.example").get("/", text="hello")
    config = DynamicBackendConfig(target="inner.example", between_bytes_timeout=3)
    with compute_host.host.guest_context():
        PoolManager(backend=config, timeout=5).request("GET", "https://www.example/")
    call = compute_host.calls[0]
    assert call.headers["Host"] == "www.example"
    assert call.config.use_tls
    assert call.config.connect_timeout_ms == 5000
