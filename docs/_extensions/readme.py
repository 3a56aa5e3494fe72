"""The blocks ``readme``: the README of a package, with links that lead to pages of the site."""

import re
from pathlib import Path
from typing import Any

from embedded import embed
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent.parent
LINK = re.compile(r"\[([^\]]+)\]\((\.\.?/[^)\s]+)\)")


def _link(match: re.Match[str]) -> str:
    text, target = match.groups()
    package = re.fullmatch(r"\.\./fastly-compute-([a-z-]+)(?:/README\.md)?/?", target)
    if package:
        return f"[{text}](/reference/{package[1]}.md)"
    page = re.fullmatch(r"\.\./\.\./docs/(.+\.md)", target)
    if page:
        return f"[{text}](/{page[1]})"
    return f"`{text.strip('`')}`"


def text_of(package: str) -> tuple[str, list[Path]]:
    """Return the README of a package, without its title."""
    path = ROOT / "packages" / package / "README.md"
    text = LINK.sub(_link, path.read_text(encoding="utf-8"))
    return text.partition("\n")[2], [path]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    embed(app, "readme", text_of)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
