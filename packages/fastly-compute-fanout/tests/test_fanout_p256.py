"""ES256 against the RFC's vector, another implementation, and forged signatures."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from fastly_compute.fanout import p256

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


# RFC 7515, appendix A.3.
KEY = (
    number("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
    number("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
)
MESSAGE = (
    b"eyJhbGciOiJFUzI1NiJ9."
    b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    b"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
SIGNATURE = base64.urlsafe_b64decode(
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q=="
)
R, S = int.from_bytes(SIGNATURE[:32], "big"), int.from_bytes(SIGNATURE[32:], "big")


def packed(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signed(secret: int, message: bytes) -> tuple[p256.Affine, bytes]:
    key = ec.derive_private_key(secret, ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
    return (numbers.x, numbers.y), packed(*decode_dss_signature(signature))


def test_the_signature_of_the_rfc_is_valid() -> None:
    assert p256.is_on_curve(KEY)
    assert p256.verify(KEY, MESSAGE, SIGNATURE)


@pytest.mark.parametrize("at", [0, 31, 32, 63])
def test_a_signature_with_a_changed_bit_is_invalid(at) -> None:
    changed = bytearray(SIGNATURE)
    changed[at] ^= 1

    assert not p256.verify(KEY, MESSAGE, bytes(changed))


def test_a_signature_of_another_message_is_invalid() -> None:
    assert not p256.verify(KEY, MESSAGE + b".", SIGNATURE)


def test_a_signature_of_another_key_is_invalid() -> None:
    other, _ = signed(7, MESSAGE)

    assert not p256.verify(other, MESSAGE, SIGNATURE)


@pytest.mark.parametrize(
    ("r", "s"),
    [
        (0, 0),
        (0, S),
        (R, 0),
        (N, S),
        (R, N),
        (0, 1),
        (1, 0),
        (1, 1),
        (N - 1, N - 1),
        (P, S),
        (2**256 - 1, 2**256 - 1),
    ],
)
def test_numbers_out_of_range_are_invalid(r, s) -> None:
    assert not p256.verify(KEY, MESSAGE, packed(r, s))


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        SIGNATURE[:-1],
        SIGNATURE + b"\0",
        b"\0" + SIGNATURE,
        SIGNATURE[:32],
        # In DER, which JSON Web Tokens do not use.
        b"\x30\x44\x02\x20" + SIGNATURE[:32] + b"\x02\x20" + SIGNATURE[32:],
    ],
)
def test_a_signature_of_another_length_is_invalid(signature) -> None:
    assert not p256.verify(KEY, MESSAGE, signature)


@pytest.mark.parametrize(
    "point", [(0, 0), (1, 1), (KEY[0], KEY[1] + 1), (KEY[0] + P, KEY[1]), (KEY[0], -KEY[1])]
)
def test_a_point_that_is_not_on_the_curve_is_not_a_key(point) -> None:
    assert not p256.is_on_curve(point)


# If the key is a small multiple of the generator, or of its inverse, the sums reach their
# special cases: equal points, opposite points, and none.
@pytest.mark.parametrize("secret", [1, 2, 3, 4, N - 1, N - 2, N - 3, (N + 1) // 2])
@pytest.mark.parametrize("message", [b"", b"a message"])
def test_keys_next_to_the_generator_work_like_all_others(secret, message) -> None:
    key, signature = signed(secret, message)

    assert p256.verify(key, message, signature)
    assert not p256.verify(key, message + b"!", signature)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, N - 1), st.binary(max_size=100))
def test_a_signature_of_another_implementation_is_valid(secret, message) -> None:
    key, signature = signed(secret, message)

    assert p256.is_on_curve(key)
    assert p256.verify(key, message, signature)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=130))
def test_arbitrary_bytes_are_not_a_valid_signature(signature) -> None:
    assert not p256.verify(KEY, MESSAGE, signature)
