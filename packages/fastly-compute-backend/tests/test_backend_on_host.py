import copy
import json
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from fastly_compute import backend as package
from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    Backend,
    BackendCallFailed,
    BackendConfigRefused,
    BackendHealth,
    BackendNameInUse,
    BackendNotFound,
    BackendUnsupported,
    ClientCert,
    DynamicBackendConfig,
    DynamicBackendsDisabled,
    HealthCheck,
    TLSVersion,
)
from fastly_compute.backend.naming import name_of
from fastly_compute.backend.settings import settings_of
from fastly_compute.core import HandleClosed, LimitExceeded, NotFound, Unsupported
from fastly_compute.local import BackendConfig, Health, Host, LocalServer
from fastly_compute.secret_store import Secret, SecretStore

AUTHORITY = trustme.CA()
CA = AUTHORITY.cert_pem.bytes().decode()
LEAF = AUTHORITY.issue_cert("client.example")
LEAF_PEM = LEAF.cert_chain_pems[0].bytes().decode()
KEY = LEAF.private_key_pem.bytes()

STATIC = {
    "origin": BackendConfig(url="http://127.0.0.1:8080", health=Health.HEALTHY),
    "tls-origin": BackendConfig(
        url="https://origin.example", override_host="www.example", tls_min_version=0x0303
    ),
    "down": BackendConfig(url="http://192.0.2.1", health=Health.UNHEALTHY),
}
SECRETS = {"tls": {"key": KEY, "same-key": KEY, "no-key": b"not a key"}}


@pytest.fixture
def host():
    with Host(LocalServer(backends=STATIC, secret_stores=SECRETS)) as host:
        yield host


@pytest.fixture
def sandbox(host):
    with host.native() as sandbox:
        yield sandbox


@pytest.fixture
def wit(host):
    """The bindings, for a host that answers what ours never would."""
    from wit_world.imports import backend

    return backend


def refusing(error):
    from componentize_py_types import Err

    def refuse(*_):
        raise Err(error)

    return refuse


def errors():
    from wit_world.imports import types

    return types


def named(target, **options):
    return name_of(settings_of(DynamicBackendConfig(target=target, **options)))


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


def test_a_backend_that_is_not_there(sandbox):
    with pytest.raises(BackendNotFound) as caught:
        Backend.open("missing")
    assert isinstance(caught.value, NotFound)
    assert isinstance(caught.value, LookupError)
    assert str(caught.value).startswith("backend.backend.open on 'missing' failed: there is no ")
    assert caught.value.subject == "missing"


def test_a_backend_exists_or_not(sandbox):
    assert Backend.exists("origin")
    assert not Backend.exists("missing")


def test_a_closed_backend_keeps_its_name_and_answers_nothing(sandbox):
    backend = Backend.open("origin")
    backend.close()

    assert backend.name == "origin"
    assert repr(backend) == "<Backend 'origin'>"
    with pytest.raises(HandleClosed, match="^this Backend is closed$"):
        _ = backend.port
    with pytest.raises(HandleClosed):
        backend.describe()


def test_backends_are_equal_by_name(sandbox):
    assert Backend.open("origin") == Backend.open("origin")
    assert Backend.open("origin") != Backend.open("down")
    assert Backend.open("origin") != "origin"
    assert len({Backend.open("origin"), Backend.open("origin"), Backend.open("down")}) == 2
    with pytest.raises(TypeError, match="no copying"):
        copy.copy(Backend.open("origin"))


