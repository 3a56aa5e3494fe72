"""An app as a component, with a new instance for each sandbox."""

import os
from pathlib import Path

from wasmtime import Store, WasiConfig, WasmtimeError
from wasmtime.component import Variant

from fastly_compute.local.host import GuestFailed
from fastly_compute.local.interfaces.http_downstream import client_request
from fastly_compute.local.runtime.environment import variables
from fastly_compute.local.runtime.sandbox import Sandbox
from fastly_compute.local.runtime.wasm.compiled import ComponentError, compiled
from fastly_compute.local.runtime.wasm.engine import make_engine
from fastly_compute.local.runtime.wasm.epochs import Epochs
from fastly_compute.local.runtime.wasm.link import Links
from fastly_compute.local.runtime.wasm.stdio import StdioCapture
from fastly_compute.local.runtime.wasm.turns import Turns

_HTTP_INCOMING = "fastly:compute/http-incoming"
_MEMORY_LIMIT = 128 * 1024 * 1024


class WasmApp:
    """An app compiled to a component.

    Args:
        path: The component's file.

    Raises:
        ComponentError: The file is not a component for the Fastly Compute WIT.

    Example:
        >>> from pathlib import Path
        >>> from fastly_compute.local import Host, WasmApp
        >>> def front_page(component: Path) -> bytes:
        ...     with Host() as host:
        ...         return bytes(host.request(WasmApp(component)).body)
    """

    def __init__(self, path: Path) -> None:
        self._engine = make_engine()
        self._turns = Turns(os.cpu_count() or 1)
        self._epochs = Epochs(self._engine, self._turns.expire)
        made = compiled(self._engine, path)
        self._component = made.component
        exports = self._component.type.exports(self._engine)
        name = next((name for name in exports if name.startswith(_HTTP_INCOMING)), None)
        if name is None:
            raise ComponentError(f"{path} does not export {_HTTP_INCOMING}")
        incoming = self._component.get_export_index(name)
        handle = self._component.get_export_index("handle", incoming)
        if handle is None:
            raise ComponentError(f"{path} exports {name} without its function handle")
        self._handle = handle
        self._printed = StdioCapture()
        self._links = Links(self._engine, self._component, made.code)
        self._links.limit_waits(self._engine)

    def run(self, sandbox: Sandbox) -> None:
        """Serve the sandbox's requests in a new instance."""
        wasi = _wasi(sandbox)
        sandbox.share_turns(self._turns.given_up)
        with (
            self._epochs,
            self._turns.taken(),
            self._printed.by(wasi, sandbox.host.log) as show,
        ):
            sandbox.show_with(show)
            # The wait for a turn does not count towards the guest's time limit.
            sandbox.begin_time()
            try:
                outcome = self._call(sandbox, wasi)
            except WasmtimeError as error:
                sandbox.raise_interrupt()
                raise GuestFailed(f"the app trapped: {_reason(error)}") from error
            finally:
                sandbox.handles.drop_all()
        if outcome.tag == "err":
            raise GuestFailed("the app's handle returned an error")

    def _call(self, sandbox: Sandbox, wasi: WasiConfig) -> Variant:
        store = Store(self._engine)
        store.set_limits(memory_size=_MEMORY_LIMIT)
        self._epochs.limit(store)
        store.set_wasi(wasi)
        instance = self._links.linker.instantiate(store, self._component)
        handle = instance.get_func(store, self._handle)
        if handle is None:
            raise TypeError(f"the export {_HTTP_INCOMING}.handle is not a function")
        request, body = client_request(sandbox.exchange)
        outcome: Variant = handle(store, self._links.own(request), self._links.own(body))
        return outcome


def _wasi(sandbox: Sandbox) -> WasiConfig:
    wasi = WasiConfig()
    wasi.argv = ["compute-app"]
    wasi.env = list(variables(sandbox).items())
    return wasi


def _reason(error: WasmtimeError) -> str:
    # The innermost cause comes last, after the backtrace.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].partition(": ")[2] or lines[-1]
