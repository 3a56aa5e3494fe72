"""What the platform knows about the client of a request, as values."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTls:
    """The TLS connection that a request came over. What the host does not know is None.

    Attributes:
        protocol: Such as ``TLSv1.3``.
        cipher: The cipher suite, as OpenSSL names it.
        server_name: The name that the client asked for (SNI).
        client_hello: The ClientHello message (RFC 8446, section 4.1.2).
        ja3: The MD5 of the JA3 fingerprint, in hexadecimal digits.
        ja4: The JA4 fingerprint.
        client_certificate: The client's certificate, as it was sent: PEM.
        certificate_verdict: What checking it found: ``ok``, ``bad-certificate``,
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
    """What bot detection found. What the host does not know is None.

    Attributes:
        analyzed: Whether the request was looked at.
        detected: Whether a bot sent it.
        name: The bot's name.
        category: The bot's category.
        verified: Whether it is the bot that it says it is.

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
    """Whether the client came through a VPN or proxy. What the host does not know is None.

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
