import subprocess
import sys
from datetime import timedelta

import pytest

from fastly_compute.backend import (
    Backend,
    BackendOptionTypeError,
    DynamicBackendConfig,
    InvalidBackendOption,
    TLSVersion,
    set_default_dynamic_config,
)


@pytest.fixture(autouse=True)
def _no_defaults_stay():
    yield
    set_default_dynamic_config()


def register(**options):
    return Backend.register_dynamic(
        "mine", DynamicBackendConfig(target="defaults.example", **options)
    )


EACH_WAY = [
    lambda **options: Backend.create_dynamic("defaults.example", **options),
    lambda **options: Backend.for_url("http://defaults.example/", **options),
    register,
]


@pytest.mark.parametrize("make", EACH_WAY)
def test_every_dynamic_backend_has_the_defaults(sandbox, make):
    set_default_dynamic_config(connect_timeout=2, pooling=False)

    backend = make(first_byte_timeout=3)
    assert backend.connect_timeout == timedelta(seconds=2)
    assert backend.first_byte_timeout == timedelta(seconds=3)
    assert sandbox.dynamic_backends[backend.name].pooling is False
    assert backend.config.connect_timeout == timedelta(seconds=2)


@pytest.mark.parametrize("make", EACH_WAY)
def test_a_given_option_overrides_its_default(sandbox, make):
    set_default_dynamic_config(connect_timeout=2, pooling=False)

    backend = make(connect_timeout=4, pooling=True)
    assert backend.connect_timeout == timedelta(seconds=4)
    assert sandbox.dynamic_backends[backend.name].pooling is True


def test_a_default_is_part_of_a_backends_identity(sandbox):
    first = Backend.for_url("http://later.example/")
    set_default_dynamic_config(first_byte_timeout=2)
    second = Backend.for_url("http://later.example/")
    set_default_dynamic_config(first_byte_timeout=3)
    third = Backend.for_url("http://later.example/")
    set_default_dynamic_config()

    assert len({first, second, third}) == 3
    assert [b.first_byte_timeout.seconds for b in (first, second, third)] == [15, 2, 3]
    assert second == Backend.for_url("http://later.example/", first_byte_timeout=2)
    assert first == Backend.for_url("http://later.example/")


def test_new_defaults_replace_all_earlier_ones(sandbox):
    set_default_dynamic_config(connect_timeout=2)
    set_default_dynamic_config(first_byte_timeout=2)

    backend = Backend.create_dynamic("defaults.example")
    assert backend.connect_timeout == timedelta(seconds=1)
    assert backend.first_byte_timeout == timedelta(seconds=2)


def test_tls_defaults_apply_to_backends_that_use_tls(sandbox):
    set_default_dynamic_config(tls_min_version=TLSVersion.V1_2)

    assert Backend.for_url("https://defaults.example/").tls_min_version is TLSVersion.V1_2
    assert Backend.create_dynamic("a.example", use_tls=True).tls_min_version is TLSVersion.V1_2
    assert Backend.create_dynamic("a.example", tls_ciphers="HIGH").config.tls_min_version
    assert not Backend.for_url("http://defaults.example/").is_tls
    assert not Backend.create_dynamic("a.example").is_tls
    assert not Backend.create_dynamic("a.example", use_tls=False).is_tls


def test_tls_itself_can_be_a_default(sandbox):
    set_default_dynamic_config(use_tls=True, tls_min_version=TLSVersion.V1_3)

    backend = Backend.create_dynamic("defaults.example:8443")
    assert backend.is_tls
    assert backend.tls_min_version is TLSVersion.V1_3
    assert sandbox.dynamic_backends[backend.name].cert_hostname == "defaults.example"
    assert not Backend.create_dynamic("defaults.example", use_tls=False).is_tls
    assert not Backend.for_url("http://defaults.example/").is_tls


def test_a_given_tls_option_overrides_a_default_of_no_tls(sandbox):
    set_default_dynamic_config(use_tls=False)

    assert Backend.create_dynamic("defaults.example", sni_hostname="a.example").is_tls
    assert Backend.for_url("https://defaults.example/").is_tls
    assert not Backend.create_dynamic("defaults.example").is_tls


def test_a_default_that_contradicts_a_given_option_is_reported(sandbox):
    set_default_dynamic_config(tls_min_version=TLSVersion.V1_3)

    with pytest.raises(InvalidBackendOption, match=r"at most tls_max_version, which is 1\.2"):
        Backend.for_url("https://defaults.example/", tls_max_version=TLSVersion.V1_2)
    assert sandbox.dynamic_backends == {}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"connect_timeout": -1}, InvalidBackendOption),
        ({"use_tls": False, "tls_ciphers": "HIGH"}, InvalidBackendOption),
        ({"pooling": 1}, BackendOptionTypeError),
        ({"dont_pool": True}, TypeError),
        ({"target": "a.example"}, TypeError),
    ],
)
def test_defaults_that_break_a_rule_are_refused_and_the_earlier_ones_stay(sandbox, options, error):
    set_default_dynamic_config(connect_timeout=2)

    with pytest.raises(error):
        set_default_dynamic_config(**options)
    assert Backend.create_dynamic("a.example").connect_timeout == timedelta(seconds=2)


def test_the_target_is_not_a_default():
    with pytest.raises(TypeError, match=r"takes no target: pass it to each backend"):
        set_default_dynamic_config(target="a.example")


def test_an_unknown_default_is_named_without_its_value():
    with pytest.raises(TypeError, match=r"unknown option: 'api_key' .*connect_timeout") as caught:
        set_default_dynamic_config(api_key="s3cret")
    assert "s3cret" not in str(caught.value)


def test_the_target_of_a_url_is_not_an_option():
    with pytest.raises(TypeError, match=r"for_url\(\) takes no target: the URL gives the host"):
        Backend.for_url("https://a.example/", target="b.example")


def test_a_static_backend_has_no_defaults(sandbox):
    set_default_dynamic_config(connect_timeout=2)

    assert Backend.open("origin").connect_timeout == timedelta(seconds=1)


def test_defaults_and_policies_need_no_host():
    code = (
        "from fastly_compute.backend import *\n"
        "set_default_dynamic_config(connect_timeout=2, tls_min_version=TLSVersion.V1_2)\n"
        "allow_dynamic_backends(hosts=['*.example.com', 'b\\xfccher.example'])\n"
        "enforce_explicit_backends('origin')\n"
        "DynamicBackendConfig(target='a.example', healthcheck=HealthCheck(host='a.example'))\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
