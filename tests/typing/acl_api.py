"""ACLs as a type checker sees them: checked against the installed wheels, never run."""

from ipaddress import ip_address
from typing import assert_type

from fastly_compute.acl import Acl, Action, Match


def look_up() -> None:
    with Acl.open("visitors") as acl:
        assert_type(acl, Acl)
        assert_type(acl.lookup("192.0.2.1"), Match | None)
        found = acl.lookup(ip_address("::1"))
        acl.lookup(1)  # type: ignore[arg-type]
    if found is not None:
        assert_type(found.action, Action)
        assert_type(found.prefix, str)
    Acl()
    Acl.open(b"visitors")  # type: ignore[arg-type]
