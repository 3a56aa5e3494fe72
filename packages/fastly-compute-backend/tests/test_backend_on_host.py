import copy
import json
from datetime import timedelta
from pathlib import Path

import pytest

from fastly_compute.backend import (
    Backend,
    BackendCallFailed,
    BackendHealth,
    BackendNotFound,
    BackendUnsupported,
    DynamicBackendConfig,
    DynamicBackendsDisabled,
    TLSVersion,
)
from fastly_compute.core import HandleClosed, HostUnavailable, NotFound, Unsupported
from fastly_compute.local import BackendConfig, Host, HostConfig


def test_a_static_backend_is_opened_by_name(sandbox):
    with Backend.open("origin") as backend:
        assert backend.name == "origin"
        assert not backend.is_dynamic
        assert backend.config is None
        assert (backend.host, backend.port, backend.is_tls) == ("127.0.0.1", 8080, False)
        assert backend.health is BackendHealth.HEALTHY
    assert Backend.open("down").health is BackendHealth.UNHEALTHY
    assert Backend.open("tls-origin").health is BackendHealth.UNKNOWN
    assert sandbox.dynamic_backends == {}


def test_opening_a_missing_backend(sandbox):
    with pytest.raises(BackendNotFound) as caught:
        Backend.open("missing")
    assert isinstance(caught.value, NotFound)
    assert isinstance(caught.value, LookupError)
    assert str(caught.value).startswith(
        "backend.backend.open on 'missing' failed: the backend does not exist: "
    )
    assert caught.value.subject == "missing"


def test_a_backend_exists_or_not(sandbox):
    assert Backend.exists("origin")
    assert not Backend.exists("missing")


@pytest.mark.parametrize("name", ["a", "x" * 254, "name with spaces", "~!@#"])
def test_every_valid_name_can_be_looked_up(name):
    with (
        Host(HostConfig(backends={name: BackendConfig(url="http://127.0.0.1:8080")})) as host,
        host.guest_context(),
    ):
        assert Backend.open(name).port == 8080


@pytest.mark.parametrize(
    "use",
    [
        lambda: Backend.open("origin"),
        lambda: Backend.exists("origin"),
        lambda: Backend.create_dynamic("origin.example"),
        lambda: Backend.for_url("https://origin.example/"),
        lambda: Backend.register_dynamic("new", DynamicBackendConfig(target="origin.example")),
    ],
)
def test_the_host_cannot_be_used_while_no_request_is_being_handled(host, use):
    with pytest.raises(HostUnavailable):
        use()


def test_a_closed_backend_keeps_only_its_name(sandbox):
    backend = Backend.open("origin")
    backend.close()

    assert backend.name == "origin"
    assert repr(backend) == "<Backend 'origin'>"
    with pytest.raises(HandleClosed, match=r"^this Backend is closed$"):
        _ = backend.port
    with pytest.raises(HandleClosed):
        backend.describe()


def test_backends_are_equal_by_name(sandbox):
    assert Backend.open("origin") == Backend.open("origin")
    assert Backend.open("origin") != Backend.open("down")
    assert Backend.open("origin") != "origin"
    assert len({Backend.open("origin"), Backend.open("origin"), Backend.open("down")}) == 2
    with pytest.raises(TypeError, match="cannot be copied or pickled"):
        copy.copy(Backend.open("origin"))


