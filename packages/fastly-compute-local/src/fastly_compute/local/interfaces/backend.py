"""`fastly:compute/backend`: backends from the configuration and dynamic ones."""

from collections.abc import Callable
from typing import Any, Self

from componentize_py_types import Err
from wit_world.imports.backend import BackendHealth
from wit_world.imports.types import Error_GenericError, Error_InvalidArgument, OpenError

from fastly_compute.local.config import BackendConfig, BackendConfigError, Health
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.healthcheck import HealthcheckOptions as HealthcheckOptions
from fastly_compute.local.interfaces.secret_store import Secret
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running

_HEALTH = {
    Health.UNKNOWN: BackendHealth.UNKNOWN,
    Health.HEALTHY: BackendHealth.HEALTHY,
    Health.UNHEALTHY: BackendHealth.UNHEALTHY,
}


def _sets(field: str, *, tls: bool = False) -> Callable[["DynamicBackendOptions", Any], None]:
    def set_option(self: "DynamicBackendOptions", value: Any) -> None:
        self.options[field] = value
        # As the WIT documents, a TLS option turns TLS on unless it was turned on or off before.
        if tls and self.tls is None:
            self.tls = True

    return set_option


_set_certificate = _sets("client_certificate", tls=True)


class DynamicBackendOptions(Resource):
    """The options set for a dynamic backend, as fields of `BackendConfig`."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.tls: bool | None = None

    override_host = _sets("override_host")
    connect_timeout = _sets("connect_timeout_ms")
    first_byte_timeout = _sets("first_byte_timeout_ms")
    between_bytes_timeout = _sets("between_bytes_timeout_ms")
    tls_min_version = _sets("tls_min_version", tls=True)
    tls_max_version = _sets("tls_max_version", tls=True)
    cert_hostname = _sets("cert_hostname", tls=True)
    ca_certificate = _sets("ca_certificate", tls=True)
    tls_ciphers = _sets("tls_ciphers", tls=True)
    sni_hostname = _sets("sni_hostname", tls=True)
    http_keepalive_time_ms = _sets("http_keepalive_time_ms")
    tcp_keepalive_interval_secs = _sets("tcp_keepalive_interval_secs")
    tcp_keepalive_probes = _sets("tcp_keepalive_probes")
    tcp_keepalive_time_secs = _sets("tcp_keepalive_time_secs")
    max_connections = _sets("max_connections")
    max_use = _sets("max_use")
    max_lifetime_ms = _sets("max_lifetime_ms")
    pooling = _sets("pooling")
    grpc = _sets("grpc")
    prefer_ipv6 = _sets("prefer_ipv6")

    def use_tls(self, value: bool) -> None:
        """Set whether to use TLS."""
        self.tls = value

    def client_cert(self, client_cert: str, key: Secret) -> None:
        """Set the client certificate to present."""
        _set_certificate(self, client_cert)
        self.options["client_key"] = key.value

    def tcp_keepalive_enable(self, value: int) -> None:
        """Set whether to probe idle connections."""
        self.options["tcp_keepalive_enable"] = bool(value)

    def healthcheck(self, value: HealthcheckOptions) -> None:
        """Set how to check the backend's health."""
        self.options["health_check"] = value.take("was already given to a backend").wanted

    def backend_to(self, target: str) -> BackendConfig:
        """Return the backend that these options describe.

        Raises:
            BackendConfigError: An option is invalid.
        """
        scheme = "https" if self.tls else "http"
        for name in ("override_host", "cert_hostname", "ca_certificate"):
            if self.options.get(name) == "":
                raise BackendConfigError(name, '""', "must not be empty")
        if "/" in target:
            raise BackendConfigError("target", repr(target), "must be a host with or without port")
        return BackendConfig(url=f"{scheme}://{target}", **self.options)


def _gets(field: str) -> Callable[["Backend"], int]:
    def get(self: "Backend") -> int:
        value: int | None = getattr(self.config, field)
        # 0 means no limit, or the platform's default.
        return value or 0

    return get


class Backend(Resource):
    """A guest's handle to a backend.

    Attributes:
        name: The backend's name.
        config: The backend's configuration.
    """

    def __init__(self, name: str, config: BackendConfig) -> None:
        self.name = name
        self.config = config

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a backend by name."""
        config = running().backend(name)
        if config is None:
            raise Err(OpenError.NOT_FOUND)
        return cls(name, config)

    def clone(self) -> Self:
        """Return another handle to the same backend."""
        return type(self)(self.name, self.config)

    def get_name(self) -> str:
        """Return its name."""
        return self.name

    def is_healthy(self) -> BackendHealth:
        """Return its health, as configured or as determined by its checks."""
        return _HEALTH[running().host.health_checks.health(self.name, self.config)]

    def is_dynamic(self) -> bool:
        """Return whether it is a dynamic backend."""
        return self.name in running().dynamic_backends

    def get_host(self, max_len: int) -> str:
        """Return the target's host."""
        return fit(self.config.host, max_len)

    def get_override_host(self, max_len: int) -> bytes | None:
        """Return the Host header to send, whatever the request has."""
        host = self.config.override_host
        return None if host is None else fit(host.encode(), max_len)

    def get_port(self) -> int:
        """Return the target's port."""
        return self.config.port

    def is_tls(self) -> bool:
        """Return whether it uses TLS."""
        return self.config.use_tls

    def get_tls_min_version(self) -> int | None:
        """Return the lowest TLS version."""
        return self.config.tls_min_version

    def get_tls_max_version(self) -> int | None:
        """Return the highest TLS version."""
        return self.config.tls_max_version

    def get_tcp_keepalive_enable(self) -> bool:
        """Return whether idle connections are probed."""
        return self.config.tcp_keepalive_enable

    get_connect_timeout_ms = _gets("connect_timeout_ms")
    get_first_byte_timeout_ms = _gets("first_byte_timeout_ms")
    get_between_bytes_timeout_ms = _gets("between_bytes_timeout_ms")
    get_http_keepalive_time = _gets("http_keepalive_time_ms")
    get_tcp_keepalive_interval = _gets("tcp_keepalive_interval_secs")
    get_tcp_keepalive_probes = _gets("tcp_keepalive_probes")
    get_tcp_keepalive_time = _gets("tcp_keepalive_time_secs")


def register_dynamic_backend(prefix: str, target: str, options: DynamicBackendOptions) -> Backend:
    """Register a backend under a name that is not taken yet."""
    options.take("was already used to register a backend")
    sandbox = running()
    if not prefix:
        sandbox.host.log("register-dynamic-backend: the name is empty")
        raise Err(Error_InvalidArgument())
    if sandbox.backend(prefix) is not None:
        sandbox.host.log(f"register-dynamic-backend: the name {prefix!r} is taken")
        raise Err(Error_GenericError())
    try:
        config = options.backend_to(target)
    except BackendConfigError as error:
        sandbox.host.log(f"register-dynamic-backend {prefix!r}: {error}")
        raise Err(Error_InvalidArgument()) from error
    sandbox.register_backend(prefix, config)
    sandbox.host.health_checks.watch(prefix, config)
    return Backend(prefix, config)
