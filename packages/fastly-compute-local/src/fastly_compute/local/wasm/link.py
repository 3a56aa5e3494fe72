"""Links a component's imports to the interfaces, driven by the component's own types."""

import inspect
import itertools
import sys
import traceback
import typing
from collections.abc import Callable
from typing import Any

from componentize_py_types import Err
from wasmtime import Engine, StoreContext, WasmtimeError
from wasmtime.component import (
    Component,
    ComponentInstanceType,
    FuncType,
    Linker,
    LinkerInstance,
    Record,
    ResourceAny,
    ResourceHost,
    ResourceType,
    ResultType,
    Variant,
)

from fastly_compute.local import world
from fastly_compute.local.interfaces.async_io import Pollable
from fastly_compute.local.resource import Resource
from fastly_compute.local.sandbox import current, running
from fastly_compute.local.trap import Trap
from fastly_compute.local.wasm.values import Lowering, camel, lifting, snake

_PREFIX = "fastly:compute/"
_numbers = itertools.count(1)


def _resource_classes() -> dict[tuple[str, str], type]:
    found = {}
    for interface in (*world.IMPLEMENTED, *world.UNSUPPORTED):
        module = sys.modules[f"wit_world.imports.{interface}"]
        for name, value in vars(module).items():
            if isinstance(value, type) and hasattr(value, "__exit__"):
                found[interface, name] = value
    return found


class Links:
    """The linker of one component, and the numbers that its resource types have.

    Args:
        engine: What the component was compiled with.
        component: The component.

    Raises:
        LookupError: The component imports an interface that this host does not know.
    """

    def __init__(self, engine: Engine, component: Component) -> None:
        world.install()
        self._classes = _resource_classes()
        self._types = {cls: n for n, cls in enumerate(dict.fromkeys(self._classes.values()), 1)}
        self._lowering = Lowering(self.own)
        self.linker = Linker(engine)
        self.linker.add_wasip2()
        with self.linker.root() as root:
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
                instance.add_func(export, self._function(interface, export, item))

    def _class(self, interface: str, export: str) -> type:
        if export == "body" or export.startswith("pending-"):
            return Pollable
        own = self._classes.get((interface, camel(export)))
        if own is not None:
            return own
        for (_, name), cls in self._classes.items():
            if name == camel(export):
                return cls
        raise LookupError(f"the component's resource {interface}.{export} is not known here")

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

    def _function(self, interface: str, export: str, ty: FuncType) -> Callable[..., Any]:
        function = self._callable(interface, export)
        takers = _lifters(function, len(ty.params))
        result = ty.result
        lower_err = None
        if isinstance(result, ResultType):
            lower, lower_err = self._lowering.result(result)
        elif result is not None:
            lower = self._lowering.of(result)

        def call(store: StoreContext, *args: Any) -> Any:
            try:
                values = [
                    lift(_resolved(arg, store)) for lift, arg in zip(takers, args, strict=True)
                ]
                value = function(*values)
                return None if result is None else lower(value)
            except Err as err:
                if lower_err is None:
                    raise
                return lower_err(err.value)
            except Trap as trap:
                raise WasmtimeError(str(trap)) from trap
            except Exception as error:
                # wasmtime keeps an exception in a global that another thread may raise.
                for line in traceback.format_exc().splitlines():
                    running().host.log(line)
                raise WasmtimeError(f"the host failed in {export}: {error!r}") from error

        return call

    def own(self, resource: Resource) -> ResourceHost:
        """Give a resource to the guest of the running sandbox."""
        number = next(self._types[cls] for cls in type(resource).__mro__ if cls in self._types)
        rep = next(_numbers) & 0x7FFF_FFFF
        running().handles[rep] = resource
        return ResourceHost.own(rep, number)


def _lifters(function: Callable[..., Any], count: int) -> list[Callable[[Any], Any]]:
    hints = {} if isinstance(function, type) else typing.get_type_hints(function)
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    if inspect.isfunction(function) and "self" in inspect.signature(function).parameters:
        names = ["self", *names]
    if len(names) != count:
        # What answers `unsupported` takes anything.
        return [_as_it_is] * count
    return [lifting(hints[name], _as_it_is) if name in hints else _as_it_is for name in names]


def _as_it_is(value: Any) -> Any:
    return value


def _resolved(value: Any, store: StoreContext) -> Any:
    """Put the host's objects in the place of the handles in an argument."""
    if isinstance(value, ResourceAny):
        owned = value.owned
        rep = value.to_host(store).rep
        if owned:
            return running().handles.pop(rep)
        return running().handles[rep]
    if isinstance(value, list):
        return [_resolved(item, store) for item in value]
    if isinstance(value, Record):
        for name, item in vars(value).items():
            setattr(value, name, _resolved(item, store))
    elif isinstance(value, Variant):
        value.payload = _resolved(value.payload, store)
    return value


def _dropped(_store: StoreContext, rep: int) -> None:
    sandbox = current()
    resource = None if sandbox is None else sandbox.handles.pop(rep, None)
    if resource is not None:
        resource.drop()
