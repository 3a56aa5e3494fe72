"""`acls` of `[local_server]`: IP prefixes and the action for each."""

import ipaddress
import json
from dataclasses import dataclass
from typing import Literal

from fastly_compute.local.config.table import Table

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_ACTIONS = ("ALLOW", "BLOCK")
_OPERATIONS = ("create", "update")


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One prefix of an access control list.

    Attributes:
        prefix: An address, a slash and the length: 1 to 32 bits for IPv4, 1 to 128 for IPv6. Bits
            of the address after the prefix are ignored.
        action: `"ALLOW"` or `"BLOCK"`.

    Raises:
        ValueError: The prefix or the action is invalid.

    Example:
        >>> AclEntry(prefix="192.0.2.1/24", action="BLOCK").network
        IPv4Network('192.0.2.0/24')
    """

    prefix: str
    action: Literal["ALLOW", "BLOCK"]

    def __post_init__(self) -> None:
        shown = json.dumps(self.prefix)
        address, slash, length = self.prefix.partition("/")
        if not (slash and length.isascii() and length.isdigit() and int(length)):
            raise ValueError(f"prefix = {shown}: must be an IP address, a slash and 1 or more bits")
        try:
            ipaddress.ip_network((address, int(length)), strict=False)
        except ValueError as err:
            raise ValueError(f"prefix = {shown}: {err}") from None
        if self.action not in _ACTIONS:
            raise ValueError(f"action = {json.dumps(self.action)}: must be ALLOW or BLOCK")

    @property
    def network(self) -> Network:
        """The prefix as a network."""
        return ipaddress.ip_network(self.prefix, strict=False)


def read_acl(acls: Table, name: str) -> tuple[AclEntry, ...]:
    """Read one list from its JSON file, in the format of the platform's API."""
    if isinstance(acls.values[name], str):
        table, key = acls, name
    else:
        table, key = acls.inner(name, acls.values[name]), "file"
        table.only((key,))
        table.required_text(key)
    listed = table.file_object(key)
    listed.only(("entries",))
    entries = listed.values.get("entries")
    if not isinstance(entries, list):
        raise listed.error("entries", "must be an array")
    return tuple(_entry(listed.inner("entries", entry)) for entry in entries)


def _entry(table: Table) -> AclEntry:
    table.only(("op", "prefix", "action"))
    operation = table.text("op")
    if operation is not None and operation not in _OPERATIONS:
        raise table.error("op", "must be create or update", shown=json.dumps(operation))
    prefix = table.required_text("prefix")
    action = table.required_text("action").upper()
    try:
        return AclEntry(prefix=prefix, action="ALLOW" if action == "ALLOW" else _blocked(action))
    except ValueError as err:
        raise table.error(None, str(err)) from None


def _blocked(action: str) -> Literal["BLOCK"]:
    if action != "BLOCK":
        raise ValueError(f"action = {json.dumps(action)}: must be ALLOW or BLOCK")
    return "BLOCK"
