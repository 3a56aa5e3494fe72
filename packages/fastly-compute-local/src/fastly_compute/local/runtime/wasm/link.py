"""Link a component's imports to the interfaces, based on the component's own types."""

import ctypes
import functools
import inspect
import sys
import traceback
import typing
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from componentize_py_types import Err
from wasmtime import Engine, Module, StoreContext, WasmtimeError
from wasmtime import _ffi as ffi
from wasmtime.component import (
    Component,
    ComponentInstanceType,
    FuncType,
    Linker,
    LinkerInstance,
    ResourceHost,
    ResourceType,
    ResultType,
)

from fastly_compute.local.interfaces.async_io import Pollable
from fastly_compute.local.runtime import world
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import current, running
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.runtime.wasm.lift import converter, read
from fastly_compute.local.runtime.wasm.lower import Write, result_writers, writer
from fastly_compute.local.runtime.wasm.names import camel, snake
from fastly_compute.local.runtime.wasm.separate import CODE
from fastly_compute.local.runtime.wasm.waits import Waits

_PREFIX = "fastly:compute/"
_context: ContextVar[Any] = ContextVar("fastly_compute.local.runtime.wasm.context")
_KEEP = ctypes.CFUNCTYPE(None, ctypes.c_void_p)()
"""No finalizer: `Links` keeps its functions."""


def _resource_classes() -> dict[tuple[str, str], type]:
    found = {}
    for interface in world.IMPLEMENTED:
        module = sys.modules[f"wit_world.imports.{interface}"]
        for name, value in vars(module).items():
            if isinstance(value, type) and hasattr(value, "__exit__"):
                found[interface, name] = value
    return found


class Links:
    """The linker of one component, and the numbers of its resource types.

    Args:
        engine: The engine that compiled the component.
        component: The component.
        code: What it imports as `separate.CODE`, if it does.

    Raises:
        LookupError: The component imports an interface that this host does not know.
    """

    def __init__(self, engine: Engine, component: Component, code: Module | None = None) -> None:
        self._classes = _resource_classes()
        self._types = {cls: n for n, cls in enumerate(dict.fromkeys(self._classes.values()), 1)}
        self._functions: list[Any] = []
        self.linker = Linker(engine)
        self.linker.add_wasip2()
        with self.linker.root() as root:
            if code is not None:
                root.add_module(CODE, code)
            for name, imported in component.type.imports(engine).items():
                ty = imported.ty
                if name.startswith(_PREFIX) and isinstance(ty, ComponentInstanceType):
                    exports = {export: item.ty for export, item in ty.exports(engine).items()}
                    with root.add_instance(name) as instance:
                        self._link(instance, name, exports)

    def _link(self, instance: LinkerInstance, name: str, exports: dict[str, Any]) -> None:
        interface = snake(name.removeprefix(_PREFIX).partition("@")[0])
        for export, item in exports.items():
            if isinstance(item, ResourceType):
                number = self._types[self._class(interface, export)]
                instance.add_resource(export, ResourceType.host(number), _dropped)
            elif isinstance(item, FuncType):
                self._add(instance, export, self._function(interface, export, item))

    def limit_waits(self, engine: Engine) -> None:
        """End a guest's waits for a clock at the time limit of its sandbox."""
        waits = Waits(engine)
        self.linker.allow_shadowing = True
        with self.linker.root() as root, root.add_instance(waits.clock) as clock:
            for function in (waits.subscribe_duration, waits.subscribe_instant):
                call = functools.partial(_subscribed, function)
                self._add(clock, function.__name__.replace("_", "-"), call)
        self.linker.allow_shadowing = False

    def _class(self, interface: str, export: str) -> type:
        if export == "body" or export.startswith("pending-"):
            return Pollable
        own = self._classes.get((interface, camel(export)))
        if own is not None:
            return own
        for (_, name), cls in self._classes.items():
            if name == camel(export):
                return cls
        raise LookupError(f"the component's resource {interface}.{export} is unknown to this host")

    def _callable(self, interface: str, export: str) -> Callable[..., Any]:
        module = sys.modules.get(f"wit_world.imports.{interface}")
        kind, _, name = export.rpartition("]")
        if not kind:
            return typing.cast("Callable[..., Any]", getattr(module, snake(name)))
        resource, _, function = name.partition(".")
        cls = self._class(interface, resource)
        if kind == "[constructor":
            return cls
        return typing.cast("Callable[..., Any]", getattr(cls, snake(function)))

    def _add(self, instance: LinkerInstance, export: str, call: Callable[..., None]) -> None:
        label = export.encode()
        callback = ffi.wasmtime_component_func_callback_t(_trampoline(export, call))
        self._functions.append(callback)
        name = ctypes.create_string_buffer(label)
        error = ffi.wasmtime_component_linker_instance_add_func(
            instance.ptr(), name, len(label), callback, None, _KEEP
        )
        if error:
            raise WasmtimeError._from_ptr(error)

    def _function(self, interface: str, export: str, ty: FuncType) -> Callable[..., None]:
        function = self._callable(interface, export)
        convert = _converters(function, len(ty.params))
        result = ty.result
        write_ok: Write | None = None
        write_err: Write | None = None
        if isinstance(result, ResultType):
            write_ok, write_err = result_writers(result, self._hand_over)
        elif result is not None:
            write_ok = writer(result, self._hand_over)

        def call(arguments: list[Any], target: Any) -> None:
            try:
                value = function(*[to(arg) for to, arg in zip(convert, arguments, strict=True)])
            except Err as err:
                if write_err is None:
                    raise
                write_err(err.value, target)
            else:
                if write_ok is not None:
                    write_ok(value, target)

        return call

    def _hand_over(self, resource: Resource) -> Any:
        owned = ffi.wasmtime_component_resource_any_t
        pointer = ctypes.POINTER(owned)()
        host = self.own(resource)
        error = ffi.wasmtime_component_resource_host_to_any(
            _context.get(), host.ptr(), ctypes.byref(pointer)
        )
        if error:
            raise WasmtimeError._from_ptr(error)
        return pointer

    def own(self, resource: Resource) -> ResourceHost:
        """Give a resource to the guest of the running sandbox."""
        number = next(self._types[cls] for cls in type(resource).__mro__ if cls in self._types)
        return ResourceHost.own(running().handles.add(resource), number)


