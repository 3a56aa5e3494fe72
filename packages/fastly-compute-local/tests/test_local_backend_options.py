"""A backend's options: setting them, reading them, and their effect on real sockets.

TLS, pooling and connection limits are covered by the test_local_origin modules.
"""

import contextlib
import os
import socket
import ssl
from dataclasses import fields

import pytest
import trustme
from componentize_py_types import Err
from wit_world.imports import backend, types
from wit_world.imports.backend import DynamicBackendOptions, register_dynamic_backend
from wit_world.imports.secret_store import Secret

from fastly_compute.local import (
    BackendConfig,
    Health,
    HealthCheckConfig,
    Host,
    HostConfig,
    load,
)
from fastly_compute.local.transport import BodyFailure, OriginRequest, SendFailure, open_stream

LARGE = 1 << 16
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CA = trustme.CA()
CA_PEM = CA.cert_pem.bytes().decode()
CLIENT = CA.issue_cert("client.example")
CLIENT_PEM = CLIENT.cert_chain_pems[0].bytes().decode()
CLIENT_KEY = CLIENT.private_key_pem.bytes()


@pytest.fixture
def sandbox():
    with Host(output=lambda line: None) as host, host.guest_context() as sandbox:
        yield sandbox


def register(**settings):
    options = DynamicBackendOptions()
    for setter, values in settings.items():
        getattr(options, setter)(*values)
    return register_dynamic_backend("made", "origin.example", options)


# Setting options


SETTERS = {
    "override_host": ("www.example", "override_host"),
    "connect_timeout": (1, "connect_timeout_ms"),
    "first_byte_timeout": (2, "first_byte_timeout_ms"),
    "between_bytes_timeout": (3, "between_bytes_timeout_ms"),
    "tls_min_version": (0x0302, "tls_min_version"),
    "tls_max_version": (0x0303, "tls_max_version"),
    "cert_hostname": ("cert.example", "cert_hostname"),
    "ca_certificate": (CA_PEM, "ca_certificate"),
    "tls_ciphers": ("ECDHE+AESGCM", "tls_ciphers"),
    "sni_hostname": ("sni.example", "sni_hostname"),
    "http_keepalive_time_ms": (4, "http_keepalive_time_ms"),
    "tcp_keepalive_enable": (1, "tcp_keepalive_enable"),
    "tcp_keepalive_interval_secs": (5, "tcp_keepalive_interval_secs"),
    "tcp_keepalive_probes": (6, "tcp_keepalive_probes"),
    "tcp_keepalive_time_secs": (7, "tcp_keepalive_time_secs"),
    "max_connections": (8, "max_connections"),
    "max_use": (9, "max_use"),
    "max_lifetime_ms": (10, "max_lifetime_ms"),
    "pooling": (False, "pooling"),
    "grpc": (True, "grpc"),
    "prefer_ipv6": (False, "prefer_ipv6"),
}
WITH_A_TEST_OF_THEIR_OWN = {"use_tls", "client_cert", "healthcheck"}
TLS_OPTIONS = {name for name in SETTERS if name.startswith(("tls_", "cert_", "ca_", "sni_"))}


@pytest.mark.parametrize("setter", SETTERS)
def test_each_option_is_set_and_changes_nothing_else(sandbox, setter):
    value, field = SETTERS[setter]
    scheme = "https" if setter in TLS_OPTIONS else "http"
    plain = BackendConfig(url=f"{scheme}://origin.example")

    register(**{setter: [value]})

    made = sandbox.dynamic_backends["made"]
    changed = {f.name for f in fields(made) if getattr(made, f.name) != getattr(plain, f.name)}
    assert changed == {field}
    assert getattr(made, field) == value


def test_a_client_certificate_is_set_with_its_key(sandbox):
    register(client_cert=[CLIENT_PEM, Secret.from_bytes(CLIENT_KEY)])

    assert sandbox.dynamic_backends["made"] == BackendConfig(
        url="https://origin.example", client_certificate=CLIENT_PEM, client_key=CLIENT_KEY
    )


@pytest.mark.parametrize("order", [("use_tls", "sni_hostname"), ("sni_hostname", "use_tls")])
def test_tls_is_off_if_it_is_turned_off(sandbox, order):
    values = {"use_tls": [False], "sni_hostname": ["sni.example"]}

    register(**{setter: values[setter] for setter in order})

    assert sandbox.dynamic_backends["made"].url == "http://origin.example"


