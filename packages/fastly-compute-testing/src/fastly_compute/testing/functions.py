"""The functions of the WIT: their names, what they take and what they can fail with.

All of it is read from the generated bindings, whose docstrings say what a function raises.
"""

import ast
import dataclasses
import enum
import functools
import importlib
import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType

from fastly_compute.local.runtime import world  # first: it brings wit_world

# isort: split
from wit_world.imports import http_req, types

from fastly_compute.local.interfaces.send_errors import SEND_ERROR_DETAILS, send_error
from fastly_compute.local.transport import SendFailure

_RAISES = re.compile(r"componentize_py_types\.Err\((wit_world\.imports\.\w+)\.(\w+)\)")
_CONTEXT = ("__enter__", "__exit__")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of an interface.

    Attributes:
        name: What the WIT calls it, with its interface: ``http-req.request.get-uri``.
        label: What the host calls it: ``http-req.Request.get_uri``.
        parameters: The names of its parameters in Python, ``self`` or ``cls`` included.
        errors: What it can fail with, as the bindings have it, by the WIT's name; none where it
            cannot fail.
    """

    name: str
    label: str
    parameters: tuple[str, ...]
    errors: Mapping[str, object] = field(repr=False)


def find(interface: str, name: str) -> Function:
    """Find a function by the names that the WIT has for it.

    Args:
        interface: Such as ``http-req``.
        name: Such as ``send``, or ``request.get-uri`` for what belongs to a resource.

    Raises:
        ValueError: There is no such interface or function; the message lists those there are.
    """
    known = _interfaces()
    if interface not in known:
        raise ValueError(f"interface = {interface!r}: must be one of {', '.join(known)}")
    found = {function.name: function for function in _functions(interface).values()}
    if f"{interface}.{name}" not in found:
        names = ", ".join(full.removeprefix(f"{interface}.") for full in found)
        raise ValueError(f"function = {name!r}: {interface} has {names}")
    return found[f"{interface}.{name}"]


def labelled(label: str) -> Function:
    """Find a function by what the host calls it."""
    return _functions(label.partition(".")[0])[label]


def _interfaces() -> list[str]:
    return sorted(name.replace("_", "-") for name in (*world.IMPLEMENTED, *world.UNSUPPORTED))


@functools.cache
def _functions(interface: str) -> Mapping[str, Function]:
    module = importlib.import_module(f"wit_world.imports.{interface.replace('-', '_')}")
    return MappingProxyType({function.label: function for function in _declared(interface, module)})


def _declared(interface: str, module: ModuleType) -> Iterator[Function]:
    # From the source: in the module itself, the host's functions are in their places.
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef):
            yield _function(interface, (), node)
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name not in _CONTEXT:
                    yield _function(interface, (node.name,), method)


def _function(interface: str, owner: tuple[str, ...], node: ast.FunctionDef) -> Function:
    raises = _RAISES.search(ast.get_docstring(node) or "")
    resource = [_kebab(name) for name in owner]
    name = "constructor" if node.name == "__init__" else node.name.rstrip("_").replace("_", "-")
    return Function(
        name=".".join((interface, *resource, name)),
        label=".".join((interface, *owner, node.name)),
        parameters=tuple(parameter.arg for parameter in node.args.args),
        errors=_errors(raises[1], raises[2]) if raises else MappingProxyType({}),
    )


@functools.cache
def _errors(module: str, name: str) -> Mapping[str, object]:
    kind = getattr(importlib.import_module(module), name)
    return MappingProxyType(_with_details() if kind is http_req.ErrorWithDetail else _cases(kind))


def _cases(kind: typing.Any) -> dict[str, object]:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {member.name.lower().replace("_", "-"): member for member in kind}
    cases: dict[str, object] = {}
    for variant in typing.get_args(kind):
        payload = [attribute.type for attribute in dataclasses.fields(variant)]
        name = _kebab(variant.__name__.partition("_")[2])
        if not payload:
            cases[name] = variant()
        elif payload == [int]:
            # The size that is needed: 0 is a host that does not know it.
            cases[name] = variant(0)
        elif payload == [types.Error]:
            cases |= {name: variant(value) for name, value in _cases(types.Error).items()}
        # What remains is `extra`, which only a host that is newer than this WIT has.
    return cases


def _with_details() -> dict[str, object]:
    errors: dict[str, object] = {
        name: http_req.ErrorWithDetail(None, value)  # type: ignore[arg-type]
        for name, value in _cases(types.Error).items()
    }
    for detail in sorted(SEND_ERROR_DETAILS):
        errors[detail] = send_error(SendFailure(detail, "as the test wants it")).value
    return errors


def _kebab(name: str) -> str:
    return _CAPITAL.sub("-", name).lower()


def every_error() -> set[str]:
    """Name every error that some function can fail with."""
    return {
        error
        for interface in _interfaces()
        for function in _functions(interface).values()
        for error in function.errors
    }
