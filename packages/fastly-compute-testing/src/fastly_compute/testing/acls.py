"""Access control lists as a test writes them: for each prefix, what happens to its addresses."""

from collections.abc import Mapping
from typing import Literal, TypeAlias, cast

from fastly_compute.local import AclEntry, HostConfig

Action: TypeAlias = Literal["ALLOW", "BLOCK"]


def read_acls(config: HostConfig) -> dict[str, dict[str, str]]:
    """Return the action of each prefix, by the names of the lists."""
    return {
        name: {entry.prefix: entry.action for entry in entries}
        for name, entries in config.acls.items()
    }


def make_acls(acls: Mapping[str, Mapping[str, str]]) -> dict[str, list[AclEntry]]:
    """Make the entries of lists. Raises `ValueError` if a prefix or an action is invalid."""
    return {
        name: [
            AclEntry(prefix=prefix, action=cast("Action", action))
            for prefix, action in items.items()
        ]
        for name, items in acls.items()
    }
