"""Puts text where a page has an empty block such as ```` ```{comparison} tls ````.

The blocks look like directives, and are replaced before MyST reads the page: what a directive
returns cannot have sections in it that stand in the right order.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from sphinx.application import Sphinx


def embed(app: Sphinx, name: str, text_of: Callable[[str], tuple[str, Iterable[Path]]]) -> None:
    """Replace the blocks of a name.

    Args:
        app: Sphinx.
        name: What stands in the braces.
        text_of: Returns the text for their content, and the files it is made of.
    """
    block = re.compile(rf"^```\{{{name}\}} ?(\S*)\n```$", re.MULTILINE)

    def read(app: Sphinx, page: str, source: list[str]) -> None:
        def replace(match: re.Match[str]) -> str:
            text, files = text_of(match[1])
            for file in files:
                app.env.note_dependency(str(file))
            return text

        source[0] = block.sub(replace, source[0])

    app.connect("source-read", read)
