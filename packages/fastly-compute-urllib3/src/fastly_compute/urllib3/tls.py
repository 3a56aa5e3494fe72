"""TLS options of urllib3 and `ssl`, as options of a backend."""

import os
import ssl
from pathlib import Path
from typing import Any

from fastly_compute.backend import BackendOptions, ClientCert, TLSVersion
from fastly_compute.secret_store import Secret
from urllib3.util.ssl_ import resolve_cert_reqs, resolve_ssl_version

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
# Deprecated: the protocols that are one version.
_ONLY_VERSIONS: dict[int, int] = {
    3: ssl.TLSVersion.TLSv1,
    4: ssl.TLSVersion.TLSv1_1,
    5: ssl.TLSVersion.TLSv1_2,
}
_INSTEAD = {
    "assert_fingerprint": "pass ca_cert_data the PEM text of the certificate's authority",
    "ca_cert_dir": "pass ca_certs a file, or ca_cert_data the PEM text",
    "key_password": "pass the key without a password, as a Secret",
}
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
    for name in _INSTEAD:
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
    only = _ONLY_VERSIONS.get(resolve_ssl_version(connection.ssl_version))
    options |= _versions(
        only or connection.ssl_minimum_version, only or connection.ssl_maximum_version
    )
    if connection.ssl_context is not None:
        options = {**context_options(connection.ssl_context, compares_names=True), **options}
    return options


def context_options(context: ssl.SSLContext, *, compares_names: bool = False) -> BackendOptions:
    """Find the options of the backend for a connection with a context.

    A client certificate has to be an option of urllib3, as a context keeps its key to itself.

    Args:
        context: The context.
        compares_names: Whether the library compares the certificate's name itself if the context
            does not, as urllib3 does with the contexts of botocore.

    Returns:
        The authorities to trust, unless they are more than a backend takes, and so the public
        ones; and the versions of TLS, if the context limits them to newer or older ones.

    Raises:
        NotImplementedError: The context does not verify certificates, or not their names; or, in
            the guest, it has a client certificate.
    """
    if context.verify_mode == ssl.CERT_NONE:
        raise _unverified("an SSLContext with verify_mode=CERT_NONE")
    if not context.check_hostname and not compares_names:
        raise _unverified("an SSLContext with check_hostname=False")
    if getattr(context, "_has_client_cert", False):  # only the guest's has this
        raise NotImplementedError(
            "a client certificate in an SSLContext is not supported: a key cannot be read from a "
            f"context; {_INSTEAD_OF_FILES}"
        )
    minimum, maximum = context.minimum_version, context.maximum_version
    # Version 1.2 is what every context begins with.
    options = _versions(None if minimum == ssl.TLSVersion.TLSv1_2 else minimum, maximum)
    authorities = "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True)))
    if authorities and len(authorities) <= _LARGEST:
        options["ca_certificate"] = authorities
    return options


def _versions(minimum: int | None, maximum: int | None) -> BackendOptions:
    options: BackendOptions = {}
    # Numbers below 0 are the oldest and newest that OpenSSL has.
    if minimum is not None and minimum > 0:
        options["tls_min_version"] = TLSVersion(int(minimum))
    if maximum is not None and maximum > 0:
        options["tls_max_version"] = TLSVersion(int(maximum))
    return options


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
