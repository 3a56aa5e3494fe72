import subprocess
import sys
from datetime import timedelta

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    DynamicBackendConfig,
    HealthCheck,
    TLSVersion,
)
from fastly_compute.backend.naming import derive_name
from fastly_compute.backend.settings import to_wit

CA = trustme.CA().cert_pem.bytes().decode()
OTHER_CA = trustme.CA().cert_pem.bytes().decode()


def config(target="origin.example", **options):
    return DynamicBackendConfig(target=target, **options)


def name(target="origin.example", **options):
    return derive_name(to_wit(config(target, **options)))


def setters(target="origin.example", **options):
    return dict(to_wit(config(target, **options)).setters)


EACH = [
    {},
    {"override_host": "www.example"},
    {"override_host": "www2.example"},
    {"connect_timeout": 1},
    {"connect_timeout": 2},
    {"first_byte_timeout": 1},
    {"between_bytes_timeout": 1},
    {"use_tls": True},
    {"tls_min_version": TLSVersion.V1_2},
    {"tls_min_version": TLSVersion.V1_3},
    {"tls_max_version": TLSVersion.V1_3},
    {"cert_hostname": "cert.example"},
    {"cert_hostname": UNCHECKED_CERT_HOSTNAME},
    {"ca_certificate": CA},
    {"ca_certificate": OTHER_CA},
    {"tls_ciphers": "HIGH"},
    {"sni_hostname": "sni.example"},
    {"http_keepalive_time": 1},
    {"tcp_keepalive_enable": True},
    {"tcp_keepalive_enable": False},
    {"tcp_keepalive_interval": 1},
    {"tcp_keepalive_probes": 1},
    {"tcp_keepalive_time": 1},
    {"max_connections": 1},
    {"max_connections": 0},
    {"max_use": 1},
    {"max_lifetime": 1},
    {"pooling": True},
    {"pooling": False},
    {"grpc": True},
    {"prefer_ipv6": False},
    {"healthcheck": HealthCheck(host="origin.example")},
    {"healthcheck": HealthCheck(host="origin.example", path="/up")},
    {"healthcheck": HealthCheck(host="origin.example", interval=20)},
    {"target": "other.example"},
    {"target": "origin.example:8080"},
    {"target": "192.0.2.1"},
    {"target": "::1"},
]


def test_every_option_and_every_value_is_part_of_the_name():
    names = [name(**options) for options in EACH]

    assert len(set(names)) == len(EACH)


def test_equivalent_configurations_have_the_same_name():
    assert name() == name("ORIGIN.example.") == name("origin.example:80", use_tls=False)
    assert name(use_tls=True) == name("origin.example:443", use_tls=True)
    assert name(use_tls=True) == name(cert_hostname="origin.example", sni_hostname="Origin.Example")
    assert name(connect_timeout=1) == name(connect_timeout=timedelta(seconds=1))
    assert name("::1") == name("[0:0::1]:80")


def test_the_scheme_and_a_port_of_the_other_scheme_are_part_of_the_name():
    names = {
        name(),
        name(use_tls=True),
        name("origin.example:443"),
        name("origin.example:80", use_tls=True),
    }

    assert len(names) == 4


@given(
    st.sampled_from(["a.example", "b" * 63 + ".example", ".".join(["c" * 61] * 4) + ".dd", "::1"]),
    st.none() | st.integers(1, 65535),
    st.sampled_from(EACH[1:-4]),
)
def test_a_name_is_short_printable_and_begins_with_the_target(host, port, options):
    host = f"[{host}]" if ":" in host else host
    result = name(host if port is None else f"{host}:{port}", **options)

    assert 1 <= len(result) <= 254
    assert result.isascii()
    assert result.isprintable()
    scheme = "https" if config(host, **options).is_tls else "http"
    assert result.startswith(f"{scheme}-{host}"[:200])


def test_a_name_is_the_same_in_every_process():
    code = (
        "from fastly_compute.backend import DynamicBackendConfig, HealthCheck\n"
        "from fastly_compute.backend.naming import derive_name\n"
        "from fastly_compute.backend.settings import to_wit\n"
        "check = HealthCheck(host='origin.example', interval=20)\n"
        "config = DynamicBackendConfig(target='origin.example', use_tls=True, healthcheck=check)\n"
        "print(derive_name(to_wit(config)), end='')"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]

    here = name(use_tls=True, healthcheck=HealthCheck(host="origin.example", interval=20))
    assert printed == [here, here]


