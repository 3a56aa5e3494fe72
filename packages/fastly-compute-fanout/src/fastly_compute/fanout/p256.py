"""Verify ES256 signatures: ECDSA over the curve P-256 (FIPS 186-5; SEC 1, section 4.1.4).

All values are public, so the code need not run in constant time.
"""

from hashlib import sha256

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_SIZE = 32

Affine = tuple[int, int]
_Jacobian = tuple[int, int, int]
_NONE: _Jacobian = (1, 1, 0)


def is_on_curve(point: Affine) -> bool:
    """Return whether a point is on the curve."""
    x, y = point
    if not (0 <= x < _P and 0 <= y < _P):
        return False
    return (y * y - x * x * x + 3 * x - _B) % _P == 0


def verify(key: Affine, message: bytes, signature: bytes) -> bool:
    """Return whether a message's signature was made with the private key of a public key.

    Args:
        key: The public key: a point on the curve.
        message: The message whose SHA-256 was signed.
        signature: r and s, 32 bytes each (RFC 7518, section 3.4).
    """
    if len(signature) != 2 * _SIZE:
        return False
    r = int.from_bytes(signature[:_SIZE], "big")
    s = int.from_bytes(signature[_SIZE:], "big")
    if not (0 < r < _N and 0 < s < _N):
        return False
    digest = int.from_bytes(sha256(message).digest(), "big")
    inverse = pow(s, -1, _N)
    x, _, z = _sum_of_products(digest * inverse % _N, r * inverse % _N, key)
    if z == 0:
        return False
    return x * pow(z, -2, _P) % _P % _N == r


def _sum_of_products(first: int, second: int, key: Affine) -> _Jacobian:
    """Add *first* times the generator and *second* times the key, both in one pass."""
    table = {1: (*_G, 1), 2: (*key, 1), 3: _add((*_G, 1), (*key, 1))}
    result = _NONE
    for bit in range(255, -1, -1):
        result = _double(result)
        which = (first >> bit & 1) | (second >> bit & 1) << 1
        if which:
            result = _add(result, table[which])
    return result


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if z == 0 or y == 0:
        return _NONE
    square = y * y % _P
    s = 4 * x * square % _P
    m = 3 * (x - z * z) * (x + z * z) % _P
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * square * square) % _P, 2 * y * z % _P


def _add(first: _Jacobian, second: _Jacobian) -> _Jacobian:
    if first[2] == 0:
        return second
    if second[2] == 0:
        return first
    x1, y1, z1 = first
    x2, y2, z2 = second
    z1z1, z2z2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * z2z2 % _P, x2 * z1z1 % _P
    s1, s2 = y1 * z2 * z2z2 % _P, y2 * z1 * z1z1 % _P
    if u1 == u2:
        return _double(first) if s1 == s2 else _NONE
    h, r = u2 - u1, s2 - s1
    hh = h * h % _P
    hhh, v = h * hh % _P, u1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * hhh) % _P, h * z1 * z2 % _P
