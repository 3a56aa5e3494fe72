import pytest
from wasmtime import Module, Store, wat2wasm
from wasmtime.component import Component, Linker

from fastly_compute.local.runtime.wasm.engine import make_engine
from fastly_compute.local.runtime.wasm.separate import CODE, separate

OTHERS = [
    "(component)",
    '(component (core module (memory 1) (func (export "f"))))',
    # A table, data and code, but a function that runs at the start.
    """
    (component
      (core module $m
        (memory (export "memory") 1) (table 1 funcref) (global (mut i32) (i32.const 7))
        (func $f) (start $f) (data (i32.const 0) "x"))
      (core instance (instantiate $m)))
    """,
    # A global whose value is not a number of 32 bits.
    """
    (component
      (core module $m
        (memory (export "memory") 1) (table 1 funcref) (global (mut i64) (i64.const 7))
        (func $f) (data (i32.const 0) "x") (export "f" (func $f)))
      (core instance (instantiate $m)))
    """,
]
LINKED = """
(component
  (core module $code
    (memory (export "memory") 1) (table 1 funcref) (global (mut i32) (i32.const 7))
    (func (export "get") (result i32) (i32.add (global.get 0) (i32.load (i32.const 0))))
    (data (i32.const 0) "\\05"))
  (core instance $c (instantiate $code))
  (func (export "get") (result u32) (canon lift (core func $c "get"))))
"""


@pytest.mark.parametrize("text", OTHERS)
def test_what_no_build_writes_is_left_whole(text: str) -> None:
    assert separate(bytes(wat2wasm(text))) is None


def test_what_is_cut_short_is_left_whole() -> None:
    whole = bytes(wat2wasm(LINKED))

    assert separate(whole) is not None
    # Where no section is cut, what remains is a component, and has its module or not.
    found = [separate(whole[:length]) for length in range(len(whole))]
    assert found.count(None) > len(whole) // 2
    assert separate(b"") is None


def test_two_apps_have_the_same_code_and_their_own_memory_and_globals() -> None:
    first = separate(bytes(wat2wasm(LINKED)))
    second = separate(bytes(wat2wasm(LINKED.replace("const 7", "const 9").replace("05", "06"))))

    assert first is not None
    assert second is not None
    assert first.code == second.code
    assert first.component != second.component


@pytest.mark.parametrize(("number", "byte", "expected"), [("7", "05", 12), ("-2", "06", 4)])
def test_both_parts_together_compute_what_the_whole_does(
    number: str, byte: str, expected: int
) -> None:
    text = LINKED.replace("const 7", f"const {number}").replace("05", byte)
    parts = separate(bytes(wat2wasm(text)))
    assert parts is not None
    engine = make_engine()
    code, component = Module(engine, parts.code), Component(engine, parts.component)
    linker = Linker(engine)
    with linker.root() as root:
        root.add_module(CODE, code)
    store = Store(engine)
    store.set_epoch_deadline(1)
    function = linker.instantiate(store, component).get_func(store, "get")
    assert function is not None

    assert function(store) == expected
