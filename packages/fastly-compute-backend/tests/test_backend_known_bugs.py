"""Regression tests for bugs of earlier versions and of SDKs for other languages.

The tests are named after the bug, in the order in which backends are configured, inspected, and
derived from URLs.
"""

from datetime import timedelta

import pytest

from fastly_compute.backend import (
    Backend,
    BackendNameInUse,
    BackendNotFound,
    BackendOptionTypeError,
    ClientCert,
    DynamicBackendConfig,
    HealthCheck,
    InvalidBackendName,
    InvalidBackendOption,
    TLSVersion,
    set_default_dynamic_config,
)
from fastly_compute.backend.healthcheck import setters_of
from fastly_compute.backend.naming import derive_name
from fastly_compute.backend.settings import to_wit
from fastly_compute.local import BackendConfig, Host, HostConfig
from fastly_compute.secret_store import SecretStore

MS_FIELDS = [
    *["connect_timeout", "first_byte_timeout", "between_bytes_timeout"],
    *["http_keepalive_time", "max_lifetime"],
]


def config(target="origin.example", **options):
    return DynamicBackendConfig(target=target, **options)


def setters(target="origin.example", **options):
    return dict(to_wit(config(target, **options)).setters)


def name(target="origin.example", **options):
    return derive_name(to_wit(config(target, **options)))


@pytest.fixture
def _no_defaults_stay():
    yield
    set_default_dynamic_config()


# Options.


@pytest.mark.parametrize("field", MS_FIELDS)
def test_a_duration_of_exactly_two_to_the_32_ms_does_not_wrap_to_none(field):
    for value in (2**32 / 1000, timedelta(milliseconds=2**32)):
        with pytest.raises(InvalidBackendOption, match=field):
            config(**{field: value})


@pytest.mark.parametrize("field", MS_FIELDS)
def test_a_duration_that_is_too_long_is_neither_truncated_nor_dropped_nor_saturated(field):
    with pytest.raises(InvalidBackendOption, match=field):
        config(**{field: timedelta(days=365)})


@pytest.mark.parametrize("field", MS_FIELDS)
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), True, (None, 5), (5, None), "5"])
def test_an_invalid_timeout_is_found_at_once(field, value):
    with pytest.raises((InvalidBackendOption, BackendOptionTypeError), match=f"^{field} must be"):
        config(**{field: value})


def test_a_timeout_below_a_millisecond_does_not_become_no_timeout():
    assert setters(connect_timeout=0.0001) == {"connect_timeout": 1}


def test_timeouts_that_are_not_given_are_left_to_the_platform():
    assert setters() == {}


@pytest.mark.parametrize("field", ["tcp_keepalive_interval", "tcp_keepalive_time"])
def test_a_keepalive_below_a_second_is_not_rounded_up(field):
    with pytest.raises(InvalidBackendOption, match=f"^{field} must be"):
        config(**{field: 0.5})


@pytest.mark.parametrize(
    "field", ["tcp_keepalive_interval", "tcp_keepalive_time", "tcp_keepalive_probes"]
)
def test_a_keepalive_value_of_0_is_refused_by_its_own_name(field):
    with pytest.raises(InvalidBackendOption) as caught:
        config(**{field: 0})
    assert caught.value.field == field


def test_http_keepalive_does_not_turn_tcp_keepalive_on():
    assert setters(http_keepalive_time=5) == {"http_keepalive_time_ms": 5000}


@pytest.mark.usefixtures("_no_defaults_stay")
def test_tcp_keepalive_can_be_turned_off_despite_a_default_in_any_order(sandbox):
    set_default_dynamic_config(tcp_keepalive_enable=True, tcp_keepalive_probes=3)

    assert Backend.create_dynamic("a.example").tcp_keepalive_enable
    assert not Backend.create_dynamic("a.example", tcp_keepalive_enable=False).tcp_keepalive_enable
    first = Backend.create_dynamic("a.example", tcp_keepalive_enable=False, max_use=5)
    assert first == Backend.create_dynamic("a.example", max_use=5, tcp_keepalive_enable=False)
    assert not first.tcp_keepalive_enable


