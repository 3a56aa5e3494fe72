"""`fastly:compute/acl`: access control lists of IP addresses."""

import json
from collections.abc import Sequence
from typing import Self

from componentize_py_types import Err
from wit_world.imports.types import IpAddress, OpenError

from fastly_compute.local.config import AclEntry
from fastly_compute.local.interfaces.addresses import plain_address
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running


class Acl(Resource):
    """One access control list."""

    def __init__(self, entries: Sequence[AclEntry]) -> None:
        self._entries = entries

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a list from the configuration."""
        entries = running().host.config.acls.get(name)
        if entries is None:
            raise Err(OpenError.NOT_FOUND)
        return cls(entries)

    def lookup(self, ip_addr: IpAddress) -> Body | None:
        """Return the entry with the longest prefix that matches the address, as JSON."""
        address = plain_address(ip_addr)
        found: AclEntry | None = None
        for entry in self._entries:
            longer = found is None or entry.network.prefixlen >= found.network.prefixlen
            if longer and address in entry.network:
                found = entry
        if found is None:
            return None
        answer = {"prefix": str(found.network), "action": found.action}
        return Body(json.dumps(answer, indent=2).encode())
