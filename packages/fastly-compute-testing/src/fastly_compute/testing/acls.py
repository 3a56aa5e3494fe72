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
    """Make the entries of lists.

    Raises:
        ValueError: A prefix or an action is invalid, or a list has one prefix in two spellings.
    """
    return {name: _entries(name, items) for name, items in acls.items()}


def _entries(name: str, items: Mapping[str, str]) -> list[AclEntry]:
    entries: dict[object, AclEntry] = {}
    for prefix, action in items.items():
        entry = AclEntry(prefix=prefix, action=cast("Action", action))
        other = entries.setdefault(entry.network, entry)
        if other is not entry:
            raise ValueError(
                f"{name}: {other.prefix} and {prefix} are the same prefix; give one of them"
            )
    return list(entries.values())
