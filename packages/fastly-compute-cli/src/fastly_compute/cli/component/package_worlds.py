"""Finds packages with their own WIT world, which only componentize-py can bind."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

_CONFIG = "componentize-py.toml"
_State: TypeAlias = tuple[tuple[str, int], ...]


def installed_state(root: Path) -> _State:
    """List the distributions in a root, with the times of their installation."""
    return tuple(
        sorted((record.name, record.stat().st_mtime_ns) for record in root.glob("*.dist-info"))
    )


class PackageWorlds:
    """Searches import roots as componentize-py does: at any depth, whatever the app imports."""

    def __init__(self) -> None:
        self._found: dict[tuple[Path, _State], Path | None] = {}

    def find(self, roots: Iterable[Path], installed: Iterable[Path]) -> Path | None:
        """Find the file that configures such a package; None if there is none.

        Args:
            roots: All import roots.
            installed: Those that only installers write to: they are searched again when something
                was installed.
        """
        searched_once = set(installed)
        for root in roots:
            if root not in searched_once:
                found = _search(root)
            else:
                key = (root, installed_state(root))
                if key not in self._found:
                    self._found[key] = _search(root)
                found = self._found[key]
            if found is not None:
                return found
        return None


def _search(root: Path) -> Path | None:
    for folder, folders, files in os.walk(root):
        if _CONFIG in files:
            return Path(folder, _CONFIG)
        # An environment in the app's folder is a separate root if it counts.
        folders[:] = [name for name in folders if not name.startswith(".")]
    return None
