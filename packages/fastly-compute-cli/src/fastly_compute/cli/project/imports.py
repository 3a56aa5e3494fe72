"""The imports of a module, as its text has them."""

import ast
import warnings
from collections.abc import Iterator


def parse(source: bytes) -> ast.Module:
    """Parse a module, without warnings about it.

    Raises:
        SyntaxError: It is not a module of this Python.
        ValueError: It has bytes that no module has.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return ast.parse(source)


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """List what the import statements name, with the lines; relative imports are left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((alias.lineno, f"{node.module}.{alias.name}") for alias in node.names)
