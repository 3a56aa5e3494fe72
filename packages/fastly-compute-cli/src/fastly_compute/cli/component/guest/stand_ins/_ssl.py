"""Stands in for the C part of `ssl`, which the guest's CPython does not have.

The real `ssl.py` loads on top of it: contexts can be made, configured and read, as libraries do
when they are imported or a client is made. What a context is told is checked as far as CPython
checks it, and is used for no connection: making one raises an `SSLError`. Adapters of HTTP
libraries read the settings, to configure a backend.
"""

import binascii
import errno
import os
from collections.abc import Iterator
from typing import Any, NoReturn, Self

# urllib3 and others read the version. They ask for OpenSSL, and for what 1.1.1 brought.
OPENSSL_VERSION = "OpenSSL 3.0.0 (stand-in: TLS connections are made by the host)"
OPENSSL_VERSION_NUMBER = 0x30000000
OPENSSL_VERSION_INFO = _OPENSSL_API_VERSION = (3, 0, 0, 0, 0)
_DEFAULT_CIPHERS = (
    "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
)

HAS_SNI = HAS_ECDH = HAS_ALPN = HAS_TLSv1_2 = HAS_TLSv1_3 = HAS_TLS_UNIQUE = True
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_TLSv1 = HAS_TLSv1_1 = HAS_PSK = HAS_PHA = False

CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = range(3)
ENCODING_PEM, ENCODING_DER = 1, 2

PROTOCOL_SSLv23 = PROTOCOL_TLS = 2
PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2 = 3, 4, 5
PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER = 16, 17

PROTO_MINIMUM_SUPPORTED, PROTO_MAXIMUM_SUPPORTED = -2, -1
PROTO_SSLv3, PROTO_TLSv1, PROTO_TLSv1_1, PROTO_TLSv1_2, PROTO_TLSv1_3 = range(0x300, 0x305)

OP_ALL = 0x80000050
OP_LEGACY_SERVER_CONNECT = 0x4
OP_ENABLE_KTLS = 0x8
OP_IGNORE_UNEXPECTED_EOF = 0x80
OP_NO_TICKET = 0x4000
OP_NO_COMPRESSION = 0x20000
OP_ENABLE_MIDDLEBOX_COMPAT = 0x100000
OP_CIPHER_SERVER_PREFERENCE = 0x400000
OP_NO_SSLv2 = OP_SINGLE_DH_USE = OP_SINGLE_ECDH_USE = 0
OP_NO_SSLv3 = 0x2000000
OP_NO_TLSv1 = 0x4000000
OP_NO_TLSv1_2 = 0x8000000
OP_NO_TLSv1_1 = 0x10000000
OP_NO_TLSv1_3 = 0x20000000
OP_NO_RENEGOTIATION = 0x40000000

VERIFY_DEFAULT = 0
VERIFY_CRL_CHECK_LEAF = 0x4
VERIFY_CRL_CHECK_CHAIN = 0xC
VERIFY_X509_STRICT = 0x20
VERIFY_ALLOW_PROXY_CERTS = 0x40
VERIFY_X509_TRUSTED_FIRST = 0x8000
VERIFY_X509_PARTIAL_CHAIN = 0x80000

HOSTFLAG_ALWAYS_CHECK_SUBJECT = 0x1
HOSTFLAG_NO_WILDCARDS = 0x2
HOSTFLAG_NO_PARTIAL_WILDCARDS = 0x4
HOSTFLAG_MULTI_LABEL_WILDCARDS = 0x8
HOSTFLAG_SINGLE_LABEL_SUBDOMAINS = 0x10
HOSTFLAG_NEVER_CHECK_SUBJECT = 0x20

