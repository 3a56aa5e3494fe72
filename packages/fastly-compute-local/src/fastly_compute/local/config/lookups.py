"""`geolocation` and `device_detection` of `[local_server]`: data by address and user agent."""

import ipaddress
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fastly_compute.local.config.table import Table

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Geolocation:
    """Data about IP addresses.

    Attributes:
        addresses: The fields of a result, such as `city`, by IP address.
        use_default_loopback: Whether a loopback address that is not among the addresses has a
            default result, as on Viceroy: Fastly's office.

    Raises:
        ValueError: An address is invalid, or a field is not text, a finite number or a boolean.

    Example:
        >>> place = Geolocation(addresses={"192.0.2.1": {"city": "Oslo"}})
        >>> place.addresses["192.0.2.1"]["city"]
        'Oslo'
    """

    addresses: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    use_default_loopback: bool = True

    def __post_init__(self) -> None:
        copies: dict[str, Mapping[str, Scalar]] = {}
        for text, fields in self.addresses.items():
            try:
                address = str(ipaddress.ip_address(text))
            except ValueError:
                shown = json.dumps(text)
                raise ValueError(f"geolocation: {shown} must be an IP address") from None
            if address in copies:
                raise ValueError(f"geolocation: duplicate address {address}")
            for key, value in fields.items():
                if not _is_scalar(value):
                    raise ValueError(f"geolocation: {address}: {json.dumps(key)} {_SCALAR_RULE}")
            copies[address] = MappingProxyType(dict(fields))
        object.__setattr__(self, "addresses", MappingProxyType(copies))


_SCALAR_RULE = "must be a string, a finite number or a boolean"


def read_geolocation(table: Table) -> Geolocation:
    """Read the data about addresses."""
    table.only(("use_default_loopback", "format", "file", "addresses"))
    addresses: dict[str, Mapping[str, Scalar]] = {}
    listed = _listed(table, "addresses", ("use_default_loopback",))
    for address, inner in listed.tables() if listed else ():
        addresses[address] = {key: _scalar(inner, key) for key in inner.values}
    return Geolocation(
        addresses=addresses,
        use_default_loopback=table.boolean("use_default_loopback", default=True),
    )


def read_device_detection(table: Table) -> dict[str, Mapping[str, object]]:
    """Read the data about user agents."""
    table.only(("format", "file", "user_agents"))
    listed = _listed(table, "user_agents", ())
    return {agent: _nested(inner) for agent, inner in listed.tables()} if listed else {}


def check_device_detection(agents: Mapping[str, Mapping[str, object]]) -> None:
    """Refuse invalid device data.

    Raises:
        ValueError: A field is not text, a finite number, a boolean or a mapping of these.
    """
    for agent, fields in agents.items():
        if problem := _nested_problem(fields):
            where = f"device_detection: {json.dumps(agent[:40])}"
            raise ValueError(f"{where}: {json.dumps(problem)} {_SCALAR_RULE}, or a table of these")


def _nested_problem(fields: Mapping[str, object]) -> str | None:
    for key, value in fields.items():
        if isinstance(value, Mapping):
            if problem := _nested_problem(value):
                return f"{key}.{problem}"
        elif not _is_scalar(value):
            return key
    return None


def _listed(table: Table, inline: str, also: tuple[str, ...]) -> Table | None:
    """Find the entries: in the table itself, in a JSON file, or nowhere without a format."""
    kind = table.text("format")
    if kind is None:
        if set(table.values) - set(also):
            raise table.error("format", "is missing; must be inline-toml or json")
        return None
    if kind == "json":
        table.only(("format", "file", *also))
        return table.file_object("file")
    if kind == "inline-toml":
        table.only(("format", inline, *also))
        listed = table.table(inline)
        if listed is None:
            raise table.error(inline, "is missing; format inline-toml requires it")
        return listed
    raise table.error("format", "must be inline-toml or json", shown=json.dumps(kind))


def _nested(table: Table) -> dict[str, object]:
    return {
        key: _nested(table.inner(key, value)) if isinstance(value, dict) else _scalar(table, key)
        for key, value in table.values.items()
    }


def _scalar(table: Table, key: str) -> Scalar:
    value = table.values[key]
    if isinstance(value, str | int | float) and _is_scalar(value):
        return value
    raise table.error(key, _SCALAR_RULE)


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int)