def test_every_option_arrives_at_the_host_as_given(sandbox):
    backend = Backend.create_dynamic(
        "arrives.example:8443",
        override_host="www.example",
        connect_timeout=1.5,
        first_byte_timeout=2,
        between_bytes_timeout=timedelta(milliseconds=3001),
        tls_min_version=TLSVersion.V1_2,
        tls_max_version=TLSVersion.V1_3,
        cert_hostname="cert.example",
        ca_certificate=CA,
        tls_ciphers="ECDHE+AESGCM",
        sni_hostname="sni.example",
        client_cert=ClientCert(certificate=LEAF_PEM, key=SecretStore.open("tls")["key"]),
        http_keepalive_time=4,
        tcp_keepalive_enable=True,
        tcp_keepalive_interval=5,
        tcp_keepalive_probes=6,
        tcp_keepalive_time=7,
        max_connections=8,
        max_use=9,
        max_lifetime=10,
        pooling=False,
        prefer_ipv6=False,
        grpc=True,
        healthcheck=HealthCheck(
            host="www.example", method="HEAD", path="/up", window=2, threshold=1, initial=1
        ),
    )

    assert sandbox.dynamic_backends == {
        backend.name: BackendConfig(
            url="https://arrives.example:8443",
            override_host="www.example",
            connect_timeout_ms=1500,
            first_byte_timeout_ms=2000,
            between_bytes_timeout_ms=3001,
            tls_min_version=0x0303,
            tls_max_version=0x0304,
            cert_hostname="cert.example",
            ca_certificate=CA,
            tls_ciphers="ECDHE+AESGCM",
            sni_hostname="sni.example",
            client_certificate=LEAF_PEM,
            client_key=KEY,
            http_keepalive_time_ms=4000,
            tcp_keepalive_enable=True,
            tcp_keepalive_interval_secs=5,
            tcp_keepalive_probes=6,
            tcp_keepalive_time_secs=7,
            max_connections=8,
            max_use=9,
            max_lifetime_ms=10_000,
            pooling=False,
            prefer_ipv6=False,
            grpc=True,
        )
    }


def test_what_was_set_can_be_asked_for(sandbox):
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
    }
    assert json.loads(json.dumps(backend.describe())) == backend.describe()
    assert backend.health is BackendHealth.UNKNOWN
    assert backend.connect_timeout == timedelta(seconds=1.5)
    assert backend.between_bytes_timeout == timedelta(seconds=3)
    assert backend.tls_min_version is TLSVersion.V1_2
    assert backend.http_keepalive_time == timedelta(seconds=4)
    assert backend.tcp_keepalive_interval == timedelta(seconds=5)
    assert backend.tcp_keepalive_time == timedelta(seconds=7)


def test_what_was_not_set_is_the_platforms(sandbox):
    backend = Backend.create_dynamic("plain.example")

    assert backend.connect_timeout == timedelta(seconds=1)
    assert backend.first_byte_timeout == timedelta(seconds=15)
    assert backend.between_bytes_timeout == timedelta(seconds=10)
    assert backend.override_host is None
    assert backend.tls_min_version is None
    assert backend.tls_max_version is None
    assert (backend.port, backend.is_tls) == (80, False)
    assert sandbox.dynamic_backends == {backend.name: BackendConfig(url="http://plain.example")}


@pytest.mark.parametrize(
    ("url", "at_the_host", "tls"),
    [
        ("http://u.example/a?b", "http://u.example", {}),
        ("http://u.example:80/", "http://u.example", {}),
        ("http://u.example:8080/", "http://u.example:8080", {}),
        ("http://[::1]:8080/", "http://[::1]:8080", {}),
        ("https://U.Example/", "https://u.example", {"cert": "u.example", "sni": "u.example"}),
        ("https://u.example:443", "https://u.example", {"cert": "u.example", "sni": "u.example"}),
        (
            "https://u.example:8443/",
            "https://u.example:8443",
            {"cert": "u.example", "sni": "u.example"},
        ),
        ("https://192.0.2.1/", "https://192.0.2.1", {"cert": "192.0.2.1"}),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]", {"cert": "2001:db8::1"}),
    ],
)
def test_a_url_leads_to_its_backend(sandbox, url, at_the_host, tls):
    backend = Backend.for_url(url)

    registered = sandbox.dynamic_backends[backend.name]
    assert registered == BackendConfig(
        url=at_the_host, cert_hostname=tls.get("cert"), sni_hostname=tls.get("sni")
    )


