"""Access control lists."""

from typing import Self

from fastly_compute.acl import _wit
from fastly_compute.acl.errors import InvalidAddress, InvalidName
from fastly_compute.acl.match import Match
from fastly_compute.core import Handle
from fastly_compute.core.addresses import Address, parse_address
from fastly_compute.core.texts import utf8_size

LONGEST = 255
"""The most characters that a list's name has."""


class Acl(Handle["_wit.acl.Acl"]):
    """An access control list that is linked to the service.

    Example:
        >>> from fastly_compute.acl import Acl, Action
        >>> def is_blocked(address: str) -> bool:
        ...     with Acl.open("visitors") as acl:
        ...         match = acl.lookup(address)
        ...     return match is not None and match.action is not Action.ALLOW
    """

    __slots__ = ("_name",)

    _created_by = "Acl.open"

    _name: str

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a list (``acl.open``).

        Args:
            name: Its name, as linked to the service: 1 to 255 characters.

        Returns:
            The list.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidName: The name is empty, too long or not valid Unicode.
            AclNotFound: The list does not exist, or it is not linked to this version.
            AclNameRefused: The host rejects the name.
            AclUnsupported: This host or service has no lists.
            AclCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        try:
            utf8_size(name, field="an ACL's name")
        except ValueError as error:
            raise InvalidName(str(error)) from None
        if not 1 <= len(name) <= LONGEST:
            raise InvalidName(f"an ACL's name has 1 to {LONGEST} characters, not {len(name)}")
        acl = cls._wrap(_wit.open_acl(name))
        acl._name = name
        return acl

    @property
    def name(self) -> str:
        """The list's name."""
        return self._name

    def lookup(self, address: Address) -> Match | None:
        """Look up an IP address (``acl.lookup``).

        Of several entries that match, the one with the longest prefix counts.

        Args:
            address: The address: text such as ``192.0.2.1`` or ``2001:db8::1``, or an object of
                `ipaddress`. An IPv4 address in IPv6 form (``::ffff:192.0.2.1``) is looked up as
                IPv4, so that it cannot bypass an IPv4 entry.

        Returns:
            The entry that matches, or None if none does.

        Raises:
            TypeError: The address is neither a ``str`` nor an address object.
            InvalidAddress: It is not an IP address.
            HandleClosed: The list was closed.
            AclTooManyRequests: There were too many lookups.
            AclCallFailed: The host refused for another reason.
            InvalidMatch: The host's answer cannot be read.
        """
        try:
            parsed = parse_address(address)
        except ValueError as error:
            raise InvalidAddress(str(error)) from None
        answer = _wit.lookup(self._resource, parsed, self._name)
        return None if answer is None else Match._from_json(answer)

    def __repr__(self) -> str:
        return f"<Acl {self._name!r}>"
