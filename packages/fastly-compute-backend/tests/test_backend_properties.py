"""Every configuration is refused before the host is called, or arrives there as given."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import pytest
import trustme
from hypothesis import HealthCheck as Check
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    Backend,
    BackendOptionTypeError,
    ClientCert,
    DynamicBackendConfig,
    HealthCheck,
    InvalidBackendOption,
    TLSVersion,
)
from fastly_compute.core import HostUnavailable
from fastly_compute.secret_store import Secret

PKI = trustme.CA()
CA = PKI.cert_pem.bytes().decode()
LEAF = PKI.issue_cert("client.example")
LEAF_PEM = LEAF.cert_chain_pems[0].bytes().decode()
KEY = LEAF.private_key_pem.bytes()

# Each strategy makes pairs: the given value, and the value that the host's setter must get, which
# is WRONG if the given value must be refused.
WRONG = object()
U32 = st.integers(0, 2**32 - 1)


def wrong(*values):
    return st.sampled_from(values).map(lambda value: (value, WRONG))


MILLISECONDS = (
    U32.map(lambda ms: (timedelta(milliseconds=ms), ms))
    | U32.map(lambda ms: (ms / 1000, ms))
    | st.integers(0, 4_294_967).map(lambda s: (s, s * 1000))
    | wrong(-1, -0.001, float("nan"), float("inf"), 2**32 / 1000, 2**40, "1", True, timedelta(-1))
)
SECONDS = (
    st.integers(1, 2**32 - 1).map(lambda s: (s, s))
    | st.integers(1, 10**6).map(lambda s: (timedelta(seconds=s), s))
    | wrong(0, 0.5, -1, 2**32, float("nan"), "1", True, timedelta(0))
)
COUNTS = U32.map(lambda n: (n, n)) | wrong(-1, 2**32, 1.0, True, "1")
FLAGS = st.booleans().map(lambda flag: (flag, flag)) | wrong(0, 1, "true")
NAMES = st.sampled_from(["a.example", "b.example"]).map(lambda name: (name, name)) | wrong(
    "", "a.example:443", "https://a.example", "a b", "\xe4.example", b"a.example"
)
VERSIONS = st.sampled_from(TLSVersion).map(lambda v: (v, v.value)) | wrong(0x0303, "1.2", 1.2)


def texts(right, *refused):
    return st.sampled_from(right).map(lambda text: (text, text)) | wrong(*refused)


HEALTHCHECKS = st.builds(
    lambda window, **figures: HealthCheck(
        host="check.example", window=window, threshold=0, initial=0, **figures
    ),
    window=st.integers(0, 15),
    interval=st.integers(1000, 3_599_999).map(lambda ms: timedelta(milliseconds=ms)),
    expected_status=st.none() | st.integers(100, 599),
)

OPTIONS = {
    "override_host": texts(["www.example", "www.example:8080"], "", "a b", "a\r\nb", 7),
    "connect_timeout": MILLISECONDS,
    "first_byte_timeout": MILLISECONDS,
    "between_bytes_timeout": MILLISECONDS,
    "use_tls": FLAGS,
    "tls_min_version": VERSIONS,
    "tls_max_version": VERSIONS,
    "cert_hostname": NAMES | st.just((UNCHECKED_CERT_HOSTNAME, None)),
    "ca_certificate": texts([CA, LEAF_PEM + CA], "", "PEM", CA + KEY.decode(), CA.encode()),
    "tls_ciphers": texts(["HIGH:!aNULL", "ECDHE+AESGCM"], "", "!", "a;b"),
    "sni_hostname": NAMES,
    "client_cert": st.just(("client_cert", (LEAF_PEM, KEY))) | wrong(LEAF_PEM),
    "http_keepalive_time": MILLISECONDS,
    "tcp_keepalive_enable": FLAGS,
    "tcp_keepalive_interval": SECONDS,
    "tcp_keepalive_probes": st.integers(1, 2**32 - 1).map(lambda n: (n, n)) | wrong(0, True, 1.0),
    "tcp_keepalive_time": SECONDS,
    "max_connections": COUNTS,
    "max_use": COUNTS,
    "max_lifetime": MILLISECONDS,
    "pooling": FLAGS,
    "grpc": FLAGS,
    "prefer_ipv6": FLAGS,
    "healthcheck": HEALTHCHECKS.map(lambda check: (check, check)) | wrong("/up", {}),
}
TARGETS = st.sampled_from(
    [
        ("origin.example", "origin.example", "origin.example"),
        ("Origin.Example.:8443", "origin.example:8443", "origin.example"),
        ("192.0.2.1", "192.0.2.1", None),
        ("[2001:DB8::1]:99", "[2001:db8::1]:99", None),
        *[(bad, WRONG, None) for bad in ("", "::", "https://a.example", "a.example:0", 7)],
    ]
)
SETTERS = {
    name: name + unit
    for names, unit in [
        (["http_keepalive_time", "max_lifetime"], "_ms"),
        (["tcp_keepalive_interval", "tcp_keepalive_time"], "_secs"),
    ]
    for name in names
}
TLS = [
    *["tls_min_version", "tls_max_version", "cert_hostname", "ca_certificate"],
    *["tls_ciphers", "sni_hostname", "client_cert"],
]
PROBES = ["tcp_keepalive_interval", "tcp_keepalive_probes", "tcp_keepalive_time"]
CONFIGURATIONS = st.fixed_dictionaries({}, optional=OPTIONS)


@contextmanager
def heard(wit):
    """Record each call of the backend bindings, and pass it on."""
    calls = []

    def noting(label, function):
        def call(*args):
            calls.append((label, args))
            return function(*args)

        return call

    with patch.object(
        wit, "register_dynamic_backend", noting("register", wit.register_dynamic_backend)
    ):
        patches = [
            patch.object(kind, name, noting(name, function))
            for kind in (wit.DynamicBackendOptions, wit.HealthcheckOptions)
            for name, function in vars(kind).items()
            if callable(function) and (not name.startswith("_") or name == "__init__")
        ]
        for each in patches:
            each.start()
        try:
            yield calls
        finally:
            for each in patches:
                each.stop()


def has_to_be_refused(target, options):
    values = {name: expected for name, (_, expected) in options.items()}
    if target is WRONG or WRONG in values.values():
        return True
    if values.get("use_tls") is False and any(name in options for name in TLS):
        return True
    if values.get("tcp_keepalive_enable") is False and any(name in options for name in PROBES):
        return True
    low, high = values.get("tls_min_version"), values.get("tls_max_version")
    return low is not None and high is not None and low > high


def expected_setters(host, options):
    """Return what the host must get, derived independently from the WIT's documentation."""
    values = {SETTERS.get(name, name): expected for name, (_, expected) in options.items()}
    is_tls = values.pop("use_tls", False) or any(name in options for name in TLS)
    values = {name: value for name, value in values.items() if value is not None}
    if any(name in options for name in PROBES):
        values["tcp_keepalive_enable"] = True
    if "tcp_keepalive_enable" in values:
        values["tcp_keepalive_enable"] = int(values["tcp_keepalive_enable"])
    if not is_tls:
        return values
    name, sni = host
    if options.get("cert_hostname", (None,))[0] is not UNCHECKED_CERT_HOSTNAME:
        values.setdefault("cert_hostname", name)
    if sni is not None:
        values.setdefault("sni_hostname", sni)
    return {**values, "use_tls": True}