def test_http_and_https_of_one_host_are_two_backends(sandbox):
    plain, tls = Backend.for_url("http://two.example/"), Backend.for_url("https://two.example/")

    assert plain != tls
    assert (plain.is_tls, tls.is_tls) == (False, True)
    assert plain == Backend.create_dynamic("two.example")
    assert tls == Backend.create_dynamic("two.example", use_tls=True)
    assert len(sandbox.dynamic_backends) == 2


def test_a_later_timeout_is_not_lost(sandbox):
    first = Backend.for_url("http://timeouts.example/", first_byte_timeout=1)
    second = Backend.for_url("http://timeouts.example/", first_byte_timeout=2)

    assert first.first_byte_timeout == timedelta(seconds=1)
    assert second.first_byte_timeout == timedelta(seconds=2)


def test_the_name_of_the_certificate_is_unchecked_only_on_demand(sandbox):
    backend = Backend.create_dynamic("any.example", cert_hostname=UNCHECKED_CERT_HOSTNAME)

    registered = sandbox.dynamic_backends[backend.name]
    assert registered.use_tls
    assert registered.cert_hostname is None
    assert registered.sni_hostname == "any.example"


def test_equal_configurations_share_one_registration(sandbox):
    first = Backend.create_dynamic("shared.example", use_tls=True, connect_timeout=2)
    again = Backend.create_dynamic("SHARED.example:443", use_tls=True, connect_timeout=2.0)

    assert first == again
    assert first.name == named("shared.example", use_tls=True, connect_timeout=2)
    assert list(sandbox.dynamic_backends) == [first.name]
    assert again.config == DynamicBackendConfig(
        target="shared.example", use_tls=True, connect_timeout=2
    )


def test_many_configurations_are_many_backends(sandbox):
    backends = [Backend.create_dynamic(f"h{i}.example", connect_timeout=1) for i in range(1000)]

    assert len(sandbox.dynamic_backends) == 1000
    assert [backend.host for backend in backends] == [f"h{i}.example" for i in range(1000)]


def test_a_sandbox_that_knows_nothing_of_the_last_one_registers_again(host):
    with host.native() as first:
        name = Backend.create_dynamic("forgotten.example").name
        Backend.register_dynamic("forgotten", DynamicBackendConfig(target="a.example"))
    with host.native() as second:
        again = Backend.create_dynamic("forgotten.example")
        Backend.register_dynamic("forgotten", DynamicBackendConfig(target="a.example"))

        assert again.name == name
        assert again.host == "forgotten.example"

    assert first.dynamic_backends == second.dynamic_backends
    assert set(second.dynamic_backends) == {name, "forgotten"}


def test_another_sandbox_may_give_a_name_another_configuration(host):
    for target in ("one.example", "two.example"):
        with host.native():
            config = DynamicBackendConfig(target=target)
            backend = Backend.register_dynamic("moving", config)

            assert backend.host == target
            assert backend.config == config


def test_a_dynamic_backend_that_the_host_has_already_is_found(sandbox, wit):
    name = named("known.example")
    wit.register_dynamic_backend(name, "known.example", wit.DynamicBackendOptions())

    assert Backend.create_dynamic("known.example").name == name
    assert Backend.create_dynamic("known.example").host == "known.example"


def test_a_static_backend_of_that_very_name_is_reported():
    name = named("taken.example")
    config = LocalServer(backends={name: BackendConfig(url="http://192.0.2.1")})

    with Host(config) as host, host.native() as sandbox:
        for _ in range(2):
            with pytest.raises(BackendNameInUse, match="another backend has this name"):
                Backend.create_dynamic("taken.example")
        assert sandbox.dynamic_backends == {}


def test_a_name_of_ones_own_can_be_registered_again_with_the_same_meaning(sandbox):
    config = DynamicBackendConfig(target="own.example:443", use_tls=True)

    backend = Backend.register_dynamic("own name", config)
    assert backend.name == "own name"
    assert backend.config == config
    same = DynamicBackendConfig(target="own.example", cert_hostname="own.example")
    assert Backend.register_dynamic("own name", same) == backend
    assert Backend.open("own name").config == config
    assert list(sandbox.dynamic_backends) == ["own name"]


