"""One secret."""

import hashlib
from contextlib import suppress
from typing import Self

from fastly_compute.core import Handle
from fastly_compute.secret_store import _wit
from fastly_compute.secret_store.errors import SecretNotText, SecretTooLarge

LARGEST = 64 * 1024
"""The most bytes that a secret holds."""


class Secret(Handle["_wit.secret_store.Secret"]):
    """A secret, read from the host when its content is needed, and not before.

    A secret can be used without being read: a backend takes one as the key of its client
    certificate. Its content appears in no ``repr`` and no error; it can be neither copied nor
    pickled. Two secrets are equal if they have the same store and key, or were made of the same
    bytes; nothing is read for that.

    Example:
        >>> from fastly_compute.secret_store import Secret
        >>> def authorization(token: Secret) -> str:
        ...     return f"Bearer {token.text()}"
    """

    __slots__ = ("_identity", "_plaintext", "_shown")

    _created_by = "SecretStore.get or Secret.from_bytes"

    # fastly_compute.backend names a backend by its client key's _identity and gives the host its
    # _resource: that way the key takes effect without being read.
    _identity: str
    _plaintext: bytes | None
    _shown: str

    @classmethod
    def _of(cls, resource: "_wit.secret_store.Secret", *, identity: str, shown: str) -> Self:
        secret = cls._wrap(resource)
        secret._identity = identity
        secret._plaintext = None
        secret._shown = shown
        return secret

    @classmethod
    def from_bytes(cls, plaintext: bytes) -> Self:
        """Make a secret of bytes that come from elsewhere (``secret.from-bytes``).

        Prefer a secret store: these bytes have been in the sandbox's memory unencrypted.

        Args:
            plaintext: The content, up to 64 KiB. It is handed to the host and not kept; a SHA-256
                digest of it is, to tell whether two secrets are the same.

        Returns:
            The secret, known to this sandbox only.

        Raises:
            TypeError: It is not ``bytes``.
            SecretTooLarge: It has more than 64 KiB.
            SecretStoreCallFailed: The host refused it.
            HostUnavailable: No host is available.
        """
        if not isinstance(plaintext, bytes):
            kind = type(plaintext).__name__
            del plaintext  # a traceback may show the locals of this frame
            raise TypeError(f"a secret is made of bytes, not {kind}")
        size = len(plaintext)
        if size > LARGEST:
            del plaintext
            raise SecretTooLarge(size)
        # The prefix keeps the digest from being that of any other use of the same bytes.
        digest = hashlib.sha256(b"fastly-compute secret from bytes\0" + plaintext).hexdigest()
        try:
            resource = _wit.from_bytes(plaintext)
        finally:
            del plaintext
        return cls._of(resource, identity=f"bytes {digest}", shown="<Secret from bytes>")

    def plaintext(self) -> bytes:
        """Read the secret (``secret.plaintext``), once: the object remembers it until it is closed.

        Returns:
            The content.

        Raises:
            HandleClosed: The secret was closed.
            SecretStoreCallFailed: The host refused it.
        """
        resource = self._resource
        if self._plaintext is None:
            self._plaintext = _wit.plaintext(resource, LARGEST, self._shown)
        return self._plaintext

    def text(self) -> str:
        """Read the secret as UTF-8.

        Returns:
            The content.

        Raises:
            SecretNotText: It is not UTF-8.
            HandleClosed: The secret was closed.
            SecretStoreCallFailed: The host refused it.
        """
        # A UnicodeDecodeError holds the content: it must not even be the context of another error.
        with suppress(UnicodeDecodeError):
            return self.plaintext().decode()
        raise SecretNotText(self._shown)

    def close(self) -> None:
        """Release it and forget what was read; closing again does nothing."""
        self._plaintext = None
        super().close()

    def __eq__(self, other: object) -> bool:
        return self._identity == other._identity if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return self._shown
