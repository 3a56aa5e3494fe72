"""The client certificate that a backend is shown, and its key."""

from dataclasses import dataclass

from fastly_compute.backend import checks, pem
from fastly_compute.secret_store import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCert:
    """A client certificate for mutual TLS (``dynamic-backend-options.client-cert``).

    Attributes:
        certificate: The certificate and any intermediate certificates, in PEM; up to 64 KiB. Text
            that contains a private key is refused: the key must be a secret.
        key: The private key in PEM, as a secret. It is passed to the host without being read. It
            may be closed once a backend has been registered with it.

    Raises:
        InvalidBackendOption: The certificate is not PEM, or contains a private key.
        BackendOptionTypeError: The certificate is not a ``str``, or the key is not a `Secret`.

    Example:
        >>> from fastly_compute.backend import ClientCert
        >>> from fastly_compute.secret_store import SecretStore
        >>> def client_cert(certificate: str) -> ClientCert:
        ...     key = SecretStore.open("tls")["client-key"]
        ...     return ClientCert(certificate=certificate, key=key)
    """

    certificate: str
    key: Secret

    def __post_init__(self) -> None:
        checks.certificates("client_cert.certificate", self.certificate)
        checks.instance(
            "client_cert.key",
            self.key,
            Secret,
            "a Secret, from SecretStore.get or Secret.from_bytes",
        )

    def __repr__(self) -> str:
        return f"ClientCert(certificate={pem.redact(self.certificate)}, key={self.key!r})"
