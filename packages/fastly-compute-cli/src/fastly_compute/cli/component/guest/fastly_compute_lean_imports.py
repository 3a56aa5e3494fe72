"""Imports the SDK and the bindings without what requests do not use: docstrings and annotations.

They would be a quarter of what these modules take in the image.
"""

from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType, ModuleType
from typing import Any

_loader: Any = SourceFileLoader
_source_to_code, _exec_module = _loader.source_to_code, _loader.exec_module
_BINDINGS = "/world/"
_BUILD = f"{__file__.rpartition('/')[0]}/"
_WITHOUT_DOCSTRINGS = 2  # the level that `python -OO` asks for


def _is_ours(path: str) -> bool:
    return "/fastly_compute/" in path or path.startswith((_BINDINGS, _BUILD))


def compile_module(source: bytes, path: str) -> CodeType:
    """Compile a module.

    Args:
        source: Its text.
        path: Its file.

    Raises:
        SyntaxError: It is not a module of this Python.
        ValueError: It has bytes that no module has.
    """
    level = _WITHOUT_DOCSTRINGS if _is_ours(path) else -1
    return compile(source, path, "exec", dont_inherit=True, optimize=level)


def _compile(self: Any, data: Any, path: str, *rest: Any, **options: Any) -> Any:
    if _is_ours(path):
        return compile_module(data, path)
    return _source_to_code(self, data, path, *rest, **options)


def _functions(owner: Any, module: str) -> Iterator[Any]:
    """List the functions that a module defines, and those of its classes."""
    for value in list(vars(owner).values()):
        if isinstance(value, type):
            if value.__module__ == module:
                yield from _functions(value, module)
            continue
        parts = (value.fget, value.fset) if isinstance(value, property) else (value,)
        for part in parts:
            function = getattr(part, "__func__", part)
            if isinstance(function, FunctionType) and function.__module__ == module:
                yield function


def _run(self: Any, module: ModuleType) -> None:
    _exec_module(self, module)
    if _is_ours(self.path):
        for function in _functions(module, module.__name__):
            function.__annotate__ = None


def install() -> None:
    """Import so from here on."""
    _loader.source_to_code, _loader.exec_module = _compile, _run