SSL_ERROR_SSL = 1
SSL_ERROR_WANT_READ = 2
SSL_ERROR_WANT_WRITE = 3
SSL_ERROR_WANT_X509_LOOKUP = 4
SSL_ERROR_SYSCALL = 5
SSL_ERROR_ZERO_RETURN = 6
SSL_ERROR_WANT_CONNECT = 7
SSL_ERROR_EOF = 8
SSL_ERROR_INVALID_ERROR_CODE = 10

# RFC 8446, appendix B.2, by the names that CPython gives them.
ALERT_DESCRIPTION_CLOSE_NOTIFY = 0
ALERT_DESCRIPTION_UNEXPECTED_MESSAGE = 10
ALERT_DESCRIPTION_BAD_RECORD_MAC = 20
ALERT_DESCRIPTION_RECORD_OVERFLOW = 22
ALERT_DESCRIPTION_DECOMPRESSION_FAILURE = 30
ALERT_DESCRIPTION_HANDSHAKE_FAILURE = 40
ALERT_DESCRIPTION_BAD_CERTIFICATE = 42
ALERT_DESCRIPTION_UNSUPPORTED_CERTIFICATE = 43
ALERT_DESCRIPTION_CERTIFICATE_REVOKED = 44
ALERT_DESCRIPTION_CERTIFICATE_EXPIRED = 45
ALERT_DESCRIPTION_CERTIFICATE_UNKNOWN = 46
ALERT_DESCRIPTION_ILLEGAL_PARAMETER = 47
ALERT_DESCRIPTION_UNKNOWN_CA = 48
ALERT_DESCRIPTION_ACCESS_DENIED = 49
ALERT_DESCRIPTION_DECODE_ERROR = 50
ALERT_DESCRIPTION_DECRYPT_ERROR = 51
ALERT_DESCRIPTION_PROTOCOL_VERSION = 70
ALERT_DESCRIPTION_INSUFFICIENT_SECURITY = 71
ALERT_DESCRIPTION_INTERNAL_ERROR = 80
ALERT_DESCRIPTION_USER_CANCELLED = 90
ALERT_DESCRIPTION_NO_RENEGOTIATION = 100
ALERT_DESCRIPTION_UNSUPPORTED_EXTENSION = 110
ALERT_DESCRIPTION_CERTIFICATE_UNOBTAINABLE = 111
ALERT_DESCRIPTION_UNRECOGNIZED_NAME = 112
ALERT_DESCRIPTION_BAD_CERTIFICATE_STATUS_RESPONSE = 113
ALERT_DESCRIPTION_BAD_CERTIFICATE_HASH_VALUE = 114
ALERT_DESCRIPTION_UNKNOWN_PSK_IDENTITY = 115

