"""From the arguments of an HTTP library to a backend, for the packages that adapt one."""

from dataclasses import fields
from typing import Final, NamedTuple, TypeAlias, TypeVar, cast

from fastly_compute.backend import policy
from fastly_compute.backend.backend import Backend
from fastly_compute.backend.client_cert import ClientCert
from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.options import USE_TLS, BackendOptions, implying
from fastly_compute.backend.target import parse_url
from fastly_compute.core import Duration

BackendLike: TypeAlias = Backend | DynamicBackendConfig | str
"""The types that name a backend: a backend, its name, or the configuration of a dynamic one."""

B = TypeVar("B", bound=BackendLike | None)

_NONE: Final = BackendOptions()
_FOR_TLS: Final = implying(USE_TLS)


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


class Keywords(NamedTuple):
    """How the users of an HTTP library say what becomes an option, for error messages.

    Attributes:
        timeouts: The keywords for timeouts.
        others: The keywords for all other options.
        ignoring: How to have timeouts ignored where a backend has its own.
    """

    timeouts: str
    others: str
    ignoring: str


def backend_for(
    url: str,
    backend: BackendLike | None,
    keywords: Keywords,
    *,
    timeouts: BackendOptions = _NONE,
    others: BackendOptions = _NONE,
    defaults: BackendOptions = _NONE,
    ignore_timeout: bool = False,
) -> Backend | str:
    """Find the backend of a request, or register it with the options of the request.

    Only a dynamic backend takes options. Those for TLS do not matter to an ``http`` URL, unless the
    configuration turns TLS on.

    Args:
        url: The request's URL. With a configuration, only its scheme matters.
        backend: The backend that the app gave, checked by `checked_backend`; None for the one that
            the app's policy finds for the URL.
        keywords: The names of the options, for error messages.
        timeouts: The timeouts that the app gave.
        others: The other options that the app gave.
        defaults: The options that nobody gave: they yield to a configuration, and do not matter
            to a backend that has its own.
        ignore_timeout: Whether timeouts are ignored where the backend has its own.

    Returns:
        The backend, or the name of one that has its own options.

    Raises:
        BackendError: The backend cannot be had, or the app's policy forbids it.
        ValueError: An option was given for a backend that has its own.
    """
    if isinstance(backend, DynamicBackendConfig):
        return _configured(backend, defaults, {**timeouts, **others}, url.startswith("https:"))
    host = None
    if backend is None:
        is_tls, target = parse_url(url)
        host, backend = target.host, policy.instead_of_dynamic(target)
        if backend is None:
            options: BackendOptions = {**defaults, **timeouts, **others}
            if not is_tls:
                options = _without_tls(options)
            options["use_tls"] = is_tls
            return Backend.create_dynamic(str(target), **options)
    if others:
        raise _fixed(f"{keywords.others} ({', '.join(others)})", backend, host)
    if timeouts and not ignore_timeout:
        raise _fixed(keywords.timeouts, backend, host, keywords.ignoring)
    return backend


def _configured(
    config: DynamicBackendConfig, defaults: BackendOptions, given: BackendOptions, is_https: bool
) -> Backend:
    own = {
        field.name: value
        for field in fields(config)
        if field.name != "target" and (value := getattr(config, field.name)) is not None
    }
    if is_https and config.use_tls is None:
        own["use_tls"] = True
    elif not is_https and not config.is_tls:
        given = _without_tls(given)
    options = cast("BackendOptions", {**defaults, **own, **given})
    return Backend.create_dynamic(config.target, **options)


def _without_tls(options: BackendOptions) -> BackendOptions:
    kept = {name: value for name, value in options.items() if name not in _FOR_TLS}
    return cast("BackendOptions", kept)


def _fixed(what: str, backend: Backend | str, host: str | None, ignoring: str = "") -> ValueError:
    name = backend if isinstance(backend, str) else backend.name
    chosen, otherwise = "", "leave the backend out"
    if host is not None:
        chosen = f", to which enforce_explicit_backends sends requests for {host!r}"
        otherwise = "allow a dynamic backend for this host with allow_dynamic_backends"
    ways = [f"configure {name!r} itself", otherwise, *([ignoring] if ignoring else [])]
    return ValueError(
        f"{what} cannot be used with the backend {name!r}{chosen}, because its options are fixed: "
        f"{', '.join(ways[:-1])} or {ways[-1]}"
    )


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
