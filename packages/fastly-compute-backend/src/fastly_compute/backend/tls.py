"""TLS versions, and the option not to check the certificate's name."""

from enum import Enum
from functools import total_ordering
from typing import Final, Self

from fastly_compute.backend.errors import InvalidBackendOption


@total_ordering
class TLSVersion(Enum):
    """A version of TLS, ordered; its value is the number on the wire (``http-types.tls-version``).

    Example:
        >>> from fastly_compute.backend import TLSVersion
        >>> TLSVersion.parse("1.2") < TLSVersion.V1_3
        True
    """

    V1_0 = 0x0301
    V1_1 = 0x0302
    V1_2 = 0x0303
    V1_3 = 0x0304

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, TLSVersion):
            return NotImplemented
        return int(self.value) < int(other.value)

    def __str__(self) -> str:
        return self.name[1:].replace("_", ".")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a version.

        Args:
            text: ``1.0``, ``1.1``, ``1.2`` or ``1.3``.

        Returns:
            The version.

        Raises:
            InvalidBackendOption: The text is not one of these.
        """
        for version in cls:
            if text == str(version):
                return version
        raise InvalidBackendOption("TLS version", "one of 1.0, 1.1, 1.2, 1.3", repr(text))


class CertHostnameCheck(Enum):
    """The type of `UNCHECKED_CERT_HOSTNAME`, which ``cert_hostname`` takes instead of a name.

    Example:
        >>> from fastly_compute.backend import UNCHECKED_CERT_HOSTNAME, DynamicBackendConfig
        >>> config = DynamicBackendConfig(
        ...     target="10.0.0.7:8443", cert_hostname=UNCHECKED_CERT_HOSTNAME
        ... )
        >>> config.cert_hostname
        UNCHECKED_CERT_HOSTNAME
    """

    UNCHECKED = "unchecked"

    def __repr__(self) -> str:
        return "UNCHECKED_CERT_HOSTNAME"


UNCHECKED_CERT_HOSTNAME: Final = CertHostnameCheck.UNCHECKED
"""Accept a valid certificate for any name: anyone who has one can then pose as the backend."""