def test_every_option_and_field_has_a_test():
    setters = {name for name in vars(DynamicBackendOptions) if not name.startswith("_")}
    offered = setters - {"backend_to"}
    kept = {field.name for field in fields(BackendConfig)}

    assert offered == SETTERS.keys() | WITH_A_TEST_OF_THEIR_OWN
    assert kept == {field for _, field in SETTERS.values()} | {
        *["url", "health", "health_check", "client_certificate", "client_key"]
    }


# Reading options


GETTERS = {
    "get_name": "origin",
    "is_healthy": backend.BackendHealth.UNKNOWN,
    "is_dynamic": False,
    "get_host": "origin.example",
    "get_override_host": None,
    "get_port": 80,
    "get_connect_timeout_ms": 1_000,
    "get_first_byte_timeout_ms": 15_000,
    "get_between_bytes_timeout_ms": 10_000,
    "is_tls": False,
    "get_tls_min_version": None,
    "get_tls_max_version": None,
    "get_http_keepalive_time": 0,
    "get_tcp_keepalive_enable": False,
    "get_tcp_keepalive_interval": 0,
    "get_tcp_keepalive_probes": 0,
    "get_tcp_keepalive_time": 0,
}
CHANGED = {
    "is_healthy": ({"health": Health.UNHEALTHY}, backend.BackendHealth.UNHEALTHY),
    "get_host": ({"url": "http://[2001:db8::1]"}, "2001:db8::1"),
    "get_override_host": ({"override_host": "www.example"}, b"www.example"),
    "get_port": ({"url": "http://origin.example:8080"}, 8080),
    "get_connect_timeout_ms": ({"connect_timeout_ms": 1}, 1),
    "get_first_byte_timeout_ms": ({"first_byte_timeout_ms": 2}, 2),
    "get_between_bytes_timeout_ms": ({"between_bytes_timeout_ms": 3}, 3),
    "get_tls_min_version": ({"tls_min_version": 0x0303}, 0x0303),
    "get_tls_max_version": ({"tls_max_version": 0x0304}, 0x0304),
    "get_http_keepalive_time": ({"http_keepalive_time_ms": 4}, 4),
    "get_tcp_keepalive_enable": ({"tcp_keepalive_enable": True}, True),
    "get_tcp_keepalive_interval": ({"tcp_keepalive_interval_secs": 5}, 5),
    "get_tcp_keepalive_probes": ({"tcp_keepalive_probes": 6}, 6),
    "get_tcp_keepalive_time": ({"tcp_keepalive_time_secs": 7}, 7),
}


def read_back(handle):
    with_size = {"get_host", "get_override_host"}
    return {
        name: getattr(handle, name)(*([LARGE] if name in with_size else [])) for name in GETTERS
    }


def static(config):
    host = Host(HostConfig(backends={"origin": config}))
    with host, host.guest_context():
        return read_back(backend.Backend.open("origin"))


def test_without_options_the_getters_return_the_platforms_defaults(sandbox):
    made = register()

    assert read_back(made) == {**GETTERS, "get_name": "made", "is_dynamic": True}
    assert read_back(made.clone()) == read_back(made) == read_back(backend.Backend.open("made"))


@pytest.mark.parametrize("getter", CHANGED)
def test_each_getter_returns_its_own_option_only(getter):
    options, answer = CHANGED[getter]

    assert static(BackendConfig(**{"url": "http://origin.example", **options})) == {
        **GETTERS,
        getter: answer,
    }


def test_a_backend_with_tls_reports_it_and_has_its_port():
    found = static(BackendConfig(url="https://origin.example"))

    assert found == {**GETTERS, "is_tls": True, "get_port": 443}


def test_a_backend_from_a_file_has_only_a_connect_timeout(tmp_path):
    path = tmp_path / "fastly.toml"
    path.write_text('[local_server.backends.origin]\nurl = "http://origin.example"\n')

    found = static(load(path).backends["origin"])

    assert found == {
        **GETTERS,
        "get_first_byte_timeout_ms": 0,
        "get_between_bytes_timeout_ms": 0,
    }


