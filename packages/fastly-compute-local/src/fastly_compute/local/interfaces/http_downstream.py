"""`fastly:compute/http-downstream`: what is known about the client of a request.

There is no TLS towards the client on this host, so all that comes from it is none, as on Viceroy.
"""

from componentize_py_types import Err
from wit_world.imports.types import Error_GenericError, IpAddress

from fastly_compute.local.interfaces.addresses import ip_address
from fastly_compute.local.interfaces.buffers import fit, fit_items
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.sandbox import Sandbox, running


def _of(ds_request: Request) -> Sandbox:
    if not ds_request.from_client:
        raise Err(Error_GenericError())
    return running()


def downstream_original_header_names(
    ds_request: Request, max_len: int, cursor: int
) -> tuple[str, int | None]:
    """List the names of the header fields as the client wrote them."""
    names = [name.encode() for name, _ in _of(ds_request).incoming.headers]
    part, following = fit_items(names, max_len, cursor)
    return part.decode(), following


def downstream_original_header_count(ds_request: Request) -> int:
    """Count the header fields as the client wrote them."""
    return len(_of(ds_request).incoming.headers)


def downstream_client_ip_addr(ds_request: Request) -> IpAddress | None:
    """Return the client's address."""
    client = running().incoming.client if ds_request.from_client else None
    return None if client is None else ip_address(client[0])


def downstream_server_ip_addr(ds_request: Request) -> IpAddress | None:
    """Return the address that the client reached."""
    server = running().incoming.server if ds_request.from_client else None
    return None if server is None else ip_address(server[0])


def downstream_client_request_id(ds_request: Request, max_len: int) -> str:
    """Return the request's identifier."""
    return fit(_of(ds_request).id, max_len)


def downstream_client_ddos_detected(ds_request: Request) -> bool:
    """Tell whether the request is part of an attack; here none is."""
    _of(ds_request)
    return False


def fastly_key_is_valid(ds_request: Request) -> bool:
    """Tell whether the request's Fastly-Key is one of those that the configuration calls valid."""
    keys = _of(ds_request).host.config.fake_valid_fastly_keys
    value = ds_request.value("fastly-key")
    return value is not None and value.decode("latin-1") in keys


def _none(ds_request: Request, max_len: int) -> None:
    _of(ds_request)


downstream_tls_cipher_openssl_name = _none
downstream_tls_protocol = _none
downstream_tls_client_hello = _none
downstream_tls_raw_client_certificate = _none
downstream_tls_client_servername = _none
downstream_tls_ja4 = _none
downstream_compliance_region = _none


def downstream_tls_ja3_md5(ds_request: Request) -> None:
    """Return no fingerprint: there is no TLS."""
    _of(ds_request)


def downstream_tls_client_cert_verify_result(ds_request: Request) -> None:
    """Return no verdict: there is no TLS."""
    _of(ds_request)
