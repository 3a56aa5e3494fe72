"""The values that the platform's database has for connections, continents and proxies."""

from fastly_compute.core import OpenEnum


class ConnSpeed(OpenEnum):
    """The speed of a connection, which implies its latency and throughput.

    Example:
        >>> from fastly_compute.geo import ConnSpeed
        >>> ConnSpeed("ultrabb")
        <ConnSpeed.ULTRA_BROADBAND: 'ultrabb'>
        >>> ConnSpeed("warp").is_known
        False
    """

    BROADBAND = "broadband"
    CABLE = "cable"
    DIALUP = "dialup"
    MOBILE = "mobile"
    OC12 = "oc12"
    OC3 = "oc3"
    SATELLITE = "satellite"
    T1 = "t1"
    T3 = "t3"
    ULTRA_BROADBAND = "ultrabb"
    WIRELESS = "wireless"
    XDSL = "xdsl"


class ConnType(OpenEnum):
    """The type of a connection.

    Example:
        >>> from fastly_compute.geo import ConnType
        >>> ConnType("wifi") is ConnType.WIFI
        True
    """

    DIALUP = "dialup"
    MOBILE = "mobile"
    SATELLITE = "satellite"
    WIFI = "wifi"
    WIRED = "wired"


class Continent(OpenEnum):
    """A continent, by its two-letter code.

    Example:
        >>> from fastly_compute.geo import Continent
        >>> Continent("OC").name
        'OCEANIA'
    """

    AFRICA = "AF"
    ANTARCTICA = "AN"
    ASIA = "AS"
    EUROPE = "EU"
    NORTH_AMERICA = "NA"
    OCEANIA = "OC"
    SOUTH_AMERICA = "SA"


class ProxyDescription(OpenEnum):
    """What kind of service a known proxy or VPN is.

    Example:
        >>> from fastly_compute.geo import ProxyDescription
        >>> ProxyDescription("tor-exit") is ProxyDescription.TOR_EXIT
        True
    """

    CLOUD = "cloud"
    CLOUD_SECURITY = "cloud-security"
    DNS = "dns"
    TOR_EXIT = "tor-exit"
    TOR_RELAY = "tor-relay"
    VPN = "vpn"
    WEB_BROWSER = "web-browser"


class ProxyType(OpenEnum):
    """Who runs a known proxy or VPN, and for whom.

    Example:
        >>> from fastly_compute.geo import ProxyType
        >>> ProxyType("edu") is ProxyType.EDU
        True
    """

    ANONYMOUS = "anonymous"
    AOL = "aol"
    BLACKBERRY = "blackberry"
    CORPORATE = "corporate"
    EDU = "edu"
    HOSTING = "hosting"
    PUBLIC = "public"
    TRANSPARENT = "transparent"
