import copy
import math
import pickle
import ssl
from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.backend import (
    UNCHECKED_CERT_HOSTNAME,
    BackendError,
    BackendOptionTypeError,
    CertHostnameCheck,
    ClientCert,
    DynamicBackendConfig,
    HealthCheck,
    InvalidBackendOption,
    TLSVersion,
)

AUTHORITY = trustme.CA()
CA = AUTHORITY.cert_pem.bytes().decode()
LEAF = AUTHORITY.issue_cert("client.example")
LEAF_PEM = LEAF.cert_chain_pems[0].bytes().decode()
KEY_PEM = LEAF.private_key_pem.bytes().decode()

MS_FIELDS = [
    "connect_timeout",
    "first_byte_timeout",
    "between_bytes_timeout",
    "http_keepalive_time",
    "max_lifetime",
]
SECOND_FIELDS = ["tcp_keepalive_interval", "tcp_keepalive_time"]
FLAGS = ["use_tls", "tcp_keepalive_enable", "pooling", "grpc", "prefer_ipv6"]
COUNTS = ["max_connections", "max_use"]


def without_a_line(pem, at=3):
    """Return a certificate that was not copied completely."""
    lines = pem.splitlines(keepends=True)
    del lines[at]
    return "".join(lines)


def config(**options):
    return DynamicBackendConfig(**{"target": "origin.example", **options})


def refused(**options):
    """Return the error that an option is refused with, which names the option."""
    with pytest.raises(InvalidBackendOption) as caught:
        config(**options)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, BackendError)
    assert str(caught.value).startswith(f"{caught.value.field} must be ")
    return caught.value


def test_only_the_target_is_required():
    assert config().target == "origin.example"
    assert repr(config()) == "DynamicBackendConfig(target='origin.example')"
    with pytest.raises(TypeError, match="target"):
        DynamicBackendConfig()


def test_a_target_is_normalized():
    assert config(target="Origin.Example.:8080").target == "origin.example:8080"
    assert config(target="2001:DB8::1").target == "[2001:db8::1]"
    assert refused(target="https://origin.example").field == "target"


def test_options_are_keyword_only_and_known():
    with pytest.raises(TypeError):
        DynamicBackendConfig("origin.example")
    with pytest.raises(TypeError, match="connect_time_out"):
        config(connect_time_out=1)


def test_a_configuration_is_immutable():
    with pytest.raises(FrozenInstanceError):
        config().target = "other.example"


@pytest.mark.parametrize("field", MS_FIELDS)
def test_durations_are_seconds_or_timedeltas_with_millisecond_precision(field):
    for value, kept in [
        (1, timedelta(seconds=1)),
        (0.25, timedelta(milliseconds=250)),
        (0, timedelta(0)),
        (timedelta(milliseconds=1, microseconds=1), timedelta(milliseconds=2)),
        (1e-9, timedelta(milliseconds=1)),
        ((2**32 - 1) / 1000, timedelta(milliseconds=2**32 - 1)),
    ]:
        assert getattr(config(**{field: value}), field) == kept
    assert config(**{field: 1}) == config(**{field: 1.0}) == config(**{field: timedelta(seconds=1)})


@pytest.mark.parametrize("field", MS_FIELDS)
@pytest.mark.parametrize("value", [-1, -0.0001, math.nan, math.inf, 2**32 / 1000, 10**400])
def test_a_duration_that_does_not_fit_is_refused(field, value):
    error = refused(**{field: value})

    assert error.field == field
    assert error.shown == repr(value)
    assert "2^32 ms" in error.rule


@pytest.mark.parametrize("field", SECOND_FIELDS)
def test_keepalive_times_are_whole_seconds_of_at_least_one(field):
    assert getattr(config(**{field: 1}), field) == timedelta(seconds=1)
    assert getattr(config(**{field: timedelta(minutes=2)}), field) == timedelta(seconds=120)
    for value in (0, 0.5, 1.5, -1, math.nan, 2**32, timedelta(0)):
        assert refused(**{field: value}).field == field


