"""Verifying that a request came through Fanout."""

import base64
import json
import pickle
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute.core import HostUnavailable
from fastly_compute.fanout import (
    FASTLY_KEY,
    FanoutError,
    Grip,
    GripRequest,
    GripSignatureError,
    GripSignatureExpired,
    GripSignatureInvalid,
    GripSignatureMissing,
    InvalidGrip,
    is_grip,
    p256,
)
from fastly_compute.secret_store import Secret

SECRET = b"a secret of 32 bytes, more or so"
NOW = int(time.time())


@pytest.fixture(autouse=True)
def _now(monkeypatch) -> None:
    """Claims are created at import, and a test may run long after that."""
    monkeypatch.setattr("fastly_compute.fanout.signature.time", lambda: NOW)


@pytest.fixture
def check(serve):
    """Verifies the signatures of a request."""

    def check(*tokens, grip=None, secret=SECRET) -> GripRequest:
        def verify(request):
            return (grip or Grip(key=Secret.from_bytes(secret))).verify(request)

        headers = [
            ("Grip-Sig", token if isinstance(token, bytes) else token.encode()) for token in tokens
        ]
        return serve(verify, headers=headers)

    return check


def test_a_signature_with_the_secret_is_trusted(check, signer) -> None:
    assert check(signer.hs256()).claims == signer.claims


def test_a_signature_with_the_key_is_trusted(check, signer) -> None:
    grip = Grip(key=signer.pem)

    assert check(signer.es256(), grip=grip).claims == signer.claims


# RFC 7515, appendix A.1 and A.3: the same claims, signed in both ways.
RFC_CLAIMS = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
RFC_END = 1300819380
RFC_SECRET = base64.urlsafe_b64decode(
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
)
RFC_HS256 = (
    f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC_CLAIMS}."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