def given_to(options):
    return {
        name: ClientCert(certificate=LEAF_PEM, key=Secret.from_bytes(KEY))
        if value == "client_cert"
        else value
        for name, (value, _) in options.items()
    }


@given(TARGETS, CONFIGURATIONS)
@settings(max_examples=300, suppress_health_check=[Check.function_scoped_fixture, Check.too_slow])
def test_a_configuration_is_refused_early_or_arrives_as_given(quiet_host, wit, target, options):
    text, at_host, sni = target
    with quiet_host.guest_context() as sandbox, heard(wit) as calls:
        try:
            backend = Backend.create_dynamic(text, **given_to(options))
        except (InvalidBackendOption, BackendOptionTypeError):
            assert has_to_be_refused(at_host, options)
            assert calls == []
            assert sandbox.dynamic_backends == {}
            return

    assert not has_to_be_refused(at_host, options)
    name = at_host.rpartition("]")[0].strip("[") or at_host.partition(":")[0]
    expected = expected_setters((name, sni), options)
    setters = {SETTERS.get(name, name) for name in OPTIONS}
    seen = {}
    for label, args in calls:
        if isinstance(args[0], wit.DynamicBackendOptions) and label in setters:
            assert label not in seen
            seen[label] = args[1:]
    check = expected.pop("healthcheck", None)
    assert ("healthcheck" in seen) == (check is not None)
    seen.pop("healthcheck", None)
    if "client_cert" in seen:
        pem, key = seen["client_cert"]
        seen["client_cert"] = ((pem, key.value),)
    assert seen == {setter: (value,) for setter, value in expected.items()}
    assert all(type(seen[setter][0]) is type(value) for setter, value in expected.items())
    registrations = [args for label, args in calls if label == "register"]
    assert [args[:2] for args in registrations] == [(backend.name, at_host)]
    if check is not None:
        of_check = {
            label: args[1]
            for label, args in calls
            if isinstance(args[0], wit.HealthcheckOptions) and label not in ("__init__", "host")
        }
        assert of_check == {
            "window": check.window,
            "threshold": 0,
            "initial": 0,
            "interval_ms": check.interval // timedelta(milliseconds=1),
            **({"expected_status": check.expected_status} if check.expected_status else {}),
        }