@pytest.mark.parametrize("field", [*MS_FIELDS, *SECOND_FIELDS])
@pytest.mark.parametrize("value", ["1", True, b"1", [1], (1, 2)])
def test_a_value_that_is_not_a_duration_is_a_type_error(field, value):
    with pytest.raises(
        BackendOptionTypeError, match=rf"^{field} must be a timedelta or "
    ) as caught:
        config(**{field: value})
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, BackendError)


@pytest.mark.parametrize("field", FLAGS)
@pytest.mark.parametrize("value", [0, 1, "true", "", [], 1.0])
def test_switches_take_only_true_or_false(field, value):
    with pytest.raises(BackendOptionTypeError, match=rf"^{field} must be True or False, not "):
        config(**{field: value})


@pytest.mark.parametrize(
    ("field", "least"), [*((f, 0) for f in COUNTS), ("tcp_keepalive_probes", 1)]
)
def test_counts_are_whole_numbers_that_fit_32_bits(field, least):
    for value in (least, 2**32 - 1):
        assert getattr(config(**{field: value}), field) == value
    for value in (least - 1, 2**32, -1):
        assert refused(**{field: value}).shown == repr(value)
    for value in (1.0, True, "1"):
        with pytest.raises(BackendOptionTypeError):
            config(**{field: value})


@pytest.mark.parametrize(
    "value",
    [
        *["", " ", "a b", "a\r\nX: y", "ä.example", "\0", "x" * 1025, "a\t"],
        *["https://a.example", "a.example/path", "user@a.example", "a.example?x"],
    ],
)
def test_an_override_host_is_safe_in_a_header(value):
    assert refused(override_host=value).field == "override_host"


def test_an_override_host_may_have_a_port():
    assert config(override_host="www.example:8080").override_host == "www.example:8080"
    assert config(override_host="[::1]:8080").override_host == "[::1]:8080"
    assert config(override_host="x" * 1024).override_host == "x" * 1024


@pytest.mark.parametrize("field", ["cert_hostname", "sni_hostname"])
@pytest.mark.parametrize(
    "value", ["", "a.example:443", "https://a.example", "*.example", "a b", "ä", "a..b", "\u212a.x"]
)
def test_names_for_tls_are_host_names_without_a_port(field, value):
    error = refused(**{field: value})

    assert error.field == field
    assert "without a port" in error.rule


def test_cert_hostname_may_be_an_ip_address_but_sni_hostname_may_not():
    assert config(cert_hostname="192.0.2.1").cert_hostname == "192.0.2.1"
    assert config(cert_hostname="2001:DB8::1").cert_hostname == "2001:db8::1"
    assert "RFC 6066" in refused(sni_hostname="192.0.2.1").rule
    assert "RFC 6066" in refused(sni_hostname="::1").rule


def test_names_for_tls_are_kept_in_lower_case():
    assert config(sni_hostname="WWW.Example.").sni_hostname == "www.example"


def test_leaving_the_name_unchecked_takes_an_explicit_constant():
    unchecked = config(cert_hostname=UNCHECKED_CERT_HOSTNAME)

    assert unchecked.is_tls
    assert unchecked.cert_hostname is CertHostnameCheck.UNCHECKED
    assert "cert_hostname=UNCHECKED_CERT_HOSTNAME" in repr(unchecked)
    for value in (False, 0, b""):
        with pytest.raises(BackendOptionTypeError):
            config(cert_hostname=value)
    assert refused(cert_hostname="").field == "cert_hostname"


TLS_OPTIONS = {
    "tls_min_version": TLSVersion.V1_2,
    "tls_max_version": TLSVersion.V1_3,
    "cert_hostname": "a.example",
    "ca_certificate": CA,
    "tls_ciphers": "ECDHE-RSA-AES128-GCM-SHA256:!MD5",
    "sni_hostname": "a.example",
}


@pytest.mark.parametrize("field", TLS_OPTIONS)
def test_any_tls_option_turns_tls_on_unless_use_tls_is_false(field):
    option = {field: TLS_OPTIONS[field]}

    assert config(**option).is_tls
    assert config(use_tls=True, **option).is_tls
    error = refused(use_tls=False, **option)
    assert error.field == field
    assert "use_tls=False" in error.rule


