"""The directive ``readme``: the README of a package, with links that lead to pages of the site."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

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


class Readme(SphinxDirective):
    """Shows the README of a package; links to what is not on the site become plain names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the README's nodes."""
        path = ROOT / "packages" / self.arguments[0] / "README.md"
        self.env.note_dependency(str(path))
        text = LINK.sub(_link, path.read_text(encoding="utf-8"))
        body = text.partition("\n")[2]
        return self.parse_text_to_nodes(body, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("readme", Readme)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