@pytest.mark.parametrize("name", ["origin", "mine", "not mine"])
def test_a_name_that_is_taken_by_something_else_is_reported(sandbox, wit, name):
    Backend.register_dynamic("mine", DynamicBackendConfig(target="mine.example"))
    wit.register_dynamic_backend("not mine", "not-mine.example", wit.DynamicBackendOptions())

    for _ in range(2):
        with pytest.raises(BackendNameInUse, match="choose another name") as caught:
            Backend.register_dynamic(name, DynamicBackendConfig(target="other.example"))
        assert caught.value.subject == name
    assert Backend.open("mine").host == "mine.example"
    assert set(sandbox.dynamic_backends) == {"mine", "not mine"}


def test_a_registration_that_fails_leaves_nothing_behind(sandbox):
    bad = ClientCert(certificate=LEAF_PEM, key=SecretStore.open("tls")["no-key"])
    good = ClientCert(certificate=LEAF_PEM, key=SecretStore.open("tls")["key"])

    for _ in range(2):
        with pytest.raises(BackendConfigRefused, match="the host takes the target or an option"):
            Backend.create_dynamic("fails.example", client_cert=bad)
        with pytest.raises(BackendConfigRefused):
            Backend.register_dynamic(
                "fails", DynamicBackendConfig(target="fails.example", client_cert=bad)
            )
    assert sandbox.dynamic_backends == {}
    assert not Backend.exists("fails")
    config = DynamicBackendConfig(target="fails.example", client_cert=good)
    assert Backend.register_dynamic("fails", config).config == config


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("Unsupported", DynamicBackendsDisabled),
        ("LimitExceeded", LimitExceeded),
        ("GenericError", BackendCallFailed),
        ("AuxiliaryError", BackendCallFailed),
    ],
)
def test_a_host_that_registers_nothing_says_why(sandbox, wit, monkeypatch, error, kind):
    answer = getattr(errors(), f"Error_{error}")()
    monkeypatch.setattr(wit, "register_dynamic_backend", refusing(answer))

    with pytest.raises(kind) as caught:
        Backend.create_dynamic("refused.example")
    assert isinstance(caught.value, BackendCallFailed)
    assert not isinstance(caught.value, BackendNameInUse)
    assert caught.value.operation == "backend.register-dynamic-backend"
    assert caught.value.subject == named("refused.example")


def test_options_are_dropped_when_a_health_check_is_refused(sandbox, wit, monkeypatch):
    dropped = []
    for kind in (wit.DynamicBackendOptions, wit.HealthcheckOptions):
        monkeypatch.setattr(kind, "dropped", lambda self: dropped.append(type(self).__name__))
    refuse = refusing(errors().Error_InvalidArgument())
    monkeypatch.setattr(wit.HealthcheckOptions, "interval_ms", refuse)
    check = HealthCheck(host="a.example", interval=20)

    with pytest.raises(BackendConfigRefused) as caught:
        Backend.create_dynamic("unhealthy.example", healthcheck=check)
    assert caught.value.operation == "backend.healthcheck-options.interval-ms"
    assert dropped == ["HealthcheckOptions", "DynamicBackendOptions"]
    assert sandbox.dynamic_backends == {}


@pytest.mark.parametrize(
    "figures",
    [
        {"window": 15, "threshold": 15, "initial": 15},
        {"window": 10, "threshold": 8},
        {"window": 1, "threshold": 1, "initial": 1},
        {"window": 0, "threshold": 0, "initial": 0},
        {"window": 4},
        {"threshold": 5, "initial": 5},
        {"interval": 1, "timeout": 3599.999},
    ],
)
def test_a_health_check_that_we_accept_the_host_accepts(sandbox, figures):
    check = HealthCheck(host="a.example", **figures)

    assert Backend.create_dynamic("healthy.example", healthcheck=check).is_dynamic


def test_what_a_host_does_not_answer_raises_and_is_marked_in_a_description(
    sandbox, wit, monkeypatch
):
    refuse = refusing(errors().Error_Unsupported())
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


