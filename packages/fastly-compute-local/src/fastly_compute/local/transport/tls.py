"""TLS towards an origin: the context of a backend, the handshake, the certificate's name."""

import ipaddress
import socket
import ssl
import tempfile
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.transport.errors import SendFailure

# catch_warnings changes the whole process and must not be entered twice at once.
_WARNINGS = threading.Lock()


def tls_context(backend: BackendConfig) -> ssl.SSLContext:
    """Make the TLS context of a backend. The chain is always verified.

    Raises:
        SendFailure: OpenSSL rejects an option (`tls-configuration-error`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = _checked_by_openssl(backend)
    context.set_alpn_protocols(["http/1.1"])
    what = "the TLS versions"
    try:
        _set_versions(context, backend.tls_min_version, backend.tls_max_version)
        what = "the ciphers"
        if backend.tls_ciphers is not None:
            context.set_ciphers(backend.tls_ciphers)
        what = "the CA certificate"
        if backend.ca_certificate is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cadata=backend.ca_certificate)
        what = "the client certificate and its key"
        if backend.client_certificate is not None and backend.client_key is not None:
            _load_client_certificate(context, backend.client_certificate, backend.client_key)
    except (ssl.SSLError, ValueError) as err:
        reason = getattr(err, "reason", None) or err
        raise SendFailure(
            "tls-configuration-error", f"OpenSSL rejects {what} of {backend.url}: {reason}"
        ) from err
    return context


def start_tls(
    sock: socket.socket, context: ssl.SSLContext, backend: BackendConfig
) -> ssl.SSLSocket:
    """Do the handshake on a connected socket, within the socket's timeout.

    Raises:
        ssl.SSLCertVerificationError: The chain is not trusted or the name is wrong.
        OSError: The handshake fails, or times out.
    """
    name = backend.sni_hostname or None
    if name is None and _checked_by_openssl(backend):
        name = backend.cert_hostname
    tls = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    try:
        tls.do_handshake()
        if backend.cert_hostname is not None and not context.check_hostname:
            _check_name(tls, backend.cert_hostname)
    except BaseException:
        tls.close()
        raise
    return tls


def _set_versions(context: ssl.SSLContext, low: int | None, high: int | None) -> None:
    if low is None and high is None:
        return
    # Python warns about TLS 1.0 and 1.1, but only the guest could change that, not this process.
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if low is not None:
            context.minimum_version = ssl.TLSVersion(low)
        if high is not None:
            context.maximum_version = ssl.TLSVersion(high)


def _checked_by_openssl(backend: BackendConfig) -> bool:
    # OpenSSL keeps the two names apart, but Python's ssl sets both from server_hostname; only an
    # IP address is checked without being sent. Where that does not fit, _check_name does what
    # RFC 9525 asks for on the verified certificate: a few lines, against two more dependencies.
    name, sni = backend.cert_hostname, backend.sni_hostname or None
    return name is not None and (name == sni or (sni is None and _ip(name) is not None))


def _check_name(tls: ssl.SSLSocket, name: str) -> None:
    certificate = tls.getpeercert() or {}
    entries = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
    address = _ip(name)
    if address is not None:
        fits = address in {_ip(value) for kind, value in entries if kind == "IP Address"}
    else:
        fits = _any_fits([value for kind, value in entries if kind == "DNS"], name)
    if not fits:
        names = ", ".join(value for _, value in entries) or "no name at all"
        raise ssl.SSLCertVerificationError(
            f"Hostname mismatch, certificate is not valid for '{name}'; it is for {names}"
        )


def _any_fits(patterns: Iterable[str], name: str) -> bool:
    wanted = name.lower().rstrip(".")
    parent = wanted.partition(".")[2]
    accepted = {wanted, f"*.{parent}"} if parent else {wanted}
    return any(pattern.lower().rstrip(".") in accepted for pattern in patterns)


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None


def _load_client_certificate(context: ssl.SSLContext, certificate: str, key: bytes) -> None:
    # The ssl module accepts files only. The folder is private to this user and removed right away.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "client.pem")
        path.touch(mode=0o600)
        path.write_bytes(certificate.encode() + b"\n" + key)
        # A password, even an empty one, keeps OpenSSL from asking for it on the terminal.
        context.load_cert_chain(path, password="")
