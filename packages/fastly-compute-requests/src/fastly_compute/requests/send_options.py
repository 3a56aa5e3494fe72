"""How one request is to be sent, as a value, and what a backend hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastly_compute.backend import BackendOptions, ClientCert
from fastly_compute.http import CacheOptions
from fastly_compute.requests.certs import where
from fastly_compute.requests.keywords import BackendLike, Cert
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike, backend_options


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What `BackendAdapter.send` was told about one request; see the function `request`.

    Attributes:
        timeout: The timeout, as ``requests`` takes it, or a `TimeoutConfig`.
        verify: Which certificate authorities to trust.
        cert: The client certificate.
        proxies: None or empty: proxies are not supported.
        backend: The backend of this request; None for that of the adapter.
        fastly_timeout: The platform's three timeouts.
        cache: What the cache is to do; None for what the adapter says.
    """

    timeout: TimeoutLike = None
    verify: bool | str | None = True
    cert: Cert = None
    proxies: Mapping[str, str] | None = None
    backend: BackendLike = None
    fastly_timeout: TimeoutConfig | None = None
    cache: CacheOptions | None = None

    def timeouts(self) -> BackendOptions:
        """Find the backend options for the timeouts.

        Returns:
            Those that were given.

        Raises:
            ValueError: Both timeouts are given, or a number is out of range.
        """
        return backend_options(self.timeout, self.fastly_timeout)

    def tls(self) -> BackendOptions:
        """Find the backend options for ``verify`` and ``cert``.

        Returns:
            Those that were given.

        Raises:
            NotImplementedError: Certificates are not to be verified, or are files.
        """
        options: BackendOptions = {}
        if self.verify is not True and self.verify is not None and self.verify != where():
            options["ca_certificate"] = _authorities(self.verify)
        if self.cert is not None:
            options["client_cert"] = _client_cert(self.cert)
        return options

    def check_proxies(self) -> None:
        """Refuse proxies.

        Raises:
            NotImplementedError: There are some.
        """
        if self.proxies:
            raise NotImplementedError(
                "proxies= is not supported: the platform has none; a backend says where requests go"
            )


def _authorities(verify: bool | str) -> str:
    if isinstance(verify, str) and "-----BEGIN" in verify:
        return verify
    if verify is False:
        raise NotImplementedError(
            "verify= with False is not supported: the platform always verifies certificates; pass "
            "verify= the PEM text of the authority that signed this one"
        )
    raise NotImplementedError(
        "verify= with a path is not supported: files cannot be read at run time; read the file "
        "at module level, and pass its PEM text"
    )


def _client_cert(cert: Any) -> ClientCert:
    if isinstance(cert, ClientCert):
        return cert
    if isinstance(cert, tuple) and len(cert) == 2 and not isinstance(cert[1], str):
        return ClientCert(certificate=cert[0], key=cert[1])
    raise NotImplementedError(
        "cert= with paths is not supported: files cannot be read at run time; pass a pair of the "
        "certificate's PEM text and the key as a Secret"
    )
