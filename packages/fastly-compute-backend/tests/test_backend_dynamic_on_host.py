import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from fastly_compute import local
from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    Backend,
    BackendCallFailed,
    BackendConfigRefused,
    BackendNameInUse,
    ClientCert,
    DynamicBackendConfig,
    DynamicBackendsDisabled,
    HealthCheck,
    TLSVersion,
)
from fastly_compute.backend.naming import derive_name
from fastly_compute.backend.settings import to_wit
from fastly_compute.core import LimitExceeded
from fastly_compute.local import BackendConfig, Host, HostConfig
from fastly_compute.secret_store import SecretStore


def named(target, **options):
    return derive_name(to_wit(DynamicBackendConfig(target=target, **options)))


def test_every_option_arrives_at_the_host_as_given(sandbox, pki):
    backend = Backend.create_dynamic(
        "arrives.example:8443",
        override_host="www.example",
        connect_timeout=1.5,
        first_byte_timeout=2,
        between_bytes_timeout=timedelta(milliseconds=3001),
        tls_min_version=TLSVersion.V1_2,
        tls_max_version=TLSVersion.V1_3,
        cert_hostname="cert.example",
        ca_certificate=pki.authority,
        tls_ciphers="ECDHE+AESGCM",
        sni_hostname="sni.example",
        client_cert=ClientCert(certificate=pki.certificate, key=SecretStore.open("tls")["key"]),
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
            ca_certificate=pki.authority,
            tls_ciphers="ECDHE+AESGCM",
            sni_hostname="sni.example",
            client_certificate=pki.certificate,
            client_key=pki.key,
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
            health_check=local.HealthCheckConfig(
                host="www.example", method="HEAD", path="/up", window=2, threshold=1, initial=1
            ),
        )
    }


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


def test_a_new_sandbox_registers_its_backends_again(host):
    with host.guest_context() as first:
        name = Backend.create_dynamic("forgotten.example").name
        Backend.register_dynamic("forgotten", DynamicBackendConfig(target="a.example"))
    with host.guest_context() as second:
        again = Backend.create_dynamic("forgotten.example")
        Backend.register_dynamic("forgotten", DynamicBackendConfig(target="a.example"))

        assert again.name == name
        assert again.host == "forgotten.example"

    assert first.dynamic_backends == second.dynamic_backends
    assert set(second.dynamic_backends) == {name, "forgotten"}


def test_another_sandbox_may_give_a_name_another_configuration(host):
    for target in ("one.example", "two.example"):
        with host.guest_context():
            config = DynamicBackendConfig(target=target)
            backend = Backend.register_dynamic("moving", config)

            assert backend.host == target
            assert backend.config == config


def test_a_dynamic_backend_that_the_host_has_already_is_found(sandbox, wit):
    name = named("known.example")
    wit.register_dynamic_backend(name, "known.example", wit.DynamicBackendOptions())

    assert Backend.create_dynamic("known.example").name == name
    assert Backend.create_dynamic("known.example").host == "known.example"


def test_a_static_backend_with_the_derived_name_is_reported():
    name = named("taken.example")
    config = HostConfig(backends={name: BackendConfig(url="http://192.0.2.1")})

    with Host(config) as host, host.guest_context() as sandbox:
        for _ in range(2):
            with pytest.raises(BackendNameInUse, match="another backend has this name"):
                Backend.create_dynamic("taken.example")
        assert sandbox.dynamic_backends == {}


def test_sandboxes_that_run_at_once_do_not_know_each_others_backends(host):
    both = threading.Barrier(2, timeout=30)

    def register(port):
        config = DynamicBackendConfig(target=f"mine.example:{port}", use_tls=False)
        with host.guest_context():
            for _ in range(2):
                found = Backend.register_dynamic("mine", config).port
                both.wait()
        return found

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(register, [81, 82]))

    assert found == [81, 82]


def test_a_chosen_name_can_be_registered_again_with_an_equivalent_configuration(sandbox):
    config = DynamicBackendConfig(target="own.example:443", use_tls=True)

    backend = Backend.register_dynamic("own name", config)
    assert backend.name == "own name"
    assert backend.config == config
    same = DynamicBackendConfig(target="own.example", cert_hostname="own.example")
    assert Backend.register_dynamic("own name", same) == backend
    assert Backend.open("own name").config == config
    assert list(sandbox.dynamic_backends) == ["own name"]


@pytest.mark.parametrize("name", ["origin", "mine", "not mine"])
def test_a_name_in_use_by_another_backend_is_reported(sandbox, wit, name):
    Backend.register_dynamic("mine", DynamicBackendConfig(target="mine.example"))
    wit.register_dynamic_backend("not mine", "not-mine.example", wit.DynamicBackendOptions())

    for _ in range(2):
        with pytest.raises(BackendNameInUse, match="choose another name") as caught:
            Backend.register_dynamic(name, DynamicBackendConfig(target="other.example"))
        assert caught.value.subject == name
    assert Backend.open("mine").host == "mine.example"
    assert set(sandbox.dynamic_backends) == {"mine", "not mine"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("Unsupported", DynamicBackendsDisabled),
        ("LimitExceeded", LimitExceeded),
        ("GenericError", BackendCallFailed),
        ("AuxiliaryError", BackendCallFailed),
    ],
)
def test_a_refused_registration_says_why(sandbox, wit, monkeypatch, error, kind, refusing, types):
    answer = getattr(types, f"Error_{error}")()
    monkeypatch.setattr(wit, "register_dynamic_backend", refusing(answer))

    with pytest.raises(kind) as caught:
        Backend.create_dynamic("refused.example")
    assert isinstance(caught.value, BackendCallFailed)
    assert not isinstance(caught.value, BackendNameInUse)
    assert caught.value.operation == "backend.register-dynamic-backend"
    assert caught.value.subject == named("refused.example")


def test_options_are_dropped_when_a_health_check_is_refused(
    sandbox, wit, monkeypatch, refusing, types
):
    dropped = []
    for kind in (wit.DynamicBackendOptions, wit.HealthcheckOptions):
        monkeypatch.setattr(kind, "dropped", lambda self: dropped.append(type(self).__name__))
    refuse = refusing(types.Error_InvalidArgument())
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
def test_the_host_accepts_every_health_check_that_we_accept(sandbox, figures):
    check = HealthCheck(host="a.example", **figures)

    assert Backend.create_dynamic("healthy.example", healthcheck=check).is_dynamic


def test_ten_thousand_configurations_are_no_slower_than_ten(sandbox):
    def cost(action):
        """Count the functions called, in Python and in C: unlike the time, it never varies."""
        calls = []
        sys.setprofile(lambda _frame, event, _arg: calls.append(event))
        try:
            action()
        finally:
            sys.setprofile(None)
        return sum("return" not in event for event in calls)

    def make(i):
        return Backend.create_dynamic(f"h{i:05}.example", use_tls=True, connect_timeout=1)

    make(0)
    few = cost(lambda: make(1)), cost(lambda: make(1))
    for i in range(2, 9_999):
        make(i).close()

    assert (cost(lambda: make(9_999)), cost(lambda: make(9_999))) == few
    assert len(sandbox.dynamic_backends) == 10_000
