"""Backends: opened by name or registered by the app, with the properties that the host knows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Self, TypeVar, Unpack

from fastly_compute.backend import _wit, policy, registration
from fastly_compute.backend.config import DynamicBackendConfig
from fastly_compute.backend.defaults import with_defaults
from fastly_compute.backend.describing import describe
from fastly_compute.backend.errors import (
    BackendCallFailed,
    InvalidBackendOption,
)
from fastly_compute.backend.health import BackendHealth
from fastly_compute.backend.naming import checked
from fastly_compute.backend.options import BackendOptions
from fastly_compute.backend.target import parse_url
from fastly_compute.backend.tls import TLSVersion
from fastly_compute.core import Handle, read_sized, timedelta_of

T = TypeVar("T")


class Backend(Handle["_wit.backend.Backend"]):
    """A server that requests can be sent to.

    A static backend is part of the service's configuration: `open` it by name. A dynamic backend is
    registered by the app, in each sandbox, and is identified by its configuration: `create_dynamic`
    and `for_url` return the same backend for the same configuration and a different backend for a
    different one.

    Two backends are equal if they have the same name. Each property calls the host, and raises
    `BackendUnsupported` if the host does not support it.

    Example:
        >>> from fastly_compute.backend import Backend
        >>> def handler() -> None:
        ...     static = Backend.open("origin")
        ...     dynamic = Backend.create_dynamic("api.example", use_tls=True, connect_timeout=2)
        ...     print(static.health, dynamic.port)
    """

    __slots__ = ("_name",)

    _created_by = "Backend.open, Backend.create_dynamic or Backend.for_url"

    _name: str

    @classmethod
    def _of(cls, name: str, resource: "_wit.backend.Backend") -> Self:
        backend = cls._wrap(resource)
        backend._name = name
        return backend

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a backend by name (``backend.open``).

        Args:
            name: The name of a static backend, or of a dynamic one that this sandbox registered;
                1 to 254 printable ASCII characters.

        Returns:
            The backend.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidBackendName: The name is invalid.
            BackendNotFound: No backend has that name.
            BackendCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        return cls._of(name, _wit.find(checked(name)))

    @classmethod
    def create_dynamic(cls, target: str, **options: Unpack[BackendOptions]) -> Self:
        """Find or register the dynamic backend with this configuration.

        Its name is derived from the target and all options, including those set with
        `set_default_dynamic_config`. A sandbox registers the backend once; later calls find it,
        also in later requests of a reused sandbox. `enforce_explicit_backends` does not restrict
        this method, because your code names the target.

        Args:
            target: The server, such as ``origin.example``, ``192.0.2.1:8443`` or ``[::1]:80``.
            **options: The options of `DynamicBackendConfig`.

        Returns:
            The backend.

        Raises:
            InvalidBackendOption: A value breaks its rule, or contradicts another.
            BackendOptionTypeError: A value is of the wrong type.
            TypeError: An option is unknown.
            DynamicBackendsDisabled: The service may not register backends.
            BackendConfigRefused: The host refused the target or an option.
            BackendNameInUse: A static backend has the name derived from the configuration.
            BackendCallFailed: The host refused for another reason.
            HandleClosed: The client certificate's key was closed before it was needed.
            HostUnavailable: No host is available.
        """
        config = DynamicBackendConfig(target=target, **options)
        return cls._of(*registration.get_or_register(with_defaults(config)))

    @classmethod
    def for_url(cls, url: str, **options: Unpack[BackendOptions]) -> Self:
        """Find or register the dynamic backend for a URL, if the app allows it.

        ``https`` means TLS and port 443, ``http`` means no TLS and port 80, unless the URL has a
        port. The backend is the one that `create_dynamic` returns for the URL's host. If
        `enforce_explicit_backends` or `allow_dynamic_backends` exclude the host, it is the default
        given to `enforce_explicit_backends`, if any.

        Args:
            url: An absolute URL; only its scheme, host and port matter.
            **options: The options of `DynamicBackendConfig`. ``use_tls`` follows from the URL.

        Returns:
            The backend.

        Raises:
            BackendNotAllowed: The app forbids a dynamic backend for this host.
            BackendNotFound: The app's default backend for this host does not exist.
            InvalidBackendOption: The URL has another scheme, a user name or no valid host; or an
                option breaks its rule, contradicts another or the URL's scheme, or is given for a
                host whose requests go to the app's default backend.
            BackendOptionTypeError: A value is of the wrong type.
            TypeError: An option is unknown.
            DynamicBackendsDisabled: The service may not register backends.
            BackendConfigRefused: The host refused the target or an option.
            BackendNameInUse: A static backend has the name derived from the configuration.
            BackendCallFailed: The host refused for another reason.
            HandleClosed: The client certificate's key was closed before it was needed.
            HostUnavailable: No host is available.
        """
        if "target" in options:
            raise TypeError("Backend.for_url() takes no target: the URL gives the host and port")
        is_tls, target = parse_url(url)
        instead = policy.instead_of_dynamic(target)
        if instead is not None:
            given = [field for field, value in options.items() if value is not None]
            if given:
                raise InvalidBackendOption(
                    given[0],
                    f"omitted for {target.host!r}: enforce_explicit_backends sends its requests to "
                    f"the backend {instead!r}, which has its own options",
                )
            return cls.open(instead)
        use_tls = options.get("use_tls")
        if use_tls is not None and use_tls is not is_tls:
            raise InvalidBackendOption(
                "use_tls", f"{is_tls} or omitted, to match the URL's scheme", repr(use_tls)
            )
        options["use_tls"] = is_tls
        return cls.create_dynamic(str(target), **options)

    @classmethod
    def register_dynamic(cls, name: str, config: DynamicBackendConfig) -> Self:
        """Register a dynamic backend under a name that you choose (``register-dynamic-backend``).

        Registering it again with an equivalent configuration finds the backend. Options that the
        configuration leaves out come from `set_default_dynamic_config`. `enforce_explicit_backends`
        does not restrict this method, because your code names the target.

        Args:
            name: 1 to 254 printable ASCII characters, and not the name of a static backend.
            config: Its configuration.

        Returns:
            The backend.

        Raises:
            TypeError: The name is not a ``str``, or the configuration is not a
                `DynamicBackendConfig`.
            InvalidBackendName: The name is invalid.
            InvalidBackendOption: A default contradicts the configuration.
            BackendNameInUse: A backend of that name has another configuration, or is static.
            DynamicBackendsDisabled: The service may not register backends.
            BackendConfigRefused: The host refused the target or an option.
            BackendCallFailed: The host refused for another reason.
            HandleClosed: The client certificate's key was closed before it was needed.
            HostUnavailable: No host is available.
        """
        checked(name)
        if not isinstance(config, DynamicBackendConfig):
            raise TypeError(f"config must be a DynamicBackendConfig, not {type(config).__name__}")
        return cls._of(name, registration.get_or_register_as(name, with_defaults(config)))

    @classmethod
    def exists(cls, name: str) -> bool:
        """Check whether `open` would find a backend.

        Args:
            name: 1 to 254 printable ASCII characters.

        Returns:
            Whether a backend has that name.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidBackendName: The name is invalid.
            BackendCallFailed: The host could not say.
            HostUnavailable: No host is available.
        """
        return _wit.exists(checked(name))

    def _ask(self, function: str, call: Callable[[], T]) -> T:
        return _wit.call(f"backend.{function}", self._name, call)

    @property
    def name(self) -> str:
        """The backend's name (``get-name``), known without calling the host."""
        return self._name

    @property
    def config(self) -> DynamicBackendConfig | None:
        """The configuration that it was registered with, including the app's defaults.

        None if this sandbox did not register it with this package.
        """
        return registration.config_of(self._name) if self.is_dynamic else None

    @property
    def health(self) -> BackendHealth:
        """The backend's health (``is-healthy``); `BackendHealth.UNKNOWN` without a health check."""
        return BackendHealth[self._ask("is-healthy", self._resource.is_healthy).name]

    @property
    def is_dynamic(self) -> bool:
        """Whether the app registered it (``is-dynamic``)."""
        return self._ask("is-dynamic", self._resource.is_dynamic)

    @property
    def host(self) -> str:
        """The host name or IP address of its target (``get-host``)."""
        return self._ask("get-host", lambda: read_sized(self._resource.get_host))

    @property
    def override_host(self) -> str | None:
        """The Host header sent with every request (``get-override-host``); None if none was set."""
        value = self._ask("get-override-host", lambda: read_sized(self._resource.get_override_host))
        return None if value is None else value.decode("latin-1")

    @property
    def port(self) -> int:
        """The port of its target (``get-port``)."""
        return self._ask("get-port", self._resource.get_port)

    @property
    def connect_timeout(self) -> timedelta:
        """The time limit for connecting (``get-connect-timeout-ms``)."""
        return timedelta_of(
            milliseconds=self._ask("get-connect-timeout-ms", self._resource.get_connect_timeout_ms)
        )

    @property
    def first_byte_timeout(self) -> timedelta:
        """The time limit for the response's first byte (``get-first-byte-timeout-ms``)."""
        return timedelta_of(
            milliseconds=self._ask(
                "get-first-byte-timeout-ms", self._resource.get_first_byte_timeout_ms
            )
        )

    @property
    def between_bytes_timeout(self) -> timedelta:
        """The longest allowed pause within a response (``get-between-bytes-timeout-ms``)."""
        return timedelta_of(
            milliseconds=self._ask(
                "get-between-bytes-timeout-ms", self._resource.get_between_bytes_timeout_ms
            )
        )

    @property
    def is_tls(self) -> bool:
        """Whether connections use TLS (``is-tls``)."""
        return self._ask("is-tls", self._resource.is_tls)

    @property
    def tls_min_version(self) -> TLSVersion | None:
        """The lowest TLS version (``get-tls-min-version``); None if none was set.

        Raises:
            BackendCallFailed: The host returned a version that is not in `TLSVersion`.
        """
        return self._tls_version("get-tls-min-version", self._resource.get_tls_min_version)

    @property
    def tls_max_version(self) -> TLSVersion | None:
        """The highest TLS version (``get-tls-max-version``); None if none was set.

        Raises:
            BackendCallFailed: The host returned a version that is not in `TLSVersion`.
        """
        return self._tls_version("get-tls-max-version", self._resource.get_tls_max_version)

    def _tls_version(self, function: str, call: Callable[[], int | None]) -> TLSVersion | None:
        number = self._ask(function, call)
        try:
            return None if number is None else TLSVersion(number)
        except ValueError:
            raise BackendCallFailed(
                f"backend.backend.{function}",
                case=f"unknown TLS version {number:#06x}",
                subject=self._name,
            ) from None

    @property
    def http_keepalive_time(self) -> timedelta:
        """How long an idle connection stays in the pool (``get-http-keepalive-time``)."""
        return timedelta_of(
            milliseconds=self._ask(
                "get-http-keepalive-time", self._resource.get_http_keepalive_time
            )
        )

    @property
    def tcp_keepalive_enable(self) -> bool:
        """Whether idle connections are probed (``get-tcp-keepalive-enable``)."""
        return self._ask("get-tcp-keepalive-enable", self._resource.get_tcp_keepalive_enable)

    @property
    def tcp_keepalive_interval(self) -> timedelta:
        """The time between probes (``get-tcp-keepalive-interval``)."""
        return timedelta_of(
            seconds=self._ask(
                "get-tcp-keepalive-interval", self._resource.get_tcp_keepalive_interval
            )
        )

    @property
    def tcp_keepalive_probes(self) -> int:
        """How many unanswered probes end a connection (``get-tcp-keepalive-probes``)."""
        return self._ask("get-tcp-keepalive-probes", self._resource.get_tcp_keepalive_probes)

    @property
    def tcp_keepalive_time(self) -> timedelta:
        """The idle time before the first probe (``get-tcp-keepalive-time``)."""
        return timedelta_of(
            seconds=self._ask("get-tcp-keepalive-time", self._resource.get_tcp_keepalive_time)
        )

    def describe(self) -> dict[str, object]:
        """Read every property from the host, for example for a debug page.

        Returns:
            The value of each property by name, ready for JSON, with durations in seconds, enums as
            text such as ``healthy`` and ``1.2``, `config` as its `repr`, and ``unsupported`` for
            what the host does not support.

        Raises:
            BackendCallFailed: The host refused for another reason.
        """
        return describe(self)

    def __eq__(self, other: object) -> bool:
        return self._name == other._name if isinstance(other, Backend) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f"<Backend {self._name!r}>"
