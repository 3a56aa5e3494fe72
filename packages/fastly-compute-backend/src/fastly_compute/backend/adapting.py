"""From the arguments of an HTTP library to a backend, for the packages that adapt one."""

from dataclasses import fields
from typing import TypeAlias, TypeVar, Unpack, cast

from fastly_compute.backend import policy
from fastly_compute.backend.backend import Backend
from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.options import BackendOptions
from fastly_compute.backend.target import parse_url
from fastly_compute.core import Duration

BackendLike: TypeAlias = Backend | DynamicBackendConfig | str
"""The types that name a backend: a backend, its name, or the configuration of a dynamic one."""

B = TypeVar("B", bound=BackendLike | None)


def checked_backend(backend: B) -> B:
    """Check the type of a backend that an app passes.

    Args:
        backend: The backend, its name or configuration, or None.

    Returns:
        The same.

    Raises:
        TypeError: It has another type.
    """
    if backend is not None and not isinstance(backend, (Backend, DynamicBackendConfig, str)):
        raise TypeError(
            "backend must be a Backend, a name or a DynamicBackendConfig, not "
            f"{type(backend).__name__}"
        )
    return backend


def explicit_backend(url: str) -> str | None:
    """Find the backend that the app's policy names for a URL, instead of a dynamic one.

    Args:
        url: An absolute URL.

    Returns:
        The name that `enforce_explicit_backends` was given, if it applies to the URL's host; None
        for a dynamic backend.

    Raises:
        BackendNotAllowed: The app forbids a dynamic backend for this host.
        InvalidBackendOption: The URL has another scheme, a user name or no valid host.
    """
    _, target = parse_url(url)
    return policy.instead_of_dynamic(target)


def dynamic_backend(
    url: str, config: DynamicBackendConfig | None, **options: Unpack[BackendOptions]
) -> Backend:
    """Find or register the dynamic backend of a request.

    Args:
        url: The request's URL. With a configuration only its scheme matters: ``https`` turns TLS
            on, unless the configuration says otherwise.
        config: The configuration; None for that of the URL, if the app's policy allows it.
        **options: The options of this request, which replace those of the configuration.

    Returns:
        The backend.

    Raises:
        BackendError: The backend cannot be had, or the app's policy forbids it.
    """
    if config is None:
        return Backend.for_url(url, **options)
    given = {
        field.name: getattr(config, field.name)
        for field in fields(config)
        if field.name != "target"
    }
    if given["use_tls"] is None and url.startswith("https:"):
        given["use_tls"] = True
    return Backend.create_dynamic(config.target, **cast("BackendOptions", {**given, **options}))


def timeout_options(connect: Duration | None, read: Duration | None) -> BackendOptions:
    """Make the options for the two timeouts that HTTP libraries have.

    Args:
        connect: The time to connect; None for the backend's default.
        read: The longest wait for data, which is the time to the first byte and the longest pause
            after it; None for the backend's defaults.

    Returns:
        The options that were given.
    """
    options = BackendOptions()
    if connect is not None:
        options["connect_timeout"] = connect
    if read is not None:
        options["first_byte_timeout"] = read
        options["between_bytes_timeout"] = read
    return options


def ca_certificate_from(verify: object) -> str:
    """Read a ``verify`` argument that is not the default.

    Args:
        verify: The PEM text of the certificate authorities to trust.

    Returns:
        The text.

    Raises:
        NotImplementedError: It is something else, such as False or a path.
    """
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


def client_cert_from(cert: object) -> ClientCert:
    """Read a ``cert`` argument.

    Args:
        cert: A `ClientCert`, or a pair of the certificate's PEM text and the key as a `Secret`.

    Returns:
        The client certificate.

    Raises:
        NotImplementedError: It is something else, such as a path.
    """
    if isinstance(cert, ClientCert):
        return cert
    if isinstance(cert, tuple) and len(cert) == 2 and not isinstance(cert[1], str):
        return ClientCert(certificate=cert[0], key=cert[1])
    raise NotImplementedError(
        "cert= with paths is not supported: files cannot be read at run time; pass a pair of the "
        "certificate's PEM text and the key as a Secret"
    )
