"""The directive ``plot``: the next table of the page as a plot, and what it shows in words.

Its colours are those of the page, light or dark. The figures are those of the table, so that both
always say the same.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Any, ClassVar

import pygal
from docutils import nodes
from docutils.parsers.rst import directives
from pygal.style import Style
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="var(--color-foreground-primary)",
    foreground_strong="var(--color-foreground-primary)",
    foreground_subtle="var(--color-foreground-muted)",
    colors=("var(--color-brand-primary)", "#d9822b", "#2f9e6e"),
    guide_stroke_color="var(--color-background-border)",
    major_guide_stroke_color="var(--color-background-border)",
    font_family="inherit",
    label_font_size=13,
    major_label_font_size=13,
    opacity=".85",
    opacity_hover="1",
    transition="none",
)
UNWANTED = re.compile("<!--.*?-->|<script.*?</script>|<title>Pygal</title>", re.DOTALL)
LINE = 28
AROUND = 110


class plot(nodes.Element):  # noqa: N801 - a node's name is that of its element
    """A plot, which is drawn once the whole page is known."""


class Plot(SphinxDirective):
    """A plot of the columns of the next table that are named, with its description as content."""

    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "columns": directives.unchanged_required,
        "unit": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Keep the place."""
        alternative = " ".join(self.content)
        if not alternative:
            raise self.error("a plot needs a text that says what it shows")
        columns = [column.strip() for column in self.options["columns"].split(",")]
        return [plot(alternative=alternative, columns=columns, unit=self.options["unit"])]


def _cells(table: nodes.table) -> list[list[str]]:
    return [
        [entry.astext() for entry in row.findall(nodes.entry)] for row in table.findall(nodes.row)
    ]


def svg(rows: list[list[str]], wanted: list[str], unit: str, alternative: str) -> str:
    """Return bars, one for each row and column, as an element ``svg`` to be a part of a page.

    Args:
        rows: The table, its head first. A row that lacks one of the columns is left out.
        wanted: The heads of the columns.
        unit: The unit of all of them.
        alternative: A description for those who do not see the plot.
    """
    head, *body = rows
    columns = [head.index(name) for name in wanted]
    shown = [row for row in body if all(row[column] for column in columns)]
    chart = pygal.HorizontalBar(
        style=STYLE,
        js=(),
        width=760,
        height=AROUND + LINE * len(shown) * len(columns),
        x_title=unit,
        include_x_axis=True,
        show_legend=len(columns) > 1,
        legend_at_bottom=True,
        disable_xml_declaration=True,
        truncate_label=-1,
        spacing=10,
    )
    # The first bar is drawn at the bottom.
    chart.x_labels = [row[0] for row in reversed(shown)]
    for column in columns:
        chart.add(head[column], [float(row[column].replace(",", "")) for row in reversed(shown)])
    # A comment has the date, the script the settings, and the title is the name of the library.
    drawn = UNWANTED.sub("", chart.render(is_unicode=True))
    drawn = drawn.replace(chart.uuid, f"plot-{'-'.join(wanted)}".replace(" ", "-"))
    attributes = f'role="img" aria-label="{escape(alternative)}" class="plot pygal-chart"'
    return drawn.replace('class="pygal-chart"', attributes, 1)


def draw(app: Sphinx, document: nodes.document) -> None:
    """Draw the plots of a page."""
    for place in list(document.findall(plot)):
        table = place.next_node(nodes.table, descend=False, siblings=True, ascend=True)
        if table is None:
            raise ValueError(f"{document['source']}: a plot has no table after it")
        drawn = svg(_cells(table), place["columns"], place["unit"], place["alternative"])
        place.replace_self(nodes.raw("", drawn, format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    app.add_node(plot)
    app.add_directive("plot", Plot)
    app.connect("doctree-read", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
