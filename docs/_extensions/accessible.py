"""Mends what Furo and Sphinx write, where readers of the screen cannot make sense of it."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# The parameters of a long signature are a list of definitions without a term.
PARAMETERS = re.compile(r"<dl>\n((?:<dd>.*</dd>\n)+)</dl>")
NAVIGATION = "furo_navigation_tree"


def _as_list(match: re.Match[str]) -> str:
    items = match[1].replace("<dd>", "<li>").replace("</dd>", "</li>")
    return f'<ul class="parameters">\n{items}</ul>'


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Correct a page's parts before they are put together."""
    if "body" in context:
        context["body"] = PARAMETERS.sub(_as_list, context["body"])
    context[NAVIGATION] = context[NAVIGATION].replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it, after the theme."""
    app.connect("html-page-context", mend, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
