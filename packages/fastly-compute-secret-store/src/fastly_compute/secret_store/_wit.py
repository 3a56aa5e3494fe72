"""The bindings of ``fastly:compute/secret-store``; errors become this package's exceptions."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings, host_error, read_sized
from fastly_compute.secret_store.errors import CLASSES

if TYPE_CHECKING:
    from wit_world.imports import secret_store
else:
    secret_store = bindings.interface("secret_store")

__all__ = ["secret_store"]

_call = bindings.caller(CLASSES)


def open_store(name: str) -> "secret_store.Store":
    """Open a store."""
    return _call("secret-store.store.open", lambda: secret_store.Store.open(name), name)


def get(store: "secret_store.Store", key: str, subject: str) -> "secret_store.Secret | None":
    """Look up a secret."""
    return _call("secret-store.store.get", lambda: store.get(key), subject)


def from_bytes(plaintext: bytes) -> "secret_store.Secret":
    """Make a secret of bytes, which no frame of a traceback keeps."""
    try:
        return secret_store.Secret.from_bytes(plaintext)
    except bindings.Err as err:
        raise host_error(err.value, "secret-store.secret.from-bytes", classes=CLASSES) from None
    finally:
        del plaintext


def plaintext(secret: "secret_store.Secret", first: int, subject: str) -> bytes:
    """Read a secret, into a buffer of *first* bytes to begin with."""
    # A host may report too small a buffer without saying what would do.
    return _call(
        "secret-store.secret.plaintext",
        lambda: read_sized(secret.plaintext, first=first),
        subject,
    )