TCP_KEEPALIVE_OPTIONS = ["tcp_keepalive_interval", "tcp_keepalive_probes", "tcp_keepalive_time"]


@pytest.mark.parametrize("field", TCP_KEEPALIVE_OPTIONS)
def test_an_option_of_tcp_keepalive_turns_it_on(sandbox, field):
    options = {field: 5}

    backend = Backend.create_dynamic("a.example", **options)
    assert backend.tcp_keepalive_enable
    assert backend == Backend.create_dynamic("a.example", tcp_keepalive_enable=True, **options)
    assert sandbox.dynamic_backends[backend.name].tcp_keepalive_enable


@pytest.mark.parametrize("field", TCP_KEEPALIVE_OPTIONS)
def test_an_option_of_tcp_keepalive_is_refused_where_it_is_switched_off(field):
    with pytest.raises(
        InvalidBackendOption,
        match=f"^{field} must be omitted with tcp_keepalive_enable=False, which it contradicts",
    ):
        config(tcp_keepalive_enable=False, **{field: 5})


@pytest.mark.usefixtures("_no_defaults_stay")
@pytest.mark.parametrize("field", TCP_KEEPALIVE_OPTIONS)
def test_an_option_of_tcp_keepalive_among_the_defaults_switches_it_on(sandbox, field):
    set_default_dynamic_config(**{field: 5})

    assert Backend.create_dynamic("a.example").tcp_keepalive_enable
    off = Backend.create_dynamic("a.example", tcp_keepalive_enable=False)
    assert not off.tcp_keepalive_enable
    assert getattr(off.config, field) is None


@pytest.mark.usefixtures("_no_defaults_stay")
def test_an_option_of_tcp_keepalive_wins_over_a_default_of_none(sandbox):
    set_default_dynamic_config(tcp_keepalive_enable=False)

    assert Backend.create_dynamic("a.example", tcp_keepalive_time=5).tcp_keepalive_enable
    assert not Backend.create_dynamic("a.example").tcp_keepalive_enable


def test_max_connections_is_not_sent_unless_it_is_given():
    assert "max_connections" not in setters(max_use=1)
    assert setters(max_connections=0) == {"max_connections": 0}


def test_pooling_is_not_inverted():
    assert setters(pooling=False) == {"pooling": False}
    assert setters(pooling=True) == {"pooling": True}


def test_preferring_ipv6_is_not_inverted():
    assert setters(prefer_ipv6=False) == {"prefer_ipv6": False}


def test_a_client_certificate_can_be_given(sandbox, pki):
    key = SecretStore.open("tls")["key"]
    backend = Backend.create_dynamic(
        "a.example", client_cert=ClientCert(certificate=pki.certificate, key=key)
    )

    assert sandbox.dynamic_backends[backend.name].client_key == pki.key


def test_a_small_window_is_not_held_against_the_defaults_of_the_health_check(sandbox):
    check = HealthCheck(host="a.example", window=2, threshold=1, initial=2)

    assert Backend.create_dynamic("a.example", healthcheck=check).is_dynamic


def test_an_improper_path_of_a_health_check_is_an_error_and_not_a_crash():
    for path in ("up", "/a b", "/\xe4", "/a<b>", "/a#b", ""):
        with pytest.raises(InvalidBackendOption, match=r"^healthcheck\.path must be"):
            HealthCheck(host="a.example", path=path)


def test_a_health_check_every_hour_is_refused_here_because_hosts_refuse_it():
    with pytest.raises(InvalidBackendOption, match="less than 1 hour"):
        HealthCheck(host="a.example", interval=3600)
    check = HealthCheck(host="a.example", interval=3599.999)
    assert setters_of(check) == [("interval_ms", 3_599_999)]


def test_a_name_has_a_limit_and_is_not_made_up():
    for bad in ("", "x" * 255):
        with pytest.raises(InvalidBackendName):
            Backend.register_dynamic(bad, config())
    with pytest.raises(TypeError, match="name"):
        Backend.register_dynamic(config=config())


