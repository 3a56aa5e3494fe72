"""`fastly:compute/backend`: backends, those of the configuration and those a guest registers."""

from typing import Any, Self

from componentize_py_types import Err
from wit_world.imports.backend import BackendHealth
from wit_world.imports.types import Error_GenericError, Error_InvalidArgument, OpenError

from fastly_compute.local.backend_config import BackendConfig, BackendConfigError, Health
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.healthcheck import HealthcheckOptions as HealthcheckOptions
from fastly_compute.local.interfaces.secret_store import Secret
from fastly_compute.local.resource import Resource
from fastly_compute.local.sandbox import running

_HEALTH = {
    Health.UNKNOWN: BackendHealth.UNKNOWN,
    Health.HEALTHY: BackendHealth.HEALTHY,
    Health.UNHEALTHY: BackendHealth.UNHEALTHY,
}


class DynamicBackendOptions(Resource):
    """The options of a backend to be registered, as they were set."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.tls: bool | None = None

    def _set_tls(self, name: str, value: object) -> None:
        self.options[name] = value
        if self.tls is None:
            self.tls = True

    def override_host(self, value: str) -> None:
        """Send this Host header."""
        self.options["override_host"] = value

    def connect_timeout(self, value: int) -> None:
        """Limit the time to connect, in ms."""
        self.options["connect_timeout_ms"] = value

    def first_byte_timeout(self, value: int) -> None:
        """Limit the time to the response's head, in ms."""
        self.options["first_byte_timeout_ms"] = value

    def between_bytes_timeout(self, value: int) -> None:
        """Limit the time between parts of the response, in ms."""
        self.options["between_bytes_timeout_ms"] = value

    def use_tls(self, value: bool) -> None:
        """Speak TLS, or not."""
        self.tls = value

    def tls_min_version(self, value: int) -> None:
        """Refuse a lower TLS version."""
        self._set_tls("tls_min_version", value)

    def tls_max_version(self, value: int) -> None:
        """Refuse a higher TLS version."""
        self._set_tls("tls_max_version", value)

    def cert_hostname(self, value: str) -> None:
        """Demand this name of the certificate."""
        self._set_tls("cert_hostname", value)

    def ca_certificate(self, value: str) -> None:
        """Trust these certificates and no others."""
        self._set_tls("ca_certificate", value)

    def tls_ciphers(self, value: str) -> None:
        """Offer these ciphers."""
        self._set_tls("tls_ciphers", value)

    def sni_hostname(self, value: str) -> None:
        """Ask for this name in the handshake."""
        self._set_tls("sni_hostname", value)

    def client_cert(self, client_cert: str, key: Secret) -> None:
        """Show this certificate."""
        self._set_tls("client_certificate", client_cert)
        self.options["client_key"] = key.value

    def http_keepalive_time_ms(self, value: int) -> None:
        """Keep an idle connection this long."""
        self.options["http_keepalive_time_ms"] = value

    def tcp_keepalive_enable(self, value: int) -> None:
        """Probe idle connections, or not."""
        self.options["tcp_keepalive_enable"] = bool(value)

    def tcp_keepalive_interval_secs(self, value: int) -> None:
        """Probe this often."""
        self.options["tcp_keepalive_interval_secs"] = value

    def tcp_keepalive_probes(self, value: int) -> None:
        """Give a connection up after so many probes."""
        self.options["tcp_keepalive_probes"] = value

    def tcp_keepalive_time_secs(self, value: int) -> None:
        """Begin to probe after this time."""
        self.options["tcp_keepalive_time_secs"] = value

    def max_connections(self, value: int) -> None:
        """Limit the open connections; 0 is no limit."""
        self.options["max_connections"] = value

    def max_use(self, value: int) -> None:
        """Limit the requests of one connection; 0 is no limit."""
        self.options["max_use"] = value

    def max_lifetime_ms(self, value: int) -> None:
        """Limit the age of a connection; 0 is no limit."""
        self.options["max_lifetime_ms"] = value

    def pooling(self, value: bool) -> None:
        """Keep connections for later requests, or not."""
        self.options["pooling"] = value

    def grpc(self, value: bool) -> None:
        """Speak HTTP/2 only, or not."""
        self.options["grpc"] = value

    def prefer_ipv6(self, value: bool) -> None:
        """Try IPv6 first, or not."""
        self.options["prefer_ipv6"] = value

    def healthcheck(self, value: HealthcheckOptions) -> None:
        """Check the backend's health; this host takes the check and runs none."""

    def backend_to(self, target: str) -> BackendConfig:
        """The backend that these options describe.

        Raises:
            BackendConfigError: An option breaks its rule.
        """
        scheme = "https" if self.tls else "http"
        for name in ("override_host", "cert_hostname", "ca_certificate"):
            if self.options.get(name) == "":
                raise BackendConfigError(name, '""', "must not be empty")
        if "/" in target:
            raise BackendConfigError("target", repr(target), "must be a host with or without port")
        return BackendConfig(url=f"{scheme}://{target}", **self.options)