def test_tls_is_off_without_a_tls_option():
    assert not config().is_tls
    assert not config(use_tls=False).is_tls
    assert not config(target="a.example:443").is_tls
    assert config(use_tls=True).is_tls


def test_the_lowest_tls_version_is_not_above_the_highest():
    both = config(tls_min_version=TLSVersion.V1_2, tls_max_version=TLSVersion.V1_2)

    assert both.tls_min_version is both.tls_max_version
    error = refused(tls_min_version=TLSVersion.V1_3, tls_max_version=TLSVersion.V1_2)
    assert str(error) == "tls_min_version must be at most tls_max_version, which is 1.2, not 1.3"


@pytest.mark.parametrize("value", [0x0303, "1.2", 1.2, None.__class__])
def test_a_tls_version_must_be_a_tls_version(value):
    with pytest.raises(BackendOptionTypeError, match=r"TLSVersion such as TLSVersion\.V1_2"):
        config(tls_min_version=value)


def test_tls_versions_are_ordered_and_read_from_text():
    versions = [TLSVersion.parse(text) for text in ("1.0", "1.1", "1.2", "1.3")]

    assert versions == list(TLSVersion) == sorted({*versions})
    assert [str(version) for version in versions] == ["1.0", "1.1", "1.2", "1.3"]
    assert [version.value for version in versions] == [0x0301, 0x0302, 0x0303, 0x0304]
    assert f"{TLSVersion.V1_2}" == "1.2"
    assert TLSVersion.V1_3 >= TLSVersion.V1_2
    assert max(versions) is TLSVersion.V1_3
    for text in ("1.4", "1", "", "V1_2", "TLSv1.2", None):
        with pytest.raises(InvalidBackendOption, match=r"one of 1\.0, 1\.1, 1\.2, 1\.3, not "):
            TLSVersion.parse(text)
    with pytest.raises(TypeError):
        _ = TLSVersion.V1_2 < 0x0304


CIPHER_MISTAKES = [
    *["", " ", ":", "!", "+", "@", "AES128+", "AES128:!", "AES128:-", "!!AES128"],
    *["@STRENGTH", "AES128:@FAST", "AES128:@SECLEVEL=6", "AES128:@SECLEVEL", "AES128:@strength"],
    *["!MD5", "-ALL", "+HIGH", "!aNULL:!MD5:@STRENGTH"],
]


@pytest.mark.parametrize("value", [*CIPHER_MISTAKES, "AES\n", "AES;DES", "ä", "x" * 8193])
def test_a_mistake_in_a_cipher_list_is_refused(value):
    assert refused(tls_ciphers=value).field == "tls_ciphers"