def test_properties_return_what_was_set(sandbox):
    backend = Backend.create_dynamic(
        "asked.example:8443",
        override_host="www.example",
        connect_timeout=1.5,
        first_byte_timeout=2,
        between_bytes_timeout=3,
        tls_min_version=TLSVersion.V1_2,
        tls_max_version=TLSVersion.V1_3,
        http_keepalive_time=4,
        tcp_keepalive_enable=True,
        tcp_keepalive_interval=5,
        tcp_keepalive_probes=6,
        tcp_keepalive_time=7,
    )

    assert backend.describe() == {
        "name": backend.name,
        "health": "unknown",
        "is_dynamic": True,
        "host": "asked.example",
        "override_host": "www.example",
        "port": 8443,
        "connect_timeout": 1.5,
        "first_byte_timeout": 2.0,
        "between_bytes_timeout": 3.0,
        "is_tls": True,
        "tls_min_version": "1.2",
        "tls_max_version": "1.3",
        "http_keepalive_time": 4.0,
        "tcp_keepalive_enable": True,
        "tcp_keepalive_interval": 5.0,
        "tcp_keepalive_probes": 6,
        "tcp_keepalive_time": 7.0,
        "config": repr(backend.config),
    }
    assert json.loads(json.dumps(backend.describe())) == backend.describe()
    assert backend.health is BackendHealth.UNKNOWN
    assert backend.connect_timeout == timedelta(seconds=1.5)
    assert backend.between_bytes_timeout == timedelta(seconds=3)
    assert backend.tls_min_version is TLSVersion.V1_2
    assert backend.http_keepalive_time == timedelta(seconds=4)
    assert backend.tcp_keepalive_interval == timedelta(seconds=5)
    assert backend.tcp_keepalive_time == timedelta(seconds=7)


def test_properties_that_were_not_set_have_the_platforms_defaults(sandbox):
    backend = Backend.create_dynamic("plain.example")

    assert backend.connect_timeout == timedelta(seconds=1)
    assert backend.first_byte_timeout == timedelta(seconds=15)
    assert backend.between_bytes_timeout == timedelta(seconds=10)
    assert backend.override_host is None
    assert backend.tls_min_version is None
    assert backend.tls_max_version is None
    assert (backend.port, backend.is_tls) == (80, False)
    assert sandbox.dynamic_backends == {backend.name: BackendConfig(url="http://plain.example")}


def test_an_unsupported_property_raises_and_is_marked_in_a_description(
    sandbox, wit, monkeypatch, refusing, types
):
    refuse = refusing(types.Error_Unsupported())
    for getter in ("get_host", "get_connect_timeout_ms", "get_tls_min_version"):
        monkeypatch.setattr(wit.Backend, getter, refuse)
    backend = Backend.open("tls-origin")

    with pytest.raises(BackendUnsupported) as caught:
        _ = backend.connect_timeout
    assert isinstance(caught.value, Unsupported)
    assert not isinstance(caught.value, DynamicBackendsDisabled)
    assert caught.value.operation == "backend.backend.get-connect-timeout-ms"
    assert caught.value.subject == "tls-origin"
    described = backend.describe()
    marked = [name for name, value in described.items() if value == "unsupported"]
    assert marked == ["host", "connect_timeout", "tls_min_version"]
    assert described["override_host"] == "www.example"
    assert described["config"] is None


def test_another_failure_is_not_hidden_in_a_description(sandbox, wit, monkeypatch, refusing, types):
    monkeypatch.setattr(wit.Backend, "get_port", refusing(types.Error_GenericError()))

    with pytest.raises(BackendCallFailed, match="get-port on 'origin' failed"):
        Backend.open("origin").describe()


def test_an_unknown_tls_version_is_reported(sandbox, wit, monkeypatch):
    monkeypatch.setattr(wit.Backend, "get_tls_max_version", lambda self: 0x0305)

    with pytest.raises(BackendCallFailed, match="unknown TLS version 0x0305"):
        _ = Backend.open("tls-origin").tls_max_version


def test_a_long_host_name_is_read_whole_whatever_buffer_size_the_host_asks_for(
    sandbox, wit, monkeypatch, refusing, types
):
    offered = []

    def get_override_host(self, max_len):
        offered.append(max_len)
        if max_len < 20_000:
            refusing(types.Error_BufferLen(0))()
        return b"\xe4" * 20_000

    monkeypatch.setattr(wit.Backend, "get_override_host", get_override_host)

    assert Backend.open("origin").override_host == "ä" * 20_000
    assert offered == sorted(offered)


def test_the_readme_example_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.startswith("0:01:00 True {")
