"""`fastly:compute/http-downstream`: data about the client, and further requests.

This host has no TLS towards the client, so everything about TLS is unset, as on Viceroy. The
result of bot detection is read from the same headers as in Viceroy.
"""

from concurrent.futures import Future
from typing import cast

from componentize_py_types import Err
from wit_world.imports.http_downstream import NextRequestOptions
from wit_world.imports.types import (
    Error_GenericError,
    Error_LimitExceeded,
    Error_Unsupported,
    IpAddress,
)

from fastly_compute.local.interfaces.addresses import ip_address
from fastly_compute.local.interfaces.async_io import Pollable, wait_for
from fastly_compute.local.interfaces.bots import ExtraBotCategory as ExtraBotCategory
from fastly_compute.local.interfaces.bots import (
    downstream_bot_analyzed as downstream_bot_analyzed,
)
from fastly_compute.local.interfaces.bots import (
    downstream_bot_category as downstream_bot_category,
)
from fastly_compute.local.interfaces.bots import (
    downstream_bot_category_kind as downstream_bot_category_kind,
)
from fastly_compute.local.interfaces.bots import (
    downstream_bot_detected as downstream_bot_detected,
)
from fastly_compute.local.interfaces.bots import downstream_bot_name as downstream_bot_name
from fastly_compute.local.interfaces.bots import (
    downstream_bot_verified as downstream_bot_verified,
)
from fastly_compute.local.interfaces.buffers import fit, fit_items
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.runtime.exchange import Exchange
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import Trap


class PendingRequest(Pollable):
    """A promised further request."""

    def __init__(self, promised: "Future[Exchange | None]") -> None:
        self.promised = promised

    def waiting(self) -> "Future[object]":
        """Return the future to wait for."""
        return cast("Future[object]", self.promised)

    def dropped(self) -> None:
        """Return the promise to the host."""
        running().next_requests.give_back(self.promised)


def next_request(options: NextRequestOptions) -> PendingRequest:
    """Ask for a further request to serve in this sandbox."""
    sandbox = running()
    if sandbox.next_requests.promised:
        raise Err(Error_LimitExceeded())
    return PendingRequest(sandbox.next_requests.ask(sandbox.host.reuse, options.timeout_ms))


def await_request(pending: PendingRequest) -> tuple[Request, Body] | None:
    """Wait for the further request; None means that the guest should end."""
    if not isinstance(pending, PendingRequest):
        raise Trap("http-downstream.await-request was given something other than a pending request")
    sandbox = running()
    pending.take("was already awaited")
    if not sandbox.exchange.started:
        raise Err(Error_Unsupported())
    # The wait does not count towards the guest's time limit.
    sandbox.stop_time()
    sandbox.show()
    sandbox.exchange.leave()
    wait_for([pending.waiting()], None)
    sandbox.next_requests.started()
    exchange = pending.promised.result()
    if exchange is None:
        sandbox.begin_time()
        return None
    sandbox.begin(exchange)
    return client_request(exchange)


def client_request(exchange: Exchange) -> tuple[Request, Body]:
    """Make the guest's view of a client's request."""
    incoming = exchange.incoming
    return Request.of(exchange), Body(incoming.body, content_length=incoming.content_length)


def _of(ds_request: Request) -> Exchange:
    if ds_request.exchange is None:
        raise Err(Error_GenericError())
    return ds_request.exchange


def downstream_original_header_names(
    ds_request: Request, max_len: int, cursor: int
) -> tuple[str, int | None]:
    """List the names of the header fields as the client spelled them."""
    names = [name.encode() for name, _ in _of(ds_request).incoming.headers]
    part, following = fit_items(names, max_len, cursor)
    return part.decode(), following


def downstream_original_header_count(ds_request: Request) -> int:
    """Return the number of header fields that the client sent."""
    return len(_of(ds_request).incoming.headers)


def downstream_client_ip_addr(ds_request: Request) -> IpAddress | None:
    """Return the client's address."""
    client = None if ds_request.exchange is None else ds_request.exchange.incoming.client
    return None if client is None else ip_address(client[0])


def downstream_server_ip_addr(ds_request: Request) -> IpAddress | None:
    """Return the server's address that the client connected to."""
    server = None if ds_request.exchange is None else ds_request.exchange.incoming.server
    return None if server is None else ip_address(server[0])


def downstream_client_request_id(ds_request: Request, max_len: int) -> str:
    """Return the request's identifier."""
    return fit(_of(ds_request).id, max_len)


def downstream_client_ddos_detected(ds_request: Request) -> bool:
    """Return whether the request is part of a DDoS attack; here always False."""
    _of(ds_request)
    return False


def fastly_key_is_valid(ds_request: Request) -> bool:
    """Return whether the request's Fastly-Key is valid according to the configuration."""
    _of(ds_request)
    keys = running().host.config.fake_valid_fastly_keys
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
    """Return None: there is no TLS and no fingerprint."""
    _of(ds_request)


def downstream_tls_client_cert_verify_result(ds_request: Request) -> None:
    """Return None: there is no TLS and no verification result."""
    _of(ds_request)


def _no_fingerprint(ds_request: Request, max_len: int) -> str:
    raise Err(Error_GenericError())


downstream_client_h2_fingerprint = _no_fingerprint
downstream_client_oh_fingerprint = _no_fingerprint


def _not_known(ds_request: Request) -> None:
    _of(ds_request)


downstream_resvpnproxy_is_anonymous = _not_known
downstream_resvpnproxy_is_anonymous_vpn = _not_known
downstream_resvpnproxy_is_hosting_provider = _not_known
downstream_resvpnproxy_is_proxy_over_vpn = _not_known
downstream_resvpnproxy_is_public_proxy = _not_known
downstream_resvpnproxy_is_relay_proxy = _not_known
downstream_resvpnproxy_is_residential_proxy = _not_known
downstream_resvpnproxy_is_smart_dns_proxy = _not_known
downstream_resvpnproxy_is_tor_exit_node = _not_known
downstream_resvpnproxy_is_vpn_datacenter = _not_known
downstream_resvpnproxy_vpn_service_name = _none
