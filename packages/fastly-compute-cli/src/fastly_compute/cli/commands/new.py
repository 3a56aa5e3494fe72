"""Makes the folder of a new app."""

import re
from pathlib import Path
from string import Template

from fastly_compute.cli.errors import CliError

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}[a-z0-9]")
_FILES = {
    "README.md": "README.md",
    "fastly.toml": "fastly.toml",
    "gitignore": ".gitignore",
    "main.py": "main.py",
    "pyproject.toml": "pyproject.toml",
    "test_main.py": "tests/test_main.py",
}


def create(name: str, parent: Path) -> Path:
    """Make a new app that can be served, tested and built at once.

    Args:
        name: The app's name: lower-case letters, digits and hyphens.
        parent: Where its folder goes.

    Returns:
        The app's folder.

    Raises:
        CliError: The name is not one that an app can have, or the folder is there already.
    """
    if not _NAME.fullmatch(name):
        raise CliError(
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
        raise CliError(f"cannot make {folder}: {error.strerror}") from error
    for template, target in _FILES.items():
        text = (_TEMPLATES / f"{template}.template").read_text(encoding="utf-8")
        path = folder / target
        path.parent.mkdir(exist_ok=True)
        path.write_text(Template(text).substitute(name=name), encoding="utf-8")
    return folder
