"""Facts that the platform knows about the client of a request."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTls:
    """The TLS connection of a request. An attribute is None if the host does not know it.

    Attributes:
        protocol: The protocol version, such as ``TLSv1.3``.
        cipher: The OpenSSL name of the cipher suite.
        server_name: The host name that the client requested (SNI).
        client_hello: The ClientHello message (RFC 8446, section 4.1.2).
        ja3: The MD5 of the JA3 fingerprint, in hexadecimal digits.
        ja4: The JA4 fingerprint.
        client_certificate: The client's certificate, in PEM.
        certificate_verdict: The result of verifying it: ``ok``, ``bad-certificate``,
            ``certificate-revoked``, ``certificate-expired``, ``unknown-ca``,
            ``certificate-missing`` or ``certificate-unknown``.

    Example:
        >>> from fastly_compute.http import ClientTls
        >>> def is_trusted(tls: ClientTls) -> bool:
        ...     return tls.certificate_verdict == "ok"
        >>> is_trusted(ClientTls(protocol="TLSv1.3", certificate_verdict="unknown-ca"))
        False
    """

    protocol: str | None = None
    cipher: str | None = None
    server_name: str | None = None
    client_hello: bytes | None = field(default=None, repr=False)
    ja3: str | None = None
    ja4: str | None = None
    client_certificate: bytes | None = field(default=None, repr=False)
    certificate_verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The result of bot detection. An attribute is None if the host does not know it.

    Attributes:
        analyzed: Whether the request was analyzed.
        detected: Whether a bot sent it.
        name: The bot's name.
        category: The bot's category.
        verified: Whether the bot is the one that it claims to be.

    Example:
        >>> from fastly_compute.http import Bot
        >>> def is_welcome(bot: Bot) -> bool:
        ...     return not bot.detected or bot.verified is True
        >>> is_welcome(Bot(analyzed=True, detected=True, name="curl", verified=False))
        False
    """

    analyzed: bool | None = None
    detected: bool | None = None
    name: str | None = None
    category: str | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnProxy:
    """Whether the client uses a VPN or proxy. An attribute is None if the host does not know it.

    Example:
        >>> from fastly_compute.http import VpnProxy
        >>> def is_hidden(client: VpnProxy) -> bool:
        ...     return client.is_anonymous is True or client.is_tor_exit_node is True
        >>> is_hidden(VpnProxy(is_tor_exit_node=True))
        True
    """

    is_anonymous: bool | None = None
    is_anonymous_vpn: bool | None = None
    is_hosting_provider: bool | None = None
    is_proxy_over_vpn: bool | None = None
    is_public_proxy: bool | None = None
    is_relay_proxy: bool | None = None
    is_residential_proxy: bool | None = None
    is_smart_dns_proxy: bool | None = None
    is_tor_exit_node: bool | None = None
    is_vpn_datacenter: bool | None = None
    vpn_service_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """How often the client visited, as the platform counts. Viceroy and the local hosts do not.

    Attributes:
        this_service: Visits to this service; None if the host does not know.
        this_pop: Visits to this point of presence; None if the host does not know.

    Example:
        >>> from fastly_compute.http import Visits
        >>> def is_new(visits: Visits) -> bool:
        ...     return visits.this_service is not None and visits.this_service <= 1
        >>> is_new(Visits(this_service=7, this_pop=9))
        False
    """

    this_service: int | None = None
    this_pop: int | None = None