# Targets and TLS.


@pytest.mark.parametrize(
    "target", ["my_host.example", "[::1]:8443", "[2001:db8::1]", "::1", "a.example:65535"]
)
def test_every_valid_target_is_accepted(target):
    assert config(target).target.startswith(target.split(":")[0])


@pytest.mark.parametrize("target", ["::", "[::]:80", "user:pass@a.example", "a.example/path", ""])
def test_an_invalid_target_is_found_at_once(target):
    with pytest.raises(InvalidBackendOption, match=r"^target must be"):
        config(target)


@pytest.mark.parametrize(
    "option",
    [
        {"tls_min_version": TLSVersion.V1_2},
        {"tls_max_version": TLSVersion.V1_2},
        {"tls_ciphers": "HIGH"},
        {"sni_hostname": "a.example"},
        {"cert_hostname": "a.example"},
    ],
)
def test_a_tls_option_sets_use_tls_explicitly_on_the_host(option):
    assert setters(**option)["use_tls"] is True


def test_the_lowest_tls_version_cannot_be_above_the_highest():
    with pytest.raises(InvalidBackendOption, match="tls_min_version must be at most"):
        config(tls_min_version=TLSVersion.V1_3, tls_max_version=TLSVersion.V1_0)


@pytest.mark.parametrize(
    "make", [lambda: setters(use_tls=True), lambda: setters(tls_ciphers="HIGH")]
)
def test_the_name_of_the_certificate_is_checked_by_default(make):
    assert make()["cert_hostname"] == "origin.example"


def test_the_port_is_not_part_of_the_names_in_tls():
    for target in ("h.example:8443", "h.example:443"):
        heard = setters(target, use_tls=True)

        assert (heard["cert_hostname"], heard["sni_hostname"]) == ("h.example", "h.example")


def test_sni_and_certificate_name_are_equal_by_default_as_viceroy_requires():
    heard = setters(use_tls=True)

    assert heard["sni_hostname"] == heard["cert_hostname"]


@pytest.mark.parametrize("field", ["sni_hostname", "cert_hostname", "ca_certificate"])
def test_an_empty_tls_option_does_not_turn_checks_off(field):
    with pytest.raises(InvalidBackendOption, match=field):
        config(**{field: ""})


# Inspecting backends.


def test_the_pause_between_bytes_is_not_the_time_to_the_first(sandbox):
    backend = Backend.create_dynamic("a.example", first_byte_timeout=1, between_bytes_timeout=2)

    assert backend.between_bytes_timeout == timedelta(seconds=2)


def test_http_keepalive_is_not_read_from_tcp_keepalive(sandbox):
    backend = Backend.create_dynamic("a.example", http_keepalive_time=1.5, tcp_keepalive_time=7)

    assert backend.http_keepalive_time == timedelta(seconds=1.5)
    assert backend.tcp_keepalive_time == timedelta(seconds=7)


def test_tls_1_0_is_not_taken_for_unknown(sandbox):
    backend = Backend.create_dynamic("a.example", tls_min_version=TLSVersion.V1_0)

    assert backend.tls_min_version is TLSVersion.V1_0
    assert backend.tls_max_version is None
    assert backend.describe()["tls_min_version"] == "1.0"


def test_a_missing_backend_is_reported_as_not_found_and_not_as_malformed(sandbox):
    assert not Backend.exists("missing")
    with pytest.raises(BackendNotFound):
        Backend.open("missing")


def test_a_buffer_grows_when_the_host_does_not_report_the_size(
    sandbox, wit, monkeypatch, refusing, types
):
    def get_host(self, max_len):
        if max_len < 100_000:
            refusing(types.Error_BufferLen(0))()
        return "a" * 100_000

    monkeypatch.setattr(wit.Backend, "get_host", get_host)

    assert len(Backend.open("origin").host) == 100_000


# Backends from URLs.