READ_BACK = [
    *["override_host", "connect_timeout", "first_byte_timeout", "between_bytes_timeout"],
    *["tls_min_version", "tls_max_version", "http_keepalive_time", "tcp_keepalive_enable"],
    *["tcp_keepalive_interval", "tcp_keepalive_probes", "tcp_keepalive_time"],
]


@given(TARGETS, CONFIGURATIONS)
@settings(max_examples=200, suppress_health_check=[Check.too_slow, Check.filter_too_much])
def test_introspection_returns_what_was_given(quiet_host, target, options):
    options = {name: pair for name, pair in options.items() if pair[1] is not WRONG}
    assume(not has_to_be_refused(target[1], options))
    with quiet_host.guest_context():
        given_ = given_to(options)
        backend = Backend.create_dynamic(target[0], **given_)

        config = DynamicBackendConfig(target=target[0], **given_)
        assert backend.config == config
        assert backend.is_tls == config.is_tls
        for name in READ_BACK:
            if getattr(config, name) is not None:
                assert getattr(backend, name) == getattr(config, name)


@given(TARGETS, CONFIGURATIONS)
@settings(max_examples=100, suppress_health_check=[Check.too_slow])
def test_a_mistake_is_distinguished_from_a_missing_host(quiet_host, target, options):
    options = {name: pair for name, pair in options.items() if name != "client_cert"}
    with pytest.raises((InvalidBackendOption, BackendOptionTypeError, HostUnavailable)) as caught:
        Backend.create_dynamic(target[0], **given_to(options))
    assert isinstance(caught.value, HostUnavailable) != has_to_be_refused(target[1], options)


@given(CONFIGURATIONS, CONFIGURATIONS)
@settings(max_examples=200, suppress_health_check=[Check.too_slow, Check.filter_too_much])
def test_backends_are_equal_exactly_if_the_host_gets_the_same_settings(quiet_host, one, other):
    pairs = [
        {name: pair for name, pair in options.items() if pair[1] is not WRONG}
        for options in (one, other)
    ]
    assume(not any(has_to_be_refused("origin.example", options) for options in pairs))
    host = ("origin.example", "origin.example")
    with quiet_host.guest_context():
        backends = [
            Backend.create_dynamic("origin.example", **given_to(options)) for options in pairs
        ]

        heard_ = [expected_setters(host, options) for options in pairs]
        assert (backends[0] == backends[1]) == (heard_[0] == heard_[1])
