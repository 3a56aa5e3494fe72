"""The functions of the WIT: their names, what they take and what they can fail with.

All of it comes from the table that is generated from the WIT, and from the bindings' types.
"""

import dataclasses
import enum
import functools
import importlib
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fastly_compute.local.extending import (
    SEND_ERROR_DETAILS,
    WIT_FUNCTIONS,
    SendFailure,
    send_error,
)

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
        ValueError: The interface or function is unknown; the message lists the known ones.
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
    return sorted({label.partition(".")[0] for label in WIT_FUNCTIONS})


@functools.cache
def _functions(interface: str) -> Mapping[str, Function]:
    return MappingProxyType(
        {
            label: _function(label, *declared)
            for label, declared in WIT_FUNCTIONS.items()
            if label.startswith(f"{interface}.")
        }
    )


def _function(label: str, parameters: tuple[str, ...], error: str | None) -> Function:
    interface, *owner, declared = label.split(".")
    resource = [_kebab(name) for name in owner]
    name = "constructor" if declared == "__init__" else declared.rstrip("_").replace("_", "-")
    return Function(
        name=".".join((interface, *resource, name)),
        label=label,
        parameters=parameters,
        errors=MappingProxyType({}) if error is None else _errors(*error.split(".")),
    )


@functools.cache
def _errors(module: str, name: str) -> Mapping[str, object]:
    kind = _type(module, name)
    detailed = (module, name) == ("http_req", "ErrorWithDetail")
    return MappingProxyType(_with_details(kind) if detailed else _cases(kind))


def _type(module: str, name: str) -> typing.Any:
    return getattr(importlib.import_module(f"wit_world.imports.{module}"), name)


def _cases(kind: typing.Any) -> dict[str, object]:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {member.name.lower().replace("_", "-"): member for member in kind}
    any_error = _type("types", "Error")
    cases: dict[str, object] = {}
    for variant in typing.get_args(kind):
        payload = [attribute.type for attribute in dataclasses.fields(variant)]
        name = _kebab(variant.__name__.partition("_")[2])
        if not payload:
            cases[name] = variant()
        elif payload == [int]:
            # The size that is needed: 0 is a host that does not know it.
            cases[name] = variant(0)
        elif payload == [any_error]:
            cases |= {name: variant(value) for name, value in _cases(any_error).items()}
        # What remains is `extra`, which only a host that is newer than this WIT has.
    return cases


def _with_details(kind: typing.Any) -> dict[str, object]:
    errors: dict[str, object] = {
        name: kind(None, value) for name, value in _cases(_type("types", "Error")).items()
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
