"""Connects the generated bindings to the interfaces, function by function.

Once this is imported, the modules under `wit_world.imports` call this host: guest code in the
same process calls them directly, and the wasm host links a component against them. A function
that no interface implements fails with `unsupported` if the WIT gives it such an error.
"""

import functools
import importlib
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from componentize_py_types import Err
from wit_world.imports.http_req import ErrorWithDetail
from wit_world.imports.types import Error_Unsupported

from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import current
from fastly_compute.local.runtime.trap import DeadlineExceeded, Trap
from fastly_compute.local.wit_functions import FUNCTIONS

IMPLEMENTED = {
    name: importlib.import_module(f"fastly_compute.local.interfaces.{name}")
    for name in (
        "acl",
        "async_io",
        "backend",
        "cache",
        "compute_runtime",
        "config_store",
        "device_detection",
        "dictionary",
        "erl",
        "geo",
        "http_body",
        "http_cache",
        "http_downstream",
        "http_req",
        "http_resp",
        "image_optimizer",
        "kv_store",
        "log",
        "purge",
        "secret_store",
        "security",
        "shielding",
    )
}
"""The interfaces of this host, by their Python names."""

_UNSUPPORTED_ERRORS: dict[str | None, Callable[[], object]] = {
    "types.Error": Error_Unsupported,
    "http_req.ErrorWithDetail": lambda: ErrorWithDetail(None, Error_Unsupported()),
}

Function = Callable[..., Any]


def _no_sandbox(label: str) -> Exception:
    # Callers through fastly_compute.core expect its class; this package must not depend on it.
    errors = sys.modules.get("fastly_compute.core.errors")
    kind: type[Exception] = RuntimeError if errors is None else errors.HostUnavailable
    return kind(
        f"{label} was called while no request is being handled, for example while the app is "
        "imported. Move the call into the handler."
    )


def _guarded(function: Function, label: str) -> Function:
    @functools.wraps(function)
    def call(*args: Any) -> Any:
        sandbox = current()
        if sandbox is None:
            raise _no_sandbox(label)
        if sandbox.overdue:
            raise DeadlineExceeded
        for arg in args:
            if isinstance(arg, Resource):
                arg.check()
            elif isinstance(arg, list):
                for item in arg:
                    if isinstance(item, Resource):
                        item.check()
        return sandbox.call(label, function, args)

    return call


def _unsupported(stub: Function, label: str) -> Function:
    error = _UNSUPPORTED_ERRORS.get(FUNCTIONS[label][1])

    def answer(*_args: Any, **_kwargs: Any) -> Any:
        if error is None:
            raise Trap(f"{label} is not offered by this host")
        raise Err(error())

    answer.__doc__ = stub.__doc__
    return answer


def _member(owner: type, name: str) -> object:
    for cls in owner.__mro__:
        if name in vars(cls):
            return vars(cls)[name]
    return None


def _fill_class(implementation: type, stub: type, label: str) -> None:
    for name, declared in list(vars(stub).items()):
        static = isinstance(declared, classmethod)
        if not static and not isinstance(declared, FunctionType):
            continue
        if name.startswith("__") and name != "__init__":
            continue
        where = f"{label}.{name}"
        function: Function = declared.__func__ if isinstance(declared, classmethod) else declared
        offered = None if implementation is stub else _member(implementation, name)
        if offered is None:
            offered = _unsupported(function, where)
        elif isinstance(offered, classmethod):
            offered = offered.__func__
        guarded = _guarded(offered, where)  # type: ignore[arg-type]
        setattr(implementation, name, classmethod(guarded) if static else guarded)


def _fill(name: str, stub: ModuleType, implementation: ModuleType) -> None:
    label = name.replace("_", "-")
    for attribute, declared in list(vars(stub).items()):
        if getattr(declared, "__module__", None) != stub.__name__:
            continue
        if isinstance(declared, FunctionType):
            offered = getattr(implementation, attribute, None) or _unsupported(
                declared, f"{label}.{attribute}"
            )
            setattr(stub, attribute, _guarded(offered, f"{label}.{attribute}"))
        elif isinstance(declared, type) and "__exit__" in vars(declared):
            offered = getattr(implementation, attribute, declared)
            _fill_class(offered, declared, f"{label}.{attribute}")
            setattr(stub, attribute, offered)


for _name, _implementation in IMPLEMENTED.items():
    _fill(_name, importlib.import_module(f"wit_world.imports.{_name}"), _implementation)
