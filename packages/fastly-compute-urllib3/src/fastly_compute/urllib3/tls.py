"""TLS options of urllib3 and `ssl`, as options of a backend."""

import os
import ssl
from pathlib import Path
from typing import Any

from fastly_compute.backend import BackendOptions, ClientCert, TLSVersion
from fastly_compute.secret_store import Secret
from urllib3.util.ssl_ import resolve_cert_reqs

# The bundles of public authorities that libraries bring, and Debian's: the host trusts these
# authorities, and a backend takes no bundle of that size.
_PUBLIC_BUNDLES = (
    "/botocore/cacert.pem",
    "/certifi/cacert.pem",
    "/stripe/data/ca-certificates.crt",
    "/etc/ssl/certs/ca-certificates.crt",
)
# What names a bundle for everything on the developer's machine, where the host trusts it, too.
_OF_THE_MACHINE = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE")
_LARGEST = 64 * 1024
_INSTEAD_OF_FILES = (
    "pass the certificate's PEM text as cert_file, and the key as a Secret as key_file"
)


def tls_options(connection: Any) -> BackendOptions:
    """Find the options of the backend for a connection.

    Args:
        connection: An ``HTTPSConnection`` of urllib3.

    Returns:
        Those that the connection was given; the others have the backend's defaults.

    Raises:
        NotImplementedError: No backend can do what an option says.
        OSError: The file of authorities cannot be read.
    """
    if resolve_cert_reqs(connection.cert_reqs) == ssl.CERT_NONE:
        raise _unverified("cert_reqs='CERT_NONE'")
    if connection.assert_hostname is False:
        raise NotImplementedError(
            "assert_hostname=False is not supported: the host checks the certificate's name; pass "
            "assert_hostname the name that is in the certificate, or create a backend with "
            "cert_hostname=UNCHECKED_CERT_HOSTNAME, and pass it to PoolManager(backend=...)"
        )
    for name in ("assert_fingerprint", "ca_cert_dir", "key_password", "ssl_version"):
        if getattr(connection, name) is not None:
            raise NotImplementedError(
                f"{name} is not supported: a backend has no such option; {_INSTEAD[name]}"
            )
    options: BackendOptions = {}
    if connection.server_hostname:
        options["sni_hostname"] = options["cert_hostname"] = connection.server_hostname
    if connection.assert_hostname:
        options["cert_hostname"] = connection.assert_hostname
    authorities = _authorities(connection.ca_certs, connection.ca_cert_data)
    if authorities is not None:
        options["ca_certificate"] = authorities
    if connection.cert_file is not None or connection.key_file is not None:
        options["client_cert"] = _client_cert(connection.cert_file, connection.key_file)
    if connection.ssl_context is not None:
        check_verification(connection.ssl_context)
    for name, value in (
        ("tls_min_version", connection.ssl_minimum_version),
        ("tls_max_version", connection.ssl_maximum_version),
    ):
        if value is not None and value > 0:  # others are "what OpenSSL supports"
            options[name] = TLSVersion(int(value))  # type: ignore[literal-required]
    return options


_INSTEAD = {
    "assert_fingerprint": "pass ca_cert_data the PEM text of the certificate's authority",
    "ca_cert_dir": "pass ca_certs a file, or ca_cert_data the PEM text",
    "key_password": "pass the key without a password, as a Secret",
    "ssl_version": "use ssl_minimum_version and ssl_maximum_version",
}


def check_context(context: ssl.SSLContext) -> None:
    """Refuse a context without verification.

    Raises:
        NotImplementedError: The context does not verify certificates, or not their names.
    """
    check_verification(context)
    if not context.check_hostname:
        raise _unverified("an SSLContext with check_hostname=False")


def check_verification(context: ssl.SSLContext) -> None:
    """Refuse a context that verifies no certificates.

    Without `check_hostname`, urllib3 compares the names itself, as botocore's contexts have it do.

    Raises:
        NotImplementedError: The context does not verify certificates.
    """
    if context.verify_mode == ssl.CERT_NONE:
        raise _unverified("an SSLContext with verify_mode=CERT_NONE")


def _unverified(what: str) -> NotImplementedError:
    return NotImplementedError(
        f"{what} is not supported: the host always verifies certificates; pass ca_cert_data the "
        "PEM text of the authority that signed this one"
    )


def _authorities(file: str | None, data: str | bytes | None) -> str | None:
    if data is not None:
        if isinstance(data, str):
            return data
        if b"-----BEGIN" in data:
            return data.decode("ascii")
        return ssl.DER_cert_to_PEM_cert(data)
    if file is None or file.replace(os.sep, "/").endswith(_PUBLIC_BUNDLES):
        return None
    text = Path(file).read_text(encoding="ascii", errors="replace")
    of_the_machine = {os.environ.get(name) for name in _OF_THE_MACHINE}
    return None if len(text) > _LARGEST and file in of_the_machine else text


def _client_cert(certificate: Any, key: Any) -> ClientCert:
    if isinstance(key, Secret) and isinstance(certificate, str) and "-----BEGIN" in certificate:
        return ClientCert(certificate=certificate, key=key)
    raise NotImplementedError(
        "cert_file and key_file as paths are not supported: a key must never be a file of the "
        f"component; {_INSTEAD_OF_FILES}"
    )
