"""`[local_server.backends.NAME]`: read a table of the file as a `BackendConfig`."""

import ipaddress

from fastly_compute.local.config.backend import BackendConfig, Health
from fastly_compute.local.config.backend_error import BackendConfigError
from fastly_compute.local.config.pem import certificate_problem
from fastly_compute.local.config.table import Table

_KEYS = (
    "url",
    "override_host",
    "cert_host",
    "use_sni",
    "ca_certificate",
    "client_certificate",
    "grpc",
    "first_byte_timeout_ms",
    "between_bytes_timeout_ms",
    "health",
)
_KEY_OF_FIELD = {
    "cert_hostname": "cert_host",
    "sni_hostname": "cert_host",
    "client_key": "client_certificate",
}


def read_backend(table: Table) -> BackendConfig:
    """Read one backend.

    The certificate's name is checked against `cert_host`, or else the URL's host, and the same
    name is sent in the handshake unless `use_sni` is false. Without timeouts in the table, only the
    platform's connect timeout of one second applies, as in Viceroy; a timeout of 0 means no
    timeout, whereas Viceroy fails immediately.
    """
    table.only(_KEYS)
    url = table.required_text("url")
    cert_host = table.text("cert_host")
    use_sni = table.boolean("use_sni", default=True)
    client = table.table("client_certificate")
    certificate, key = _client_certificate(client) if client else (None, None)
    try:
        target = BackendConfig(url=url)
        if cert_host is None and target.use_tls:
            cert_host = target.host
        return BackendConfig(
            url=url,
            override_host=table.text("override_host"),
            health=_health(table),
            grpc=table.boolean("grpc", default=False),
            first_byte_timeout_ms=table.integer("first_byte_timeout_ms"),
            between_bytes_timeout_ms=table.integer("between_bytes_timeout_ms"),
            cert_hostname=cert_host,
            sni_hostname=cert_host if use_sni and not _is_ip(cert_host) else None,
            ca_certificate=_ca_certificate(table),
            client_certificate=certificate,
            client_key=key,
        )
    except BackendConfigError as err:
        key_name = _KEY_OF_FIELD.get(err.field, err.field)
        raise table.error(key_name, err.rule, shown=err.shown) from err


def _health(table: Table) -> Health:
    text = table.text("health")
    if text is None:
        return Health.UNKNOWN
    try:
        return Health(text.lower())
    except ValueError:
        known = ", ".join(health.value for health in Health)
        raise table.error("health", f"must be one of {known}", shown=repr(text)) from None


def _ca_certificate(table: Table) -> str | None:
    value = table.values.get("ca_certificate")
    if value is None:
        return None
    pieces = value if isinstance(value, list) else [value]
    if not pieces:
        raise table.error("ca_certificate", "must name at least one certificate")
    return "\n".join(_ca_piece(table, piece) for piece in pieces)


def _ca_piece(table: Table, piece: object) -> str:
    if isinstance(piece, str):
        pem = piece
    else:
        inner = table.inner("ca_certificate", piece)
        inner.only(("file", "value"))
        in_file = inner.one_of("file", "value") == "file"
        pem = inner.file_text("file") if in_file else inner.required_text("value")
    if problem := certificate_problem(pem):
        raise table.error("ca_certificate", problem)
    return pem


def _client_certificate(table: Table) -> tuple[str, bytes]:
    table.only(("certificate", "certificate_file", "key", "key_file"))
    if table.one_of("certificate", "certificate_file") == "certificate":
        certificate = table.required_text("certificate")
    else:
        certificate = table.file_text("certificate_file")
    if table.one_of("key", "key_file") == "key":
        key = table.required_text("key").encode()
    else:
        key = table.file("key_file")
    return certificate, key


def _is_ip(name: str | None) -> bool:
    try:
        ipaddress.ip_address(name or "")
    except ValueError:
        return False
    return True
