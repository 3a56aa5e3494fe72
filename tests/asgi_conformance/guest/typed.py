"""Checks what a server gives to an app against asgiref's definitions of ASGI, `asgiref.typing`."""

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from asgiref.typing import HTTPDisconnectEvent, HTTPRequestEvent, HTTPScope

EVENTS = {"http.request": HTTPRequestEvent, "http.disconnect": HTTPDisconnectEvent}


def check_scope(scope):
    """Raise `TypeError` if the scope of a request differs from asgiref's `HTTPScope`."""
    _check("scope", scope, HTTPScope)


def check_event(event):
    """Raise `TypeError` if an event differs from asgiref's definition of it."""
    _check("event", event, EVENTS[event["type"]])


def _check(name, value, kind):
    if kind is Any or kind is object:
        return
    if is_typeddict(kind):
        _check_keys(name, value, get_type_hints(kind, include_extras=True))
    elif get_origin(kind) is Literal:
        _demand(value in get_args(kind), name, value, kind)
    elif get_origin(kind) in (Union, UnionType):
        _check_one_of(name, value, get_args(kind))
    elif get_origin(kind) is tuple:
        parts = get_args(kind)
        # A list is as good: the specification's word is iterable.
        _demand(isinstance(value, list | tuple) and len(value) == len(parts), name, value, kind)
        for number, (part, one) in enumerate(zip(value, parts, strict=True)):
            _check(f"{name}[{number}]", part, one)
    elif get_origin(kind) is Iterable:
        for number, part in enumerate(value):
            _check(f"{name}[{number}]", part, get_args(kind)[0])
    elif get_origin(kind) is dict:
        _demand(isinstance(value, dict), name, value, kind)
        for key, part in value.items():
            _check(f"a key of {name}", key, get_args(kind)[0])
            _check(f"{name}[{key!r}]", part, get_args(kind)[1])
    else:
        _demand(type(value) is (NoneType if kind is None else kind), name, value, kind)


def _check_keys(name, value, keys):
    _demand(isinstance(value, dict), name, value, dict)
    for key, kind in keys.items():
        optional = get_origin(kind) is NotRequired
        if key in value:
            _check(f"{name}[{key!r}]", value[key], get_args(kind)[0] if optional else kind)
        elif not optional:
            raise TypeError(f"{name} has no {key!r}")


def _check_one_of(name, value, kinds):
    for kind in kinds:
        try:
            _check(name, value, kind)
        except TypeError:
            continue
        return
    _demand(False, name, value, kinds)


def _demand(fine, name, value, kind):
    if not fine:
        raise TypeError(f"{name} is {value!r}, not {kind}")
