"""The directive ``comparison``: a page of the comparison from its file in docs/comparison."""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = Path(__file__).parent.parent / "comparison"
VERSIONS = FOLDER / "versions" / "versions.toml"
SDKS = ("python", "rust", "go", "javascript")
LEXERS = {"javascript": "typescript"}
COLUMNS = ("name", "type", "unit", "default", "check", "error")
NOTHING = "\u2013"
# The order of the pages, and of the overview.
CAPABILITIES = (
    "handler",
    "sending",
    "concurrent",
    "streaming",
    "static-backend",
    "dynamic-backend",
    "introspection",
    "tls",
    "health",
    "defaults",
    "secrets",
    "cache-override",
    "simple-cache",
    "core-cache",
    "reuse",
    "fanout",
    "websocket",
    "testing",
)


def load(capability: str) -> dict[str, Any]:
    """Return what the file of a capability holds."""
    return tomllib.loads((FOLDER / f"{capability}.toml").read_text(encoding="utf-8"))


def versions() -> dict[str, dict[str, str]]:
    """Return the SDKs that are compared."""
    return tomllib.loads(VERSIONS.read_text(encoding="utf-8"))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> list[str]:
    lines = [f"{{.comparison .{kind}}}", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _code(text: str) -> str:
    return f"`{text}`" if text else NOTHING


def _details(sdk: str, options: list[dict[str, Any]]) -> list[str]:
    rows = [
        (option["what"], _code(name), _code(kind), *(cell or NOTHING for cell in rest))
        for option in options
        if sdk in option
        for name, kind, *rest in [option[sdk]]
    ]
    return _table(("option", *COLUMNS), rows, "details")


def page(capability: str) -> str:
    """Return the text of a capability's page, below its title."""
    data, sdks = load(capability), versions()
    options = data["option"]
    lines = [data["task"], "", "::::::{tab-set}", ":sync-group: sdk", ""]
    for sdk in SDKS:
        about = sdks[sdk]
        lexer = LEXERS.get(sdk, sdk)
        lines += [f":::::{{tab-item}} {about['title']}", f":sync: {sdk}", ""]
        lines += [f"```{lexer}", data["snippets"][sdk].rstrip("\n"), "```", ""]
        lines += _details(sdk, options)
        lines += [":::::", ""]
    lines += ["::::::", "", "## What to know", "", data["notes"], "", "## Side by side", ""]
    rows = [
        (option["what"], *(_code(option[sdk][0]) if sdk in option else NOTHING for sdk in SDKS))
        for option in options
    ]
    lines += _table(("option", *(sdks[sdk]["title"] for sdk in SDKS)), rows, "names")
    compared = ", ".join(f"{sdks[sdk]['name']} {sdks[sdk]['version']}" for sdk in SDKS)
    lines += [f"Compared: {compared}. {NOTHING} is: nothing of the kind."]
    return "\n".join(lines)


def overview() -> str:
    """Return the text of the overview: how many of the options each SDK has."""
    sdks = versions()
    rows = []
    for capability in CAPABILITIES:
        data = load(capability)
        options = data["option"]
        counts = [str(sum(sdk in option for option in options)) for sdk in SDKS]
        rows.append((f"[{data['title']}]({capability}.md)", str(len(options)), *counts))
    titles = (f"{sdks[sdk]['title']} {sdks[sdk]['version']}" for sdk in SDKS)
    return "\n".join(_table(("capability", "options", *titles), rows, "overview"))


class Comparison(SphinxDirective):
    """Shows the capability that is named, or without a name the overview of all."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes."""
        self.env.note_dependency(str(VERSIONS))
        for capability in self.arguments or CAPABILITIES:
            self.env.note_dependency(str(FOLDER / f"{capability}.toml"))
        text = page(self.arguments[0]) if self.arguments else overview()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("comparison", Comparison)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
