"""Fills what `hashlib` has from OpenSSL, which the guest's CPython comes without."""

import hashlib
from functools import partial
from itertools import accumulate, islice, repeat
from typing import Any, NoReturn

_AT_ONCE = 512  # digests that are combined as one large number


def pbkdf2_hmac(
    hash_name: str, password: Any, salt: Any, iterations: int, dklen: int | None = None
) -> bytes:
    """Derive a key from a password (RFC 8018, section 5.2), as CPython's function does.

    Args:
        hash_name: The hash, such as "sha256".
        password: The password, as bytes.
        salt: The salt, as bytes.
        iterations: How often the hash is applied.
        dklen: The length of the key in bytes, by default that of a digest.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: The hash is unknown, or a number is less than 1.
    """
    if not isinstance(hash_name, str):
        raise TypeError(
            f"pbkdf2_hmac() argument 'hash_name' must be str, not {type(hash_name).__name__}"
        )
    hasher = hashlib.new(hash_name)
    password, salt = bytes(memoryview(password)), bytes(memoryview(salt))
    size = hasher.digest_size
    length = size if dklen is None else dklen
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    if length < 1:
        raise ValueError("key length must be greater than 0.")
    if not size:
        raise ValueError(f"unsupported hash type {hash_name}")
    if len(password) > hasher.block_size:
        # HMAC would do this each time.
        password = hashlib.new(hash_name, password).digest()
    blocks = range(1, -(-length // size) + 1)
    key = (_block(hasher.name, password, salt, iterations, size, number) for number in blocks)
    return b"".join(key)[:length]


def _block(
    name: str, password: bytes, salt: bytes, iterations: int, size: int, number: int
) -> bytes:
    from _hmac import compute_digest  # type: ignore[import-not-found]

    first = compute_digest(password, salt + number.to_bytes(4), name)
    # Each digest is that of the one before: the loop is all in C.
    digests = accumulate(
        repeat(name, iterations - 1), partial(compute_digest, password), initial=first
    )
    combined = 0
    while joined := b"".join(islice(digests, _AT_ONCE)):
        combined ^= int.from_bytes(joined)
    folded = 0
    while combined:
        folded ^= combined & ((1 << 8 * size) - 1)
        combined >>= 8 * size
    return folded.to_bytes(size)


def scrypt(*_: object, **__: object) -> NoReturn:
    """Refuse to derive a key with scrypt (RFC 7914).

    Raises:
        NotImplementedError: Always.
    """
    raise NotImplementedError(
        "hashlib.scrypt is not available in a sandbox: in pure Python it would take more than a "
        "minute, with n=32768, r=8, p=1. Use hashlib.pbkdf2_hmac; with werkzeug, "
        'generate_password_hash(password, method="pbkdf2:sha256:600000"). Hashes that were made '
        "with scrypt cannot be checked here."
    )


def mend(module: Any) -> None:
    """Add both to `hashlib`."""
    module.pbkdf2_hmac, module.scrypt = pbkdf2_hmac, scrypt
    module.__all__ += ("pbkdf2_hmac",)