def test_http_and_https_do_not_share_a_backend(sandbox):
    first, second = Backend.for_url("http://h.example/"), Backend.for_url("https://h.example/")

    assert (first.is_tls, second.is_tls) == (False, True)


def test_the_first_timeouts_do_not_apply_to_later_backends(sandbox):
    for seconds in (1, 2, 1):
        backend = Backend.for_url("https://h.example/", first_byte_timeout=seconds)

        assert backend.first_byte_timeout == timedelta(seconds=seconds)
    assert len(sandbox.dynamic_backends) == 2


@pytest.mark.usefixtures("_no_defaults_stay")
def test_a_later_default_is_not_ignored(sandbox):
    Backend.for_url("https://h.example/")
    set_default_dynamic_config(first_byte_timeout=2)

    assert Backend.for_url("https://h.example/").first_byte_timeout == timedelta(seconds=2)


def test_a_url_with_a_port_or_an_address_or_an_underscore_has_a_backend(sandbox):
    for url in (
        *("https://h.example:8443/", "https://[::1]/", "https://[::1]:8443/"),
        *("https://my_host.example/", "https://192.0.2.1/"),
    ):
        assert Backend.for_url(url).is_tls
    registered = sandbox.dynamic_backends.values()
    assert all(":" not in (c.sni_hostname or "") for c in registered)


def test_a_default_port_does_not_result_in_a_second_backend(sandbox):
    assert Backend.for_url("https://h.example/") == Backend.for_url("https://H.example:443/x")
    assert len(sandbox.dynamic_backends) == 1


def test_credentials_are_not_part_of_a_backend():
    with pytest.raises(InvalidBackendOption) as caught:
        Backend.for_url("https://user:hunter2@h.example/")
    assert "hunter2" not in str(caught.value)


def test_a_static_backend_named_like_the_host_does_not_conflict():
    static = {"h.example": BackendConfig(url="http://192.0.2.1")}

    with Host(HostConfig(backends=static)) as host, host.guest_context():
        backend = Backend.for_url("http://h.example/")
        assert backend.is_dynamic
        assert backend.host == "h.example"


def test_a_long_host_does_not_make_the_name_too_long(sandbox):
    long = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])

    assert len(Backend.for_url(f"https://{long}:8443/").name) == 254
    assert name(long) != name(long, use_tls=True) != name(f"{long}:1")


def test_a_reused_sandbox_registers_nothing_twice(sandbox, wit, monkeypatch):
    first = Backend.for_url("https://h.example/")
    refused = []
    monkeypatch.setattr(wit, "register_dynamic_backend", lambda *args: refused.append(args))

    assert Backend.for_url("https://h.example/") == first
    assert refused == []


def test_a_host_that_knows_more_backends_than_we_recorded_is_not_an_error(sandbox):
    forgotten = name("h2.example")
    sandbox.dynamic_backends[forgotten] = BackendConfig(url="http://h2.example")

    assert Backend.for_url("http://h2.example/").name == forgotten


def test_a_host_that_knows_fewer_backends_than_we_recorded_is_not_an_error(sandbox):
    Backend.for_url("https://h.example/")
    sandbox.dynamic_backends.clear()

    assert Backend.for_url("https://h.example/").host == "h.example"


def test_a_failed_registration_is_not_recorded(sandbox, wit, monkeypatch, refusing, types):
    with monkeypatch.context() as patched:
        patched.setattr(wit, "register_dynamic_backend", refusing(types.Error_LimitExceeded()))
        for _ in range(2):
            with pytest.raises(Exception, match="a limit of the platform"):
                Backend.for_url("https://failed.example/")

    assert Backend.for_url("https://failed.example/").host == "failed.example"


def test_a_derived_name_that_the_app_registered_otherwise_is_reported(sandbox):
    taken = name("mine.example")
    Backend.register_dynamic(taken, config("other.example"))

    with pytest.raises(BackendNameInUse):
        Backend.create_dynamic("mine.example")
    assert Backend.open(taken).host == "other.example"
