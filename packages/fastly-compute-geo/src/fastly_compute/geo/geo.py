"""The location and network of an IP address."""

from dataclasses import dataclass
from datetime import timedelta

from fastly_compute.core.addresses import Address, parse_address
from fastly_compute.geo import _wit
from fastly_compute.geo.enums import ConnSpeed, ConnType, Continent, ProxyDescription, ProxyType
from fastly_compute.geo.errors import InvalidAddress
from fastly_compute.geo.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Geo:
    """Where an IP address is, and how it is connected.

    The data is an estimate. Each field is None if the platform's database has no value for the
    address; the placeholders that it writes in that case (``?``, 999.9, 9999) are never shown. An
    enum keeps a value that it does not list (`OpenEnum`).

    Attributes:
        as_name: The organization that `as_number` belongs to, such as ``fastly``.
        as_number: The number of the autonomous system.
        area_code: The telephone area code, in the United States and Canada.
        city: The city or town.
        conn_speed: The connection's speed.
        conn_type: The connection's type.
        continent: The continent.
        country_code: The country's two-letter code (ISO 3166-1 alpha-2).
        country_code3: The country's three-letter code (ISO 3166-1 alpha-3).
        country_name: The country's English short name (ISO 3166-1).
        gmt_offset: The difference from Greenwich Mean Time in the city.
        latitude: Degrees from the equator, -90 to 90, north is positive (WGS 84).
        longitude: Degrees from the reference meridian, -180 to 180, east is positive (WGS 84).
        metro_code: The designated market area, in the United States.
        postal_code: The postal code; in some countries only its first characters.
        proxy_description: What kind of proxy or VPN it is; None if it is not known to be one.
        proxy_type: Who runs the proxy or VPN; None if it is not known to be one.
        region: The country's subdivision, such as ``CA`` (the second part of ISO 3166-2).
        utc_offset: The difference from UTC in the city.

    Example:
        >>> from datetime import datetime, timezone
        >>> from fastly_compute.geo import Geo
        >>> def local_time(geo: Geo) -> datetime:
        ...     offset = geo.utc_offset
        ...     return datetime.now(timezone.utc if offset is None else timezone(offset))
    """

    as_name: str | None = None
    as_number: int | None = None
    area_code: int | None = None
    city: str | None = None
    conn_speed: ConnSpeed | None = None
    conn_type: ConnType | None = None
    continent: Continent | None = None
    country_code: str | None = None
    country_code3: str | None = None
    country_name: str | None = None
    gmt_offset: timedelta | None = None
    latitude: float | None = None
    longitude: float | None = None
    metro_code: int | None = None
    postal_code: str | None = None
    proxy_description: ProxyDescription | None = None
    proxy_type: ProxyType | None = None
    region: str | None = None
    utc_offset: timedelta | None = None


def lookup(address: Address) -> Geo | None:
    """Look up where an IP address is (``geo.lookup``).

    Args:
        address: The address: text such as ``192.0.2.1`` or ``2001:db8::1``, or an object of
            `ipaddress`. An IPv4 address in IPv6 form (``::ffff:192.0.2.1``) is looked up as IPv4.

    Returns:
        The facts, or None if nothing is known, as for private and reserved addresses.

    Raises:
        TypeError: The address is neither a ``str`` nor an address object.
        InvalidAddress: It is not an IP address.
        InvalidGeoData: The host's answer cannot be read.
        GeoUnsupported: This host or service has no geographic data.
        GeoLookupFailed: The host refused for another reason.
        HostUnavailable: No host is available.

    Example:
        >>> from fastly_compute import geo
        >>> from fastly_compute.local import Host
        >>> with Host() as host, host.guest_context():
        ...     geo.lookup("127.0.0.1").city
        'San Francisco'
    """
    try:
        parsed = parse_address(address)
    except ValueError as error:
        raise InvalidAddress(str(error)) from None
    answer = _wit.lookup(parsed)
    if not answer:
        return None
    fields = Fields.from_json(answer)
    return Geo(
        as_name=fields.text("as_name"),
        as_number=fields.number("as_number"),
        area_code=fields.number("area_code"),
        city=fields.text("city"),
        conn_speed=fields.member("conn_speed", ConnSpeed),
        conn_type=fields.member("conn_type", ConnType),
        continent=fields.member("continent", Continent),
        country_code=fields.text("country_code"),
        country_code3=fields.text("country_code3"),
        country_name=fields.text("country_name"),
        gmt_offset=fields.offset("gmt_offset"),
        latitude=fields.degrees("latitude", 90),
        longitude=fields.degrees("longitude", 180),
        metro_code=fields.number("metro_code"),
        postal_code=fields.text("postal_code"),
        proxy_description=fields.member("proxy_description", ProxyDescription),
        proxy_type=fields.member("proxy_type", ProxyType),
        region=fields.text("region"),
        utc_offset=fields.offset("utc_offset"),
    )