class Backend(Resource):
    """One backend, as the guest holds it.

    Attributes:
        name: Its name.
        config: What it is.
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
        """Open it once more."""
        return type(self)(self.name, self.config)

    def get_name(self) -> str:
        """Return its name."""
        return self.name

    def is_healthy(self) -> BackendHealth:
        """Return its health, as configured."""
        return _HEALTH[self.config.health]

    def is_dynamic(self) -> bool:
        """Tell whether a guest registered it."""
        return self.name in running().dynamic_backends

    def get_host(self, max_len: int) -> str:
        """Return the target's host."""
        return fit(self.config.host, max_len)

    def get_override_host(self, max_len: int) -> bytes | None:
        """Return the Host header it sends whatever the request says."""
        host = self.config.override_host
        return None if host is None else fit(host.encode(), max_len)

    def get_port(self) -> int:
        """Return the target's port."""
        return self.config.port

    def get_connect_timeout_ms(self) -> int:
        """Return the time to connect, 0 for no limit."""
        return self.config.connect_timeout_ms or 0

    def get_first_byte_timeout_ms(self) -> int:
        """Return the time to the response's head, 0 for no limit."""
        return self.config.first_byte_timeout_ms or 0

    def get_between_bytes_timeout_ms(self) -> int:
        """Return the time between parts of the response, 0 for no limit."""
        return self.config.between_bytes_timeout_ms or 0

    def is_tls(self) -> bool:
        """Tell whether it speaks TLS."""
        return self.config.use_tls

    def get_tls_min_version(self) -> int | None:
        """Return the lowest TLS version."""
        return self.config.tls_min_version

    def get_tls_max_version(self) -> int | None:
        """Return the highest TLS version."""
        return self.config.tls_max_version

    def get_http_keepalive_time(self) -> int:
        """Return how long an idle connection is kept, in ms; 0 is the platform's choice."""
        return self.config.http_keepalive_time_ms or 0

    def get_tcp_keepalive_enable(self) -> bool:
        """Tell whether idle connections are probed."""
        return self.config.tcp_keepalive_enable

    def get_tcp_keepalive_interval(self) -> int:
        """Return the seconds between probes, 0 for the platform's choice."""
        return self.config.tcp_keepalive_interval_secs or 0

    def get_tcp_keepalive_probes(self) -> int:
        """Return how many probes end a connection, 0 for the platform's choice."""
        return self.config.tcp_keepalive_probes or 0

    def get_tcp_keepalive_time(self) -> int:
        """Return the seconds before the first probe, 0 for the platform's choice."""
        return self.config.tcp_keepalive_time_secs or 0


def register_dynamic_backend(prefix: str, target: str, options: DynamicBackendOptions) -> Backend:
    """Register a backend under a name that is not taken."""
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
    sandbox.dynamic_backends[prefix] = config
    return Backend(prefix, config)