@pytest.mark.parametrize("value", CIPHER_MISTAKES)
def test_openssl_rejects_the_cipher_lists_that_we_refuse(value):
    with pytest.raises(ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(value)


CIPHERS = ["ECDHE-RSA-AES128-GCM-SHA256", "AES128", "ECDHE+AESGCM", "HIGH", "kRSA", "X_1.2=3"]


@given(
    st.lists(
        st.builds(str.__add__, st.sampled_from(["", "+", "-"]), st.sampled_from(CIPHERS))
        | st.sampled_from(["!MD5", "!aNULL:!eNULL", "@STRENGTH", "@SECLEVEL=1"]),
        max_size=6,
    ),
    st.sampled_from([":", ",", " ", ", ", "::"]),
)
def test_openssl_accepts_the_cipher_lists_that_we_accept(items, separator):
    text = separator.join([*items, "HIGH"])

    assert config(tls_ciphers=text).tls_ciphers == text
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(text)


# Each process makes its own certificates, so they cannot be part of the tests' names.
@pytest.mark.parametrize(
    "pem",
    [CA, CA + LEAF_PEM, f"subject=CN\n{CA}", CA.replace("\n", "\r\n")],
    ids=["one", "two", "text-before", "crlf"],
)
def test_certificate_authorities_are_pem(pem):
    assert config(ca_certificate=pem).ca_certificate == pem


@pytest.mark.parametrize(
    ("pem", "rule"),
    [
        ("", "complete blocks"),
        ("no certificate", "complete blocks"),
        (CA.replace("-----END", "-----FIN"), "complete blocks"),
        (CA + "-----BEGIN CERTIFICATE-----\nMIIB\n", "complete blocks"),
        (CA.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "without CERTIFICATE REQUEST blocks"),
        ("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "PEM with valid Base64"),
        ("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", "PEM with valid Base64"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "DER certificate"),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "a complete DER certificate"),
        (without_a_line(CA), "a complete DER certificate"),
        (without_a_line(CA, at=-2), "a complete DER certificate"),
        (LEAF_PEM + without_a_line(CA), "a complete DER certificate"),
        (KEY_PEM.replace("EC PRIVATE KEY", "CERTIFICATE"), "a complete DER certificate"),
        (CA + KEY_PEM, "without a private key"),
    ],
    ids=range(14),
)
def test_an_invalid_certificate_is_refused_without_showing_it(pem, rule):
    error = refused(ca_certificate=pem)

    assert error.field == "ca_certificate"
    assert rule in str(error)
    assert error.shown == ""


def test_certificates_have_a_maximum_size():
    assert str(refused(ca_certificate=CA * 200)).startswith("ca_certificate must be at most 64 KiB")


def test_a_client_certificate_comes_with_its_key_as_a_secret():
    with pytest.raises(
        BackendOptionTypeError, match=r"^client_cert\.key must be a Secret"
    ) as caught:
        ClientCert(certificate=LEAF_PEM, key=KEY_PEM)
    assert "PRIVATE" not in str(caught.value)
    with pytest.raises(TypeError, match="key"):
        ClientCert(certificate=LEAF_PEM)
    with pytest.raises(
        BackendOptionTypeError, match=r"^client_cert must be a ClientCert, not str$"
    ):
        config(client_cert=LEAF_PEM)


def test_a_key_among_the_certificates_is_refused_and_not_shown():
    with pytest.raises(InvalidBackendOption) as caught:
        ClientCert(certificate=LEAF_PEM + KEY_PEM, key=None)
    assert str(caught.value) == (
        "client_cert.certificate must be certificates only, without a private key"
    )


def test_a_health_check_must_be_a_health_check():
    with pytest.raises(
        BackendOptionTypeError, match=r"^healthcheck must be a HealthCheck, not dict$"
    ):
        config(healthcheck={"host": "a.example"})


def test_configurations_are_equal_by_content():
    check = HealthCheck(host="a.example")
    one = config(connect_timeout=1, healthcheck=check, ca_certificate=CA)
    same = config(
        target="ORIGIN.example",
        connect_timeout=timedelta(seconds=1),
        healthcheck=HealthCheck(host="a.example"),
        ca_certificate=CA,
    )

    assert one == same
    assert hash(one) == hash(same)
    assert one != config(connect_timeout=2, healthcheck=check, ca_certificate=CA)
    assert len({one, same}) == 1


def test_a_replaced_configuration_is_validated_and_derives_its_own_names():
    one = config(use_tls=True, connect_timeout=1)

    other = one.replace(target="other.example", connect_timeout=None)
    assert other == config(target="other.example", use_tls=True)
    assert one == config(use_tls=True, connect_timeout=1)
    with pytest.raises(InvalidBackendOption):
        one.replace(target="http://other.example")
    with pytest.raises(TypeError, match="retries"):
        one.replace(retries=3)


def test_a_configuration_can_be_copied_and_pickled():
    one = config(connect_timeout=1, tls_min_version=TLSVersion.V1_2, ca_certificate=CA)

    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one


def test_the_repr_shows_what_was_set_and_certificates_by_their_digest():
    shown = repr(config(ca_certificate=CA, pooling=False, tls_max_version=TLSVersion.V1_2))

    assert shown.startswith("DynamicBackendConfig(target='origin.example', ")
    assert "pooling=False" in shown
    assert "ca_certificate=<PEM sha256:" in shown
    assert "BEGIN" not in shown
    assert "max_use" not in shown


@pytest.mark.parametrize(
    "error",
    [
        InvalidBackendOption("target", "a host name", "'x y'"),
        BackendOptionTypeError("use_tls", "True or False", "int"),
    ],
)
def test_errors_keep_their_facts_when_they_are_pickled(error):
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