def test_every_getter_has_a_test():
    offered = {name for name in vars(backend.Backend) if name.startswith(("get_", "is_"))}

    assert offered == GETTERS.keys()
    assert CHANGED.keys() | {"get_name", "is_dynamic", "is_tls"} == GETTERS.keys()


@pytest.mark.parametrize("getter", ["get_host", "get_override_host"])
def test_a_name_that_does_not_fit_reports_its_length(sandbox, getter):
    made = register(override_host=["www.example..."])

    with pytest.raises(Err) as caught:
        getattr(made, getter)(13)
    assert caught.value.value == types.Error_BufferLen(14)
    assert len(getattr(made, getter)(14)) == 14


# Timeouts


TIMEOUTS = ("connect_timeout_ms", "first_byte_timeout_ms", "between_bytes_timeout_ms")


@pytest.fixture
def slow(serve):
    """Start a TLS server that pauses at one point of the exchange."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("origin.example").configure_cert(context)

    def slow(limited, seconds):
        def script(peer):
            def perhaps_wait(timeout):
                if timeout == limited:
                    peer.server.stopping.wait(seconds)

            perhaps_wait("connect_timeout_ms")
            if peer.shake_hands(context):
                peer.head()
                perhaps_wait("first_byte_timeout_ms")
                peer.send(OK[:-1])
                perhaps_wait("between_bytes_timeout_ms")
                peer.send(OK[-1:])
                peer.drain()

        return f"https://127.0.0.1:{serve(script).port}"

    return slow


@pytest.mark.parametrize(
    ("limited", "error", "said"),
    [
        ("connect_timeout_ms", SendFailure, "connection-timeout"),
        ("first_byte_timeout_ms", SendFailure, "http-response-timeout"),
        ("between_bytes_timeout_ms", BodyFailure, "in time"),
    ],
)
def test_each_timeout_limits_its_part_of_an_exchange(slow, origins, rest, limited, error, said):
    # Shorter than the defaults for the response's parts; the next test covers longer ones.
    options = {**dict.fromkeys(TIMEOUTS, None), limited: 50}
    config = BackendConfig(url=slow(limited, 5), ca_certificate=CA_PEM, **options)

    with pytest.raises(error, match=said):
        rest(origins.send(config, OriginRequest()))


@pytest.mark.parametrize("free", TIMEOUTS)
def test_no_timeout_limits_other_parts_of_an_exchange(slow, origins, rest, free):
    # Longer than the default for connecting, and than the timeouts of the other parts.
    options = {**dict.fromkeys(TIMEOUTS, 700), free: None}
    config = BackendConfig(url=slow(free, 1.3), ca_certificate=CA_PEM, **options)

    assert rest(origins.send(config, OriginRequest())) == b"ok"


# Socket options


IDLE = "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE"
PROBING = {
    "tcp_keepalive_time_secs": IDLE,
    "tcp_keepalive_interval_secs": "TCP_KEEPINTVL",
    "tcp_keepalive_probes": "TCP_KEEPCNT",
}
NUMBERS = [getattr(socket, name) for name in PROBING.values()]


def probing(sock):
    values = [sock.getsockopt(socket.IPPROTO_TCP, number) for number in NUMBERS]
    return [bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)), *values]


def probing_of(config):
    with (
        contextlib.closing(open_stream(config)) as stream,
        socket.socket(fileno=os.dup(stream.fileno())) as sock,
    ):
        return probing(sock)


@pytest.fixture
def untouched():
    """Return the system's defaults."""
    with socket.socket() as sock:
        return probing(sock)


@pytest.fixture(params=["http", "https"])
def target(request, serve):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("origin.example").configure_cert(context)
    server = serve(lambda peer: peer.drain(), context if request.param == "https" else None)
    return {"url": server.url, "ca_certificate": CA_PEM}


def test_tcp_keepalive_options_are_set_on_the_socket(target):
    options = {"tcp_keepalive_enable": True, **dict(zip(PROBING, [11, 12, 13], strict=True))}

    assert probing_of(BackendConfig(**target, **options)) == [True, 11, 12, 13]


@pytest.mark.parametrize("option", PROBING)
def test_each_tcp_keepalive_option_works_alone(target, untouched, option):
    expected = [True, *untouched[1:]]
    expected[1 + list(PROBING).index(option)] = 11

    found = probing_of(BackendConfig(**target, tcp_keepalive_enable=True, **{option: 11}))

    assert found == expected


