"""Files that are not components of an app, and the cache of compiled ones."""

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from fastly_compute.local import ComponentError, WasmApp
from fastly_compute.local.runtime.wasm.compiled import KEPT

SMALL = """
(component
  (core module $m (func (export "handle") (result i32) (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $handle (func (result (result))))
  (func $handle (type $handle) (canon lift (core func $i "handle")))
  (instance $incoming (export "handle" (func $handle)))
  (export "fastly:compute/http-incoming@0.1.0" (instance $incoming))
)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("FASTLY_COMPUTE_CACHE", str(folder))
    return folder


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not WebAssembly"),
        (b"#!/bin/sh\n", "is not WebAssembly"),
        (bytes(wat2wasm("(module)")), "is a core module"),
        (bytes(wat2wasm("(component)")), "does not export fastly:compute/http-incoming"),
        (bytes(wat2wasm(SMALL))[:-3], "is not a valid component"),
    ],
    ids=["empty", "a script", "a core module", "another component", "cut short"],
)
def test_a_file_that_is_not_an_app_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "app.wasm"
    path.write_bytes(content)

    with pytest.raises(ComponentError, match=problem) as caught:
        WasmApp(path)

    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match=r"cannot read .*missing\.wasm: No such file"):
        WasmApp(tmp_path / "missing.wasm")


def test_a_component_is_loaded_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.wasm"
    path.write_bytes(wat2wasm(SMALL))
    monkeypatch.setenv("FASTLY_COMPUTE_CACHE", str(path / "cache"))

    WasmApp(path)


def test_a_compiled_component_is_loaded_again(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "app.wasm"
    path.write_bytes(wat2wasm(SMALL))
    WasmApp(path)
    (kept,) = (cache / "compiled").iterdir()
    written = kept.stat().st_ino
    WasmApp(path)

    assert [file.stat().st_ino for file in (cache / "compiled").iterdir()] == [written]


def test_a_damaged_cache_is_replaced(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "app.wasm"
    path.write_bytes(wat2wasm(SMALL))
    WasmApp(path)
    (kept,) = (cache / "compiled").iterdir()
    kept.write_bytes(b"damaged")
    WasmApp(path)

    assert kept.stat().st_size > len(b"damaged")


def test_the_cache_keeps_the_newest_components(tmp_path: Path, cache: Path) -> None:
    for number in range(KEPT + 2):
        path = tmp_path / f"{number}.wasm"
        path.write_bytes(wat2wasm(SMALL.replace("$m", f"$m{number}")))
        WasmApp(path)
    kept = len(list((cache / "compiled").iterdir()))
    WasmApp(path)

    assert kept == KEPT
    assert len(list((cache / "compiled").iterdir())) == KEPT
