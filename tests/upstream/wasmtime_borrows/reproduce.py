"""Calls a host function with one borrowed resource, then one with two: `python reproduce.py`."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from wasmtime import Config, Engine, Store, WasmtimeError
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Linker, ResourceHost, ResourceType

COMPONENT = Path(__file__).with_name("two_borrows.wat")
FUNCTIONS = ("one", "two")


def call(engine: Engine, store: Store, function: str) -> list[int]:
    """Call an export of the component.

    Args:
        engine: What the component is compiled with.
        store: Where it is instantiated.
        function: ``one`` or ``two``: how many borrowed resources it passes to the host at once.

    Returns:
        The numbers of the resources that the host was given.
    """
    component = Component(engine, COMPONENT.read_text(encoding="utf-8"))
    given: list[int] = []

    def take(store: Store, *borrows: ResourceHost) -> None:
        given.extend(borrow.to_host(store).rep for borrow in borrows)

    linker = Linker(engine)
    with linker.root() as root, root.add_instance("example:borrows/host") as host:
        host.add_resource("thing", ResourceType.host(1), lambda _store, _number: None)
        host.add_func("make", lambda _store, number: ResourceHost.own(number, 1))
        host.add_func("take-one", take)
        host.add_func("take-two", take)
    exported = linker.instantiate(store, component).get_func(store, function)
    if exported is None:
        raise SystemExit(f"{COMPONENT} has no function {function}")
    exported(store)
    return given


def outcomes() -> Iterator[str]:
    """Call both functions, with wasmtime's concurrency support on (the default) and off."""
    for concurrency in (True, False):
        for function in FUNCTIONS:
            config = Config()
            ffi.wasmtime_config_concurrency_support_set(config.ptr(), concurrency)
            engine = Engine(config)
            where = f"concurrency_support={concurrency}, {function} at once"
            try:
                yield f"{where}: {call(engine, Store(engine), function)}"
            except WasmtimeError as error:
                cause = str(error).partition("Caused by:")[2].strip().splitlines()[0]
                yield f"{where}: FAILED, {cause}"


if __name__ == "__main__":
    lines = [f"wasmtime {version('wasmtime')}", *outcomes()]
    print("\n".join(lines))  # noqa: T201 - a script
    sys.exit(any("FAILED" in line for line in lines))
