"""The blocks ``readme``: the README of a package, with links to the other packages' pages."""

import re
from pathlib import Path
from typing import Any

from embedded import embed
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent.parent
SIBLING = re.compile(r"\]\(https://pypi\.org/project/fastly-compute-([a-z0-9-]+)/\)")


def text_of(package: str) -> tuple[str, list[Path]]:
    """Return the README of a package, without its title."""
    path = ROOT / "packages" / package / "README.md"
    text = SIBLING.sub(r"](/reference/\1.md)", path.read_text(encoding="utf-8"))
    return text.partition("\n")[2], [path]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    embed(app, "readme", text_of)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