def _subscribed(
    subscribe: Callable[[Any, int, Any], None], arguments: list[Any], target: Any
) -> None:
    (when,) = arguments
    subscribe(_context.get(), when, target)


def _converters(function: Callable[..., Any], count: int) -> list[Callable[[Any], Any]]:
    hints = {} if isinstance(function, type) else typing.get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    if len(names) != count:
        # A function that fails with `unsupported` accepts anything.
        return [converter(object)] * count
    return [converter(hints.get(name, object)) for name in names]


def _trampoline(export: str, call: Callable[[list[Any], Any], None]) -> Callable[..., int]:
    def called(
        _data: Any, context: Any, _ty: Any, args: Any, count: int, results: Any, _results: int
    ) -> int:
        token = _context.set(context)
        try:
            arguments = [read(args[i], _taken) for i in range(count)]
            call(arguments, results[0] if _results else None)
        except Trap as trap:
            return _error(str(trap))
        except Exception as error:
            for line in traceback.format_exc().splitlines():
                running().host.log(line)
            return _error(f"the host failed in {export}: {error!r}")
        except BaseException as interrupt:
            # It cannot pass through wasmtime: it is raised again on the other side.
            running().interrupt(interrupt)
            return _error("the host was interrupted")
        finally:
            _context.reset(token)
        return 0

    return called


def _error(text: str) -> int:
    return ctypes.cast(WasmtimeError(text)._consume(), ctypes.c_void_p).value or 0


def _taken(resource: Any) -> Resource:
    """Find the host's object for a resource; one that the guest owned is taken from it."""
    host = ctypes.POINTER(ffi.wasmtime_component_resource_host_t)()
    owned = ffi.wasmtime_component_resource_any_owned(resource)
    error = ffi.wasmtime_component_resource_any_to_host(
        _context.get(), resource, ctypes.byref(host)
    )
    ffi.wasmtime_component_resource_any_delete(resource)
    if error:
        raise WasmtimeError._from_ptr(error)
    rep = ffi.wasmtime_component_resource_host_rep(host)
    ffi.wasmtime_component_resource_host_delete(host)
    handles = running().handles
    return handles.take(rep) if owned else handles.borrow(rep)


def _dropped(_store: StoreContext, rep: int) -> None:
    sandbox = current()
    if sandbox is not None:
        sandbox.handles.drop(rep)