def test_idle_connections_are_probed_only_if_enabled(target, untouched):
    options = dict.fromkeys(PROBING, 11)

    assert probing_of(BackendConfig(**target, **options)) == untouched
    assert untouched[0] is False


@pytest.mark.parametrize("left", [None, 0])
def test_unset_tcp_keepalive_options_are_left_to_the_system(target, untouched, left):
    options = dict.fromkeys(PROBING, left)

    found = probing_of(BackendConfig(**target, tcp_keepalive_enable=True, **options))

    assert found == [True, *untouched[1:]]


def test_values_above_the_systems_limit_become_the_limit(target):
    options = dict.fromkeys(PROBING, 2**32 - 1)

    found = probing_of(BackendConfig(**target, tcp_keepalive_enable=True, **options))

    assert found == [True, 32_767, 32_767, 127]


def test_the_idle_time_is_set_under_its_name_on_macos_too(target, monkeypatch):
    monkeypatch.delattr(socket, IDLE)
    monkeypatch.setattr(socket, "TCP_KEEPALIVE", NUMBERS[0], raising=False)
    options = dict.fromkeys(PROBING, 11)

    found = probing_of(BackendConfig(**target, tcp_keepalive_enable=True, **options))

    assert found == [True, 11, 11, 11]


def test_a_system_without_these_options_gets_the_others(target, untouched, monkeypatch):
    for name in PROBING.values():
        monkeypatch.delattr(socket, name)
    options = dict.fromkeys(PROBING, 11)

    found = probing_of(BackendConfig(**target, tcp_keepalive_enable=True, **options))

    assert found == [True, *untouched[1:]]


# The order of addresses


@pytest.fixture
def both(serve):
    """Return the port of servers for both IP versions."""
    for _ in range(20):
        six = socket.create_server(("::1", 0), family=socket.AF_INET6)
        try:
            four = socket.create_server(("127.0.0.1", six.getsockname()[1]))
        except OSError:
            six.close()
            continue
        serve(lambda peer: peer.answer(OK), listener=six)
        return serve(lambda peer: peer.answer(OK), listener=four).port
    raise AssertionError("no port is free for both IP versions")


@pytest.fixture
def resolve(monkeypatch):
    """Make every name resolve to these addresses: those of `localhost` depend on the system."""

    def resolve(*addresses):
        def found(_host, port, **_options):
            return [
                (family, socket.SOCK_STREAM, 6, "", (address, port))
                for family, address in addresses
            ]

        monkeypatch.setattr(socket, "getaddrinfo", found)

    return resolve


FOUR = (socket.AF_INET, "127.0.0.1")
SIX = (socket.AF_INET6, "::1")


@pytest.mark.parametrize("found", [(FOUR, SIX), (SIX, FOUR)])
@pytest.mark.parametrize(
    ("options", "first"),
    [({}, "::1"), ({"prefer_ipv6": True}, "::1"), ({"prefer_ipv6": False}, "127.0.0.1")],
)
def test_the_preferred_ip_version_is_tried_first(
    both, resolve, origins, rest, found, options, first
):
    resolve(*found)

    response = origins.send(
        BackendConfig(url=f"http://origin.example:{both}", **options), OriginRequest()
    )

    assert response.remote_addr == (first, both)
    assert rest(response) == b"ok"


@pytest.mark.parametrize(
    "useless",
    [
        (socket.AF_INET6, "::1"),  # nothing listens here
        (socket.AF_UNSPEC, "of a family that the system has no sockets for"),
    ],
)
def test_the_second_address_is_tried_if_the_first_fails(serve, resolve, origins, rest, useless):
    server = serve.answering(OK)
    resolve(useless, FOUR)

    response = origins.send(
        BackendConfig(url=f"http://origin.example:{server.port}"), OriginRequest()
    )

    assert response.remote_addr[0] == "127.0.0.1"
    assert rest(response) == b"ok"


def test_backends_with_different_health_checks_do_not_share_connections(serve, origins, rest):
    server = serve.answering(OK)
    plain = BackendConfig(url=server.url)
    checked = BackendConfig(url=server.url, health_check=HealthCheckConfig(host="a.example"))

    for config in (plain, checked, plain, checked):
        rest(origins.send(config, OriginRequest()))

    assert len(server.peers) == 2