RFC_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END PUBLIC KEY-----
"""
RFC_ES256 = (
    f"eyJhbGciOiJFUzI1NiJ9.{RFC_CLAIMS}."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)


@pytest.fixture(params=["HS256", "ES256"])
def rfc(request, compute_host):
    """A token of the RFC, and a check with its key."""
    if request.param == "ES256":
        return RFC_ES256, Grip(key=RFC_KEY)
    return RFC_HS256, Grip(key=Secret.from_bytes(RFC_SECRET))


def test_the_tokens_of_the_rfc_are_trusted_at_their_time(check, rfc, monkeypatch) -> None:
    token, grip = rfc
    monkeypatch.setattr("fastly_compute.fanout.signature.time", lambda: RFC_END - 1)

    assert check(token, grip=grip).claims == {
        "iss": "joe",
        "exp": RFC_END,
        "http://example.com/is_root": True,
    }


def test_the_tokens_of_the_rfc_have_expired(check, rfc) -> None:
    token, grip = rfc
    with pytest.raises(GripSignatureExpired):
        check(token, grip=grip)


@pytest.mark.parametrize("at", [-2, -40, -85])
def test_the_tokens_of_the_rfc_with_another_character_are_refused(check, rfc, at) -> None:
    token, grip = rfc
    changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    with pytest.raises(GripSignatureInvalid):
        check(changed, grip=grip)


def test_a_missing_signature_is_refused(check) -> None:
    with pytest.raises(GripSignatureMissing, match="no Grip-Sig"):
        check()


def test_two_signatures_are_refused(check, signer) -> None:
    with pytest.raises(GripSignatureInvalid, match="more than one"):
        check(signer.hs256(), signer.hs256())


def test_a_signature_with_another_secret_is_refused(check, signer) -> None:
    with pytest.raises(GripSignatureInvalid, match="not signed with the expected key"):
        check(signer.hs256(secret=b"another"))


def test_a_signature_with_another_key_is_refused(check, signer) -> None:
    with pytest.raises(GripSignatureInvalid, match="not signed with the expected key"):
        check(signer.es256(), grip=Grip(issuer="pushpin"))


def test_a_token_does_not_choose_its_algorithm(check, signer) -> None:
    grip = Grip(key=signer.pem)
    public = signer.pem.encode()
    confused = [
        signer.unsigned(),
        signer.hs256(secret=public),
        signer.hs256(secret=public.strip()),
        signer.hs256(secret=public, header={"alg": "ES256"}),
        signer.es256(header={"alg": "HS256"}),
        signer.es256(header={"alg": "es256"}),
        signer.es256(header={"alg": None}),
        signer.es256(header={"alg": ["ES256"]}),
        signer.es256(header={"typ": "JWT"}),
    ]
    for token in confused:
        with pytest.raises(GripSignatureInvalid):
            check(token, grip=grip)
    for token in (signer.unsigned(), signer.es256(), signer.hs256(header={"alg": "HS512"})):
        with pytest.raises(GripSignatureInvalid):
            check(token)


def test_unknown_critical_extensions_are_refused(check, signer) -> None:
    with pytest.raises(GripSignatureInvalid):
        check(signer.hs256(header={"alg": "HS256", "crit": ["b64"], "b64": False}))


def test_claims_that_were_changed_are_refused(check, signer) -> None:
    head, _, signature = signer.hs256().split(".")
    other = signer.hs256({"iss": "pushpin", "exp": NOW + 7200}).split(".")[1]
    with pytest.raises(GripSignatureInvalid):
        check(f"{head}.{other}.{signature}")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 120},
        {"exp": 0},
        {},
        {"exp": None},
        {"exp": True},
        {"exp": str(NOW + 3600)},
        {"exp": float("nan")},
        {"exp": NOW + 3600, "nbf": NOW + 120},
        {"exp": NOW + 3600, "iat": NOW + 120},
        {"exp": NOW + 3600, "nbf": "now"},
    ],
)
def test_an_expired_or_future_signature_is_refused(check, signer, claims) -> None:
    with pytest.raises(GripSignatureExpired):
        check(signer.hs256(claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 30},
        {"exp": NOW + 3600.5},
        {"exp": NOW + 3600, "nbf": NOW + 30, "iat": NOW - 30},
        {"exp": NOW + 3600, "iat": None},
    ],
)
def test_clocks_may_differ_slightly(check, signer, claims) -> None:
    assert check(signer.hs256(claims)).claims == claims


def test_a_signature_for_another_recipient_is_refused(check, signer) -> None:
    with pytest.raises(GripSignatureInvalid, match="meant for another"):
        check(signer.hs256({**signer.claims, "aud": "them"}))


@pytest.mark.parametrize("issuer", ["fastly:another", "", None, 7, ["pushpin"]])
def test_another_issuer_is_refused(check, signer, issuer) -> None:
    grip = Grip(key=signer.pem, issuer="fastly:mine")
    with pytest.raises(GripSignatureInvalid, match="not from fastly:mine"):
        check(signer.es256({**signer.claims, "iss": issuer}), grip=grip)


def test_the_expected_issuer_is_trusted(check, signer) -> None:
    grip = Grip(key=signer.pem, issuer="pushpin")

    assert check(signer.es256(), grip=grip).claims["iss"] == "pushpin"


@pytest.mark.parametrize("written", [str, str.strip, lambda pem: pem.replace("\n", "\r\n")])
def test_with_fastlys_key_the_issuer_is_this_service(check, signer, monkeypatch, written) -> None:
    # Only Fastly can sign for its key, so every signature is accepted here.
    monkeypatch.setattr(p256, "verify", lambda *_: True)
    mine = {**signer.claims, "iss": "fastly:" + "0" * 22}
    for grip in (Grip(), Grip(key=written(FASTLY_KEY))):
        assert check(signer.es256(mine), grip=grip).claims == mine
        for claims in ({**mine, "iss": "fastly:" + "1" * 22}, {"exp": NOW + 3600}):
            with pytest.raises(GripSignatureInvalid, match="not from fastly:000"):
                check(signer.es256(claims), grip=grip)


NO_TOKENS = [
    "",
    ".",
    "..",
    "...",
    "a.b",
    "a.b.c",
    "a.b.c.d",
    "not a token",
    "e30.e30",
    "e30.e30.",
    "e30.e30.e",
    "e30=.e30.e30",
    "e3+.e30.e30",
    "bnVsbA.e30.e30",
    "WzFd.e30.e30",
    "é.e30.e30".encode("latin-1"),
    "x" * 9000,
    "a." * 4000 + "a",
]


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda token: repr(token)[:20])
def test_a_malformed_token_is_refused(check, token) -> None:
    with pytest.raises(GripSignatureInvalid):
        check(token)


@pytest.mark.parametrize(
    "claims", [b"", b"null", b"[]", b'"text"', b"{", b"\xff", b"[" * 3000, b'{"exp":1e999']
)
def test_signed_claims_that_are_not_an_object_are_refused(check, signer, claims) -> None:
    with pytest.raises(GripSignatureInvalid):
        check(signer.hs256(claims))


def test_an_empty_secret_signs_nothing(check, signer) -> None:
    with pytest.raises(InvalidGrip, match="the secret is empty"):
        check(signer.hs256(secret=b""), secret=b"")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f")),
        st.tuples(*[st.from_regex(r"[A-Za-z0-9_-]*", fullmatch=True)] * 3).map(".".join),
    )
)
def test_arbitrary_signatures_are_refused_and_nothing_else_happens(check, token) -> None:
    with pytest.raises(GripSignatureError):
        check(token.encode("latin-1"))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a key",
        FASTLY_KEY.replace("PUBLIC", "PRIVATE"),
        FASTLY_KEY.replace("MFkw", "MFkx"),
        FASTLY_KEY.replace("sw==", "tw=="),
        FASTLY_KEY.replace("CKo5", "!!!!"),
        FASTLY_KEY * 2,
    ],
)
def test_an_invalid_public_key_is_refused_when_it_is_given(key) -> None:
    with pytest.raises(InvalidGrip, match="key: "):
        Grip(key=key)


def test_values_of_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="key must be PEM text or a Secret, not bytes"):
        Grip(key=b"secret")
    with pytest.raises(TypeError, match="issuer must be a str or None, not int"):
        Grip(issuer=7)
    with pytest.raises(InvalidGrip, match="issuer: must not be empty"):
        Grip(issuer="")


def test_keys_and_tokens_are_never_shown(check, signer) -> None:
    with pytest.raises(GripSignatureInvalid) as refused:
        check(signer.hs256(secret=b"another"))

    assert "pushpin" not in str(refused.value)
    assert repr(Grip(issuer="a")) == "Grip(issuer='a')"


def test_is_grip_returns_what_a_request_claims(serve) -> None:
    assert serve(is_grip, headers=[("grip-sig", b"anything")])
    assert not serve(is_grip)


def test_there_is_no_way_around_the_check() -> None:
    with pytest.raises(TypeError, match=r"use Grip\.verify"):
        GripRequest()


def test_a_check_without_a_host_says_so(signer) -> None:
    with pytest.raises(HostUnavailable):
        Grip(key=Secret.from_bytes(b"x"))


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(GripSignatureMissing("the request has no Grip-Sig")))

    assert isinstance(error, FanoutError)
    assert str(error) == "the request has no Grip-Sig"


def test_claims_are_those_of_the_token(check, signer) -> None:
    claims = {**signer.claims, "sub": "größe", "nested": {"a": [1]}}

    assert check(signer.hs256(json.dumps(claims).encode())).claims == claims
