"""Reads what the host knows about a client; each function asks the host once per fact."""

from typing import TYPE_CHECKING, cast

from fastly_compute.core import case_of
from fastly_compute.http import _wit
from fastly_compute.http.client import Bot, ClientTls, Visits, VpnProxy

if TYPE_CHECKING:
    from wit_world.imports.http_req import Request


def text(function: str, request: "Request") -> str | None:
    """Ask for a text, by the name of the function in `http-downstream`."""
    return cast("str | None", _wit.asked(function, request, sized=True))


def flag(function: str, request: "Request") -> bool | None:
    """Ask whether something is so."""
    return cast("bool | None", _wit.asked(function, request))


def tls(request: "Request") -> ClientTls:
    """Read the facts about the TLS connection."""
    ja3 = _data("downstream-tls-ja3-md5", request, sized=False)
    verdict = _wit.asked("downstream-tls-client-cert-verify-result", request)
    return ClientTls(
        protocol=_latin(_data("downstream-tls-protocol", request)),
        cipher=_latin(_data("downstream-tls-cipher-openssl-name", request)),
        server_name=text("downstream-tls-client-servername", request),
        client_hello=_data("downstream-tls-client-hello", request),
        ja3=None if ja3 is None else ja3.hex(),
        ja4=text("downstream-tls-ja4", request),
        client_certificate=_data("downstream-tls-raw-client-certificate", request),
        certificate_verdict=None if verdict is None else case_of(verdict),
    )


def bot(request: "Request") -> Bot:
    """Read the result of bot detection."""
    return Bot(
        analyzed=flag("downstream-bot-analyzed", request),
        detected=flag("downstream-bot-detected", request),
        name=text("downstream-bot-name", request),
        category=text("downstream-bot-category", request),
        verified=flag("downstream-bot-verified", request),
    )


def vpn_proxy(request: "Request") -> VpnProxy:
    """Read the facts about VPNs and proxies."""
    flags = {
        name: flag(f"downstream-resvpnproxy-{name.replace('_', '-')}", request)
        for name in VpnProxy.__slots__
        if name.startswith("is_")
    }
    service = text("downstream-resvpnproxy-vpn-service-name", request)
    return VpnProxy(vpn_service_name=service, **flags)


def visits() -> Visits:
    """Read how often the client visited."""
    return Visits(
        this_service=_wit.visits("downstream-visits-this-service"),
        this_pop=_wit.visits("downstream-visits-this-pop"),
    )


def _data(function: str, request: "Request", *, sized: bool = True) -> bytes | None:
    return cast("bytes | None", _wit.asked(function, request, sized=sized))


def _latin(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