def test_another_failure_is_not_hidden_in_a_description(sandbox, wit, monkeypatch):
    monkeypatch.setattr(wit.Backend, "get_port", refusing(errors().Error_GenericError()))

    with pytest.raises(BackendCallFailed, match="get-port on 'origin' failed"):
        Backend.open("origin").describe()


def test_a_tls_version_from_the_future_is_reported(sandbox, wit, monkeypatch):
    monkeypatch.setattr(wit.Backend, "get_tls_max_version", lambda self: 0x0305)

    with pytest.raises(BackendCallFailed, match="the unknown TLS version 0x0305"):
        _ = Backend.open("tls-origin").tls_max_version


def test_a_long_host_is_read_whole_from_a_host_with_its_own_mind_about_sizes(
    sandbox, wit, monkeypatch
):
    offered = []

    def get_override_host(self, max_len):
        offered.append(max_len)
        if max_len < 20_000:
            refusing(errors().Error_BufferLen(0))()
        return b"\xe4" * 20_000

    monkeypatch.setattr(wit.Backend, "get_override_host", get_override_host)

    assert Backend.open("origin").override_host == "ä" * 20_000
    assert offered == sorted(offered)


def test_a_client_key_is_given_to_the_host_and_never_read(sandbox, monkeypatch):
    from wit_world.imports import secret_store

    def plaintext(self, max_len):
        raise AssertionError("the key was read")

    monkeypatch.setattr(secret_store.Secret, "plaintext", plaintext)
    for key in (SecretStore.open("tls")["key"], Secret.from_bytes(KEY)):
        client_cert = ClientCert(certificate=LEAF_PEM, key=key)

        backend = Backend.create_dynamic("mutual.example", client_cert=client_cert)
        assert sandbox.dynamic_backends[backend.name].client_key == KEY
        shown = repr(client_cert) + repr(backend) + repr(backend.config) + str(backend.describe())
        assert "BEGIN" not in shown
        assert repr(key) in shown
    assert len(sandbox.dynamic_backends) == 2


def test_the_certificate_and_the_keys_origin_are_part_of_a_backend(sandbox):
    other = AUTHORITY.issue_cert("other.example").cert_chain_pems[0].bytes().decode()
    store = SecretStore.open("tls")
    names = [
        Backend.create_dynamic(
            "mutual.example", client_cert=ClientCert(certificate=certificate, key=key)
        ).name
        for certificate, key in [
            (LEAF_PEM, store["key"]),
            (LEAF_PEM, store["key"]),
            (LEAF_PEM, store["same-key"]),
            (LEAF_PEM, Secret.from_bytes(KEY)),
            (LEAF_PEM, Secret.from_bytes(KEY)),
            (LEAF_PEM, Secret.from_bytes(KEY + b"\n")),
            (other, store["key"]),
        ]
    ]

    assert len(set(names)) == 5
    assert names[0] == names[1]
    assert names[3] == names[4]


def test_client_certificates_are_equal_by_content(sandbox):
    store = SecretStore.open("tls")
    one = ClientCert(certificate=LEAF_PEM, key=store["key"])

    assert one == ClientCert(certificate=LEAF_PEM, key=store["key"])
    assert hash(one) == hash(ClientCert(certificate=LEAF_PEM, key=store["key"]))
    assert one != ClientCert(certificate=LEAF_PEM, key=store["same-key"])


def test_a_key_may_be_closed_once_its_backend_is_registered(sandbox):
    with SecretStore.open("tls")["key"] as key:
        client_cert = ClientCert(certificate=LEAF_PEM, key=key)
        Backend.create_dynamic("closed.example", client_cert=client_cert)

    assert Backend.create_dynamic("closed.example", client_cert=client_cert).is_tls
    with pytest.raises(HandleClosed, match="^this Secret is closed$"):
        Backend.create_dynamic("late.example", client_cert=client_cert)
    assert len(sandbox.dynamic_backends) == 1


def test_the_example_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.startswith("0:01:00 True {")


def test_every_public_name_is_in_the_readme():
    readme = (Path(__file__).parents[1] / "README.md").read_text()

    for name in package.__all__:
        assert f"`{name}`" in readme
