"""Describes a page, where it is shared, by its first paragraph.

The extension ``sphinxext.opengraph`` takes the first characters of what is on the page: the rows of
tables, the labels of buttons and tabs.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import new_document
from sphinxext import opengraph

BEFORE_OPENGRAPH = 400


def first_paragraph(document: nodes.document) -> nodes.document:
    """Return a document that has the text of the first paragraph of another, and only that."""
    short = new_document(document["source"])
    paragraph = next(document.findall(nodes.paragraph), None)
    if paragraph is not None:
        short += nodes.paragraph("", paragraph.astext())
    return short


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], document: nodes.document | None
) -> None:
    """Write the tags of a page, which opengraph then leaves as they are."""
    if document is not None:
        short = first_paragraph(document)
        opengraph.html_page_context(app, page, template, context, short)
        context["meta"] = {**(context["meta"] or {}), "ogp_disable": ""}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    app.setup_extension("sphinxext.opengraph")
    app.connect("html-page-context", describe, priority=BEFORE_OPENGRAPH)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