_PROTOCOLS = (PROTOCOL_TLS, 3, 4, 5, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER)
_OPTIONS = (
    OP_ALL
    | OP_NO_SSLv3
    | OP_NO_COMPRESSION
    | OP_CIPHER_SERVER_PREFERENCE
    | OP_ENABLE_MIDDLEBOX_COMPAT
    | OP_IGNORE_UNEXPECTED_EOF
)
_SESSION_STATS = (
    "number",
    "connect",
    "connect_good",
    "connect_renegotiate",
    "accept",
    "accept_good",
    "accept_renegotiate",
    "hits",
    "misses",
    "timeouts",
    "cache_full",
)
_PURPOSES = (
    (129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"),
    (130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"),
)
_NO_TLS = (
    "a sandbox makes no TLS connections itself: the host does, for backends. Send the request "
    "through a backend, with fastly_compute.http or fastly_compute.requests; or let "
    "urllib3 and http.client do so, with fastly_compute.urllib3."
)


class SSLError(OSError):
    """An error of TLS."""

    __module__ = "ssl"
    library: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        return self.strerror if isinstance(self.strerror, str) else str(self.args)


class SSLZeroReturnError(SSLError):
    """The connection was closed cleanly."""

    __module__ = "ssl"


class SSLWantReadError(SSLError):
    """More data has to arrive first."""

    __module__ = "ssl"


class SSLWantWriteError(SSLError):
    """Data has to be sent first."""

    __module__ = "ssl"


class SSLSyscallError(SSLError):
    """A system call failed."""

    __module__ = "ssl"


class SSLEOFError(SSLError):
    """The connection ended abruptly."""

    __module__ = "ssl"


class SSLCertVerificationError(SSLError, ValueError):
    """A certificate is invalid."""

    __module__ = "ssl"
    verify_code = 0
    verify_message = ""


class SSLSession:
    """A session, of which a sandbox has none."""

    __module__ = "_ssl"


class Certificate:
    """A certificate of a connection, of which a sandbox has none."""

    __module__ = "_ssl"


class MemoryBIO:
    """A buffer of bytes."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ended = False

    @property
    def pending(self) -> int:
        """How many bytes can be read."""
        return len(self._data)

    @property
    def eof(self) -> bool:
        """Whether nothing is left, and nothing will follow."""
        return self._ended and not self._data

    def read(self, size: int = -1, /) -> bytes:
        """Take bytes out: at most `size`, or all."""
        count = len(self._data) if size < 0 else min(size, len(self._data))
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken

    def write(self, b: Any, /) -> int:
        """Put bytes in."""
        if self._ended:
            raise SSLError(errno.EINVAL, "cannot write() after write_eof()")
        data = memoryview(b).cast("B")
        self._data += data
        return len(data)

    def write_eof(self) -> None:
        """End the data."""
        self._ended = True


class _SSLContext:
    """The settings of connections that are never made.

    `ssl.SSLContext` overrides some of these, and then sets them through their descriptors.
    """

    __slots__ = (
        "_authorities",
        "_check_hostname",
        "_has_client_cert",
        "_host_flags",
        "_msg_callback",
        "_verify_mode",
        "keylog_filename",
        "maximum_version",
        "minimum_version",
        "num_tickets",
        "options",
        "post_handshake_auth",
        "protocol",
        "security_level",
        "sni_callback",
        "verify_flags",
    )
    _authorities: list[tuple[Any, Any]]
    _check_hostname: bool
    _has_client_cert: bool
    _verify_mode: int

    def __new__(cls, protocol: int, /) -> Self:
        if protocol not in _PROTOCOLS:
            raise ValueError("invalid or unsupported protocol version")
        self = super().__new__(cls)
        client = protocol == PROTOCOL_TLS_CLIENT
        settings = {
            "_authorities": [],
            "_check_hostname": client,
            "_has_client_cert": False,
            "_host_flags": HOSTFLAG_NO_PARTIAL_WILDCARDS,
            "_msg_callback": None,
            "_verify_mode": CERT_REQUIRED if client else CERT_NONE,
            "keylog_filename": None,
            "maximum_version": PROTO_MAXIMUM_SUPPORTED,
            "minimum_version": PROTO_TLSv1_2,
            "num_tickets": 2,
            "options": _OPTIONS,
            "post_handshake_auth": False,
            "protocol": protocol,
            "security_level": 2,
            "sni_callback": None,
            "verify_flags": VERIFY_X509_TRUSTED_FIRST,
        }
        for name, value in settings.items():
            _SSLContext.__dict__[name].__set__(self, value)
        return self

    def __init_subclass__(cls) -> None:
        # What ssl.py defines makes a socket first, and connects it later.
        cls.wrap_socket = cls.wrap_bio = _refuse  # type: ignore[attr-defined]

    @property
    def check_hostname(self) -> bool:
        """Whether the certificate must be one for the host's name."""
        return self._check_hostname

    @check_hostname.setter
    def check_hostname(self, value: object) -> None:
        self._check_hostname = bool(value)
        if value and self._verify_mode == CERT_NONE:
            self._verify_mode = CERT_REQUIRED

    @property
    def verify_mode(self) -> int:
        """Whether the other side must have a certificate."""
        return self._verify_mode

    @verify_mode.setter
    def verify_mode(self, value: int) -> None:
        if value not in (CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED):
            raise ValueError("invalid value for verify_mode")
        if value == CERT_NONE and self._check_hostname:
            raise ValueError("Cannot set verify_mode to CERT_NONE when check_hostname is enabled.")
        self._verify_mode = int(value)

    def load_verify_locations(
        self, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        """Take certificates of authorities, which are read when someone asks for them."""
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        self._authorities.append((cafile, cadata))

    def load_cert_chain(self, certfile: Any, keyfile: Any = None, password: Any = None) -> None:
        """Note that there is a certificate, which no connection uses, so that it can be refused."""
        self._has_client_cert = True

    def load_dh_params(self, path: Any, /) -> None:
        """Take parameters, which no connection uses."""

    def set_default_verify_paths(self) -> None:
        """Take the system's certificates, which a sandbox does not have."""

    def set_ciphers(self, cipherlist: str, /) -> None:
        """Take the names of ciphers, which no connection uses."""

    def set_ecdh_curve(self, name: Any, /) -> None:
        """Take the name of a curve, which no connection uses."""

    def _set_alpn_protocols(self, protos: bytes, /) -> None:
        pass

    def get_ca_certs(self, binary_form: bool = False) -> list[Any]:
        """List the certificates of authorities, in the binary form only."""
        return list(self._loaded_authorities()) if binary_form else []

    def _loaded_authorities(self) -> Iterator[bytes]:
        for cafile, cadata in self._authorities:
            data = cadata or b""
            if cafile is not None:
                with open(cafile, "rb") as file:  # noqa: PTH123 - pathlib is not always there
                    yield from _certificates(file.read())
            if isinstance(data, str):
                yield from _certificates(data.encode("ascii"))
            elif data:
                yield bytes(data)

    def get_ciphers(self) -> list[dict[str, Any]]:
        """List the ciphers, which no connection uses."""
        return []

    def cert_store_stats(self) -> dict[str, int]:
        """Count the certificates, which are not kept."""
        return dict.fromkeys(("x509", "crl", "x509_ca"), 0)

    def session_stats(self) -> dict[str, int]:
        """Count the sessions of connections that are never made."""
        return dict.fromkeys(_SESSION_STATS, 0)


def _certificates(text: bytes) -> Iterator[bytes]:
    """Decode the certificates in PEM text."""
    for part in text.split(b"-----BEGIN CERTIFICATE-----")[1:]:
        yield binascii.a2b_base64(part.partition(b"-----END CERTIFICATE-----")[0])


def _refuse(*_: object, **__: object) -> NoReturn:
    raise SSLError(errno.ENOTSUP, _NO_TLS)


def txt2obj(txt: str, name: bool = False) -> tuple[int, str, str, str]:
    """Look up a purpose of certificates by its number, or by a name."""
    for purpose in _PURPOSES:
        if txt == purpose[3] or (name and txt in purpose[1:3]):
            return purpose
    raise ValueError(f"unknown object {txt!r}")


def nid2obj(nid: int, /) -> tuple[int, str, str, str]:
    """Look up a purpose of certificates by OpenSSL's number."""
    for purpose in _PURPOSES:
        if nid == purpose[0]:
            return purpose
    raise ValueError(f"unknown NID {nid}")


def get_default_verify_paths() -> tuple[str, str, str, str]:
    """Name the system's certificates, which a sandbox does not have."""
    return "SSL_CERT_FILE", "", "SSL_CERT_DIR", ""


def RAND_status() -> bool:  # noqa: N802 - OpenSSL's name, like the next
    """Say that there are random numbers."""
    return True


def RAND_add(string: Any, entropy: float, /) -> None:  # noqa: N802
    """Add to the random numbers' seed, which the host has."""


def RAND_bytes(n: int, /) -> bytes:  # noqa: N802
    """Make random bytes that nobody can guess."""
    return os.urandom(n)
