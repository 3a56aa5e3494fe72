"""Access control lists of Fastly Compute: look up what to do with an IP address."""

from fastly_compute.acl.acl import Acl
from fastly_compute.acl.errors import (
    AclCallFailed,
    AclError,
    AclNameRefused,
    AclNotFound,
    AclTooManyRequests,
    AclUnsupported,
    InvalidAddress,
    InvalidMatch,
    InvalidName,
)
from fastly_compute.acl.match import Action, Match

__all__ = [
    "Acl",
    "AclCallFailed",
    "AclError",
    "AclNameRefused",
    "AclNotFound",
    "AclTooManyRequests",
    "AclUnsupported",
    "Action",
    "InvalidAddress",
    "InvalidMatch",
    "InvalidName",
    "Match",
]
