"""Converts between wasmtime's values and those of the generated bindings.

Both ways are worked out once per function, when a component is linked: towards Python from the
type hints of the function that will be called, towards wasm from the component's own types.
"""

import dataclasses
import keyword
import types
import typing
from collections.abc import Callable
from enum import Enum, Flag
from typing import Any

from wasmtime.component import (
    BorrowType,
    EnumType,
    FlagsType,
    ListType,
    OptionType,
    OwnType,
    Record,
    RecordType,
    ResultType,
    TupleType,
    ValType,
    Variant,
    VariantType,
)

from fastly_compute.local.resource import Resource

ToWasm = Callable[[Any], Any]
ToPython = Callable[[Any], Any]


def _identity(value: Any) -> Any:
    return value


def snake(name: str) -> str:
    """The Python name of a WIT field or function."""
    python = name.replace("-", "_")
    return python + "_" if keyword.iskeyword(python) else python


def camel(name: str) -> str:
    """The Python name of a WIT type or case."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def _is_tagged(cases: list[ValType | None]) -> bool:
    # wasmtime leaves the tag away where the Python classes of the cases differ.
    seen: set[type] = set()
    for case in cases:
        classes: set[type] = set()
        if case is None:
            classes.add(object)
        else:
            case.add_classes(classes)
        if classes & seen:
            return True
        seen |= classes
    return False


class Lowering:
    """Makes the converters towards wasm.

    Args:
        hand_over: Gives a resource of the host to the guest.
    """

    def __init__(self, hand_over: Callable[[Resource], Any]) -> None:
        self._hand_over = hand_over

    def of(self, ty: ValType) -> ToWasm:
        """The converter for values of one component type."""
        if isinstance(ty, OwnType | BorrowType):
            return self._hand_over
        if isinstance(ty, EnumType):
            return lambda value: value.name.lower().replace("_", "-")
        if isinstance(ty, FlagsType):
            return lambda value: {flag.name.lower().replace("_", "-") for flag in value}
        if isinstance(ty, RecordType):
            return self._record(ty)
        if isinstance(ty, TupleType):
            items = [self.of(item) for item in ty.elements]
            return lambda value: tuple(
                lower(item) for lower, item in zip(items, value, strict=True)
            )
        if isinstance(ty, ListType):
            inner = self.of(ty.element)
            if inner is _identity:
                return _identity
            return lambda value: [inner(item) for item in value]
        if isinstance(ty, OptionType):
            return self._option(ty)
        if isinstance(ty, VariantType):
            return self._variant(ty)
        return _identity

    def result(self, ty: ResultType) -> tuple[ToWasm, ToWasm]:
        """The converters for the two ends of a ``result``."""
        tagged = _is_tagged([ty.ok, ty.err])

        def end(name: str, payload: ValType | None) -> ToWasm:
            lower = _identity if payload is None else self.of(payload)
            if tagged:
                return lambda value: Variant(name, lower(value))
            return lower

        return end("ok", ty.ok), end("err", ty.err)

    def _record(self, ty: RecordType) -> ToWasm:
        fields = [(name, snake(name), self.of(item)) for name, item in ty.fields]

        def lower(value: Any) -> Record:
            record = Record()
            for name, attribute, convert in fields:
                setattr(record, name, convert(getattr(value, attribute)))
            return record

        return lower

    def _option(self, ty: OptionType) -> ToWasm:
        inner = self.of(ty.payload)
        if _is_tagged([None, ty.payload]):
            return lambda value: Variant("none") if value is None else Variant("some", inner(value))
        return lambda value: None if value is None else inner(value)

    def _variant(self, ty: VariantType) -> ToWasm:
        tagged = _is_tagged([payload for _, payload in ty.cases])
        cases = {
            camel(name): (name, None if payload is None else self.of(payload))
            for name, payload in ty.cases
        }

        def lower(value: Any) -> Any:
            case = type(value).__name__.partition("_")[2].rstrip("_")
            name, convert = cases[case]
            payload = None if convert is None else convert(value.value)
            return Variant(name, payload) if tagged else payload

        return lower


def lifting(hint: Any, take: Callable[[Any], Resource]) -> ToPython:
    """Make the converter towards Python for one parameter.

    Args:
        hint: The parameter's type hint.
        take: Finds the host's object behind a resource that the guest passed.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return _lifting_union(arguments, take)
    if origin is list:
        inner = lifting(arguments[0], take)
        return lambda value: [inner(item) for item in value]
    if origin is not None or not isinstance(hint, type):
        return _identity
    if issubclass(hint, Flag):
        return lambda value: _flags(hint, value)
    if issubclass(hint, Enum):
        return lambda value: hint[value.upper().replace("-", "_")]
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        fields = [
            (field.name, field.name.rstrip("_").replace("_", "-"), lifting(hints[field.name], take))
            for field in dataclasses.fields(hint)
        ]
        return lambda value: hint(
            **{python: lift(getattr(value, name)) for python, name, lift in fields}
        )
    if hint in {str, bytes, int, bool, float}:
        return _identity
    return take


def _flags(hint: type[Flag], names: set[str]) -> Flag:
    value = hint(0)
    for name in names:
        value |= hint[name.upper().replace("-", "_")]
    return value


def _lifting_union(arguments: tuple[Any, ...], take: Callable[[Any], Resource]) -> ToPython:
    members = [argument for argument in arguments if argument is not types.NoneType]
    if len(members) < len(arguments) and len(members) == 1:
        inner = lifting(members[0], take)
        return lambda value: None if value is None else inner(value)
    cases = {member.__name__.partition("_")[2].rstrip("_"): member for member in members}
    lifts = {}
    for name, member in cases.items():
        hints = typing.get_type_hints(member)
        lifts[name] = lifting(hints["value"], take) if "value" in hints else None

    def lift(value: Variant) -> Any:
        name = camel(value.tag)
        convert = lifts[name]
        return cases[name]() if convert is None else cases[name](convert(value.payload))

    return lift
