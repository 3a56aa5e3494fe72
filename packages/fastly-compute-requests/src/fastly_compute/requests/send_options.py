"""How one request is to be sent, as a value, and what a backend hears of it."""

from collections.abc import Mapping
from typing import NamedTuple

from fastly_compute.backend import BackendOptions
from fastly_compute.backend.adapting import ca_certificate_from, client_cert_from
from fastly_compute.http import CacheOptions
from fastly_compute.requests.certs import where
from fastly_compute.requests.keywords import BackendLike, Cert
from fastly_compute.requests.timeouts import TimeoutConfig, TimeoutLike, backend_options


class SendOptions(NamedTuple):
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

    @property
    def are_default(self) -> bool:
        """Whether there is nothing in them that a backend must hear of."""
        return (
            self.timeout is None
            and self.fastly_timeout is None
            and self.cert is None
            and (self.verify is True or self.verify is None)
        )

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
            options["ca_certificate"] = ca_certificate_from(self.verify)
        if self.cert is not None:
            options["client_cert"] = client_cert_from(self.cert)
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
