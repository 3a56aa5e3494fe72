"""Makes the folder of a new app."""

import re
from pathlib import Path

import click

from fastly_compute.cli.commands.kits import KITS, folder_of
from fastly_compute.cli.errors import CliError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}[a-z0-9]")
_GITIGNORE = "__pycache__/\n.pytest_cache/\n.venv/\n/bin/\n/pkg/\n"


def create(name: str, parent: Path, template: str = "handler") -> Path:
    """Make a new app that can be served, tested and built at once.

    Args:
        name: The app's name: lower-case letters, digits and hyphens.
        parent: Where its folder goes.
        template: The name of the starter kit to copy.

    Returns:
        The app's folder.

    Raises:
        UsageError: An app cannot have this name.
        CliError: The folder exists, or cannot be made.
    """
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"{name!r} cannot be an app's name: 2 to 64 lower-case letters, digits and hyphens, "
            "a letter first and no hyphen last, such as my-app"
        )
    folder = parent / name
    try:
        folder.mkdir()
    except FileExistsError as error:
        raise CliError(
            f"{folder} exists already; choose another name, or remove it first"
        ) from error
    except OSError as error:
        raise CliError(
            f"cannot make {folder}: {error.strerror}; run this in a folder that you may write to"
        ) from error
    kit = KITS[template]
    try:
        for file in kit.files:
            text = (folder_of(kit) / file).read_text(encoding="utf-8")
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(_renamed(file, text, kit.example, name), encoding="utf-8")
        (folder / ".gitignore").write_text(_GITIGNORE, encoding="utf-8")
    except OSError as error:
        raise CliError(
            f"cannot write into {folder}: {error.strerror}; remove the folder and try again"
        ) from error
    return folder


def _renamed(file: str, text: str, old: str, new: str) -> str:
    """Return the text of a kit's file as that of the new app."""
    if file == "README.md":
        return f"# {new}\n" + text.partition("\n")[2]
    if file.endswith(".toml"):
        return text.replace(f'\nname = "{old}"\n', f'\nname = "{new}"\n', 1)
    return text
