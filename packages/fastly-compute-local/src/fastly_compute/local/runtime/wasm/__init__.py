"""Runs a component on wasmtime, with the interfaces of this package as its imports."""

from fastly_compute.local.runtime.wasm.app import WasmApp
from fastly_compute.local.runtime.wasm.compiled import ComponentError

__all__ = ["ComponentError", "WasmApp"]