def test_ten_thousand_configurations_have_ten_thousand_names():
    names = {name(f"h{i}.example", connect_timeout=1 + i % 7) for i in range(10_000)}

    assert len(names) == 10_000


def test_only_set_options_are_passed_to_the_host():
    assert setters() == {}
    assert setters(use_tls=False) == {}
    assert setters(connect_timeout=0.5, pooling=False) == {"connect_timeout": 500, "pooling": False}


def test_each_option_reaches_its_setter_in_the_units_of_the_wit():
    check = HealthCheck(host="origin.example")
    heard = setters(
        override_host="www.example",
        connect_timeout=1,
        first_byte_timeout=2,
        between_bytes_timeout=3,
        tls_min_version=TLSVersion.V1_2,
        tls_max_version=TLSVersion.V1_3,
        cert_hostname="cert.example",
        ca_certificate=CA,
        tls_ciphers="HIGH",
        sni_hostname="sni.example",
        http_keepalive_time=4,
        tcp_keepalive_enable=True,
        tcp_keepalive_interval=5,
        tcp_keepalive_probes=6,
        tcp_keepalive_time=7,
        max_connections=8,
        max_use=9,
        max_lifetime=10,
        pooling=False,
        grpc=True,
        prefer_ipv6=False,
        healthcheck=check,
    )

    assert heard == {
        "override_host": "www.example",
        "connect_timeout": 1000,
        "first_byte_timeout": 2000,
        "between_bytes_timeout": 3000,
        "use_tls": True,
        "tls_min_version": 0x0303,
        "tls_max_version": 0x0304,
        "cert_hostname": "cert.example",
        "ca_certificate": CA,
        "tls_ciphers": "HIGH",
        "sni_hostname": "sni.example",
        "http_keepalive_time_ms": 4000,
        "tcp_keepalive_enable": 1,
        "tcp_keepalive_interval_secs": 5,
        "tcp_keepalive_probes": 6,
        "tcp_keepalive_time_secs": 7,
        "max_connections": 8,
        "max_use": 9,
        "max_lifetime_ms": 10000,
        "pooling": False,
        "grpc": True,
        "prefer_ipv6": False,
        "healthcheck": check,
    }
    assert type(heard["tcp_keepalive_enable"]) is int


@pytest.mark.parametrize("target", ["origin.example", "origin.example:8443", "Origin.Example."])
def test_with_tls_the_certificate_has_to_be_for_the_targets_host_without_its_port(target):
    assert setters(target, use_tls=True) == {
        "use_tls": True,
        "cert_hostname": "origin.example",
        "sni_hostname": "origin.example",
    }


@pytest.mark.parametrize(
    ("target", "host"), [("192.0.2.1:8443", "192.0.2.1"), ("[2001:db8::1]:8443", "2001:db8::1")]
)
def test_an_ip_address_is_checked_and_not_sent_as_sni(target, host):
    assert setters(target, use_tls=True) == {"use_tls": True, "cert_hostname": host}
    assert setters(target, sni_hostname="a.example")["sni_hostname"] == "a.example"


def test_a_given_name_replaces_only_its_own_default():
    assert setters(cert_hostname="cert.example") == {
        "use_tls": True,
        "cert_hostname": "cert.example",
        "sni_hostname": "origin.example",
    }
    assert setters(sni_hostname="sni.example") == {
        "use_tls": True,
        "cert_hostname": "origin.example",
        "sni_hostname": "sni.example",
    }


def test_the_name_is_left_unchecked_only_explicitly():
    assert setters(cert_hostname=UNCHECKED_CERT_HOSTNAME) == {
        "use_tls": True,
        "sni_hostname": "origin.example",
    }


def test_a_replaced_target_has_its_own_name_checked():
    replaced = config(use_tls=True).replace(target="other.example")

    assert dict(to_wit(replaced).setters)["cert_hostname"] == "other.example"
