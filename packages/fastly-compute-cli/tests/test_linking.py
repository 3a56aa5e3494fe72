"""Making one module of several: it does what they did together."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest
from wasmtime import (
    Engine,
    Func,
    FuncType,
    Instance,
    Memory,
    Module,
    Store,
    Table,
    Trap,
    ValType,
    wat2wasm,
)

from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.component.wasm.core_module import Kind, read_core_module
from fastly_compute.cli.component.wasm.linking import (
    DEFERRED,
    DeferredImport,
    Exported,
    HostImport,
    Linking,
)
from fastly_compute.cli.component.wasm.linking import Instance as Linked

MAIN = """
    (memory (export "memory") 1)
    (table (export "table") 8 funcref)
    (global (export "stack") (mut i32) (i32.const 1024))
    (global (export "memory_base") i32 (i32.const 256))
    (global (export "table_base") i32 (i32.const 2))
    (data (i32.const 256) "begin")
"""
MEMORY = '(import "main" "memory" (memory 1))'
MEMORY_BASE = '(import "main" "memory_base" (global $memory-base i32))'
STACK = '(import "main" "stack" (global $stack (mut i32)))'
TABLE = '(import "main" "table" (table 0 funcref))'
TABLE_BASE = '(import "main" "table_base" (global $table-base i32))'

VALUES = {"i32": ValType.i32, "i64": ValType.i64}
Host = Mapping[str, tuple[FuncType, Callable[..., Any]]]


def linking(copy: int | None = None, free: Exported | None = None, **texts: str) -> Linking:
    """Link modules that import from each other by name; "host" and "later" are outside."""
    texts = {"main": MAIN, **texts}
    names = list(texts)
    instances = []
    for name, text in texts.items():
        module = read_core_module(bytes(wat2wasm(f"(module {text})")), name)
        arguments: dict[tuple[str, str], Exported | HostImport | DeferredImport] = {}
        for taken in module.imports:
            match taken.module:
                case "host":
                    arguments["host", taken.name] = HostImport(taken.name)
                case "later":
                    arguments["later", taken.name] = DeferredImport(taken.name, copy)
                case owner if owner in names:
                    arguments[owner, taken.name] = Exported(names.index(owner), taken.name)
        instances.append(Linked(module, name, arguments))
    return Linking(instances, free)


def function_type(parameters: str, result: str = "") -> FuncType:
    parts = [[VALUES[value]() for value in values.split()] for values in (parameters, result)]
    return FuncType(*parts)


class Running:
    """An instance of linked modules; it has the functions that the last of them exports."""

    def __init__(self, host: Host | None = None, **texts: str) -> None:
        last = read_core_module(bytes(wat2wasm(f"(module {list(texts.values())[-1]})")), "last")
        exports = {
            name: Exported(len(texts), name)
            for name, (kind, _) in last.exports.items()
            if kind is Kind.FUNCTION
        }
        linked = linking(**texts)
        wasm = linked.link({"memory": Exported(0, "memory"), **exports})
        engine = Engine()
        self.store = Store(engine)
        functions = {
            name: Func(self.store, kind, answer) for name, (kind, answer) in (host or {}).items()
        }
        imports = [functions[name] for name in linked.host_imports]
        self.module = Module(engine, wasm)
        self.exports = Instance(self.store, self.module, imports).exports(self.store)
        table = self.exports[DEFERRED]
        assert isinstance(table, Table)
        assert table.size(self.store) == len(linked.deferred_imports)
        for number, name in enumerate(linked.deferred_imports):
            table.set(self.store, number, functions[name])

    def call(self, name: str, *arguments: float) -> Any:
        function = self.exports[name]
        assert isinstance(function, Func)
        return function(self.store, *arguments)

    def read(self, start: int, end: int) -> bytes:
        memory = self.exports["memory"]
        assert isinstance(memory, Memory)
        return bytes(memory.read(self.store, start, end))


# What modules have in common


def test_modules_call_each_other_in_both_directions() -> None:
    running = Running(
        even="""
            (import "odd" "odd" (func $odd (param i32) (result i32)))
            (func (export "even") (param i32) (result i32)
              (if (result i32) (local.get 0)
                (then (call $odd (i32.sub (local.get 0) (i32.const 1))))
                (else (i32.const 1))))
        """,
        odd="""
            (import "even" "even" (func $even (param i32) (result i32)))
            (func (export "odd") (param i32) (result i32)
              (if (result i32) (local.get 0)
                (then (call $even (i32.sub (local.get 0) (i32.const 1))))
                (else (i32.const 0))))
        """,
    )

    assert [running.call("odd", number) for number in range(5)] == [0, 1, 0, 1, 0]


def test_a_function_that_is_passed_on_is_the_one_that_somebody_defines() -> None:
    running = Running(
        {"seven": (function_type("", "i32"), lambda: 7)},
        first="""
            (import "host" "seven" (func $seven (result i32)))
            (func $other (result i32) (i32.const 1))
            (func $eight (result i32) (i32.const 8))
            (export "seven" (func $seven)) (export "eight" (func $eight))
        """,
        second="""
            (import "first" "eight" (func $eight (result i32)))
            (import "first" "seven" (func $seven (result i32)))
            (export "seven'" (func $seven)) (export "eight'" (func $eight))
        """,
        last="""
            (import "second" "seven'" (func $seven (result i32)))
            (import "second" "eight'" (func $eight (result i32)))
            (export "eight" (func $eight)) (export "seven" (func $seven))
            (func (export "both") (result i32)
              (i32.add (i32.mul (call $eight) (i32.const 10)) (call $seven)))
        """,
    )

    assert running.call("both") == 87
    assert (running.call("seven"), running.call("eight")) == (7, 8)


def test_what_several_take_from_outside_is_one_import() -> None:
    takes = """
        (import "host" "b" (func $b (param i32) (result i32)))
        (import "host" "a" (func $a (param i32) (result i32)))
    """
    calls = "(call $a (call $b (local.get 0)))"
    kind = function_type("i32", "i32")
    running = Running(
        {
            "a": (kind, lambda number: number * 2),
            "b": (kind, lambda number: number + 5),
            "c": (function_type("i64", "i64"), lambda number: -number),
        },
        first=takes
        + f"""
            (import "host" "c" (func $c (param i64) (result i64)))
            (func (export "run") (param i32) (result i32)
              (i32.wrap_i64 (call $c (i64.extend_i32_s {calls}))))
        """,
        last=takes
        + f"""
            (import "first" "run" (func $run (param i32) (result i32)))
            (func (export "run") (param i32) (result i32) (call $run {calls}))
        """,
    )

    assert [entry.name for entry in running.module.imports] == ["b", "a", "c"]
    assert running.call("run", 1) == -((1 + 5) * 2 + 5) * 2


@pytest.mark.parametrize(("copy", "freed"), [(None, 0), (0, 64), (1, 80)])
def test_a_copy_is_freed_after_the_call_that_it_was_made_for(copy: int | None, freed: int) -> None:
    calls = []
    text = """
        (import "later" "write" (func $write (param i32 i32) (result i32)))
        (global $freed (mut i32) (i32.const 0))
        (func (export "free") (param i32) (global.set $freed (local.get 0)))
        (func (export "freed") (result i32) (global.get $freed))
        (func (export "run") (result i32) (call $write (i32.const 64) (i32.const 80)))
    """
    linked = linking(copy, Exported(1, "free"), last=text)
    exports = {name: Exported(1, name) for name in ("run", "freed")}
    store = Store(Engine())
    module = Module(store.engine, linked.link({"memory": Exported(0, "memory"), **exports}))
    found = Instance(store, module, []).exports(store)
    run, read = found["run"], found["freed"]
    table = found[DEFERRED]
    assert isinstance(table, Table)
    assert isinstance(run, Func)
    assert isinstance(read, Func)

    def write(first: int, second: int) -> int:
        calls.append((first, second, read(store)))
        return 7

    table.set(store, 0, Func(store, function_type("i32 i32", "i32"), write))

    assert (run(store), calls, read(store)) == (7, [(64, 80, 0)], freed)


def test_a_global_is_one_for_all() -> None:
    running = Running(
        first=f"""
            {STACK} {MEMORY_BASE}
            (global $own (mut i32) (i32.const 5))
            (export "stack'" (global $stack)) (export "own" (global $own))
            (func (export "push") (param i32)
              (global.set $stack (i32.sub (global.get $stack) (local.get 0)))
              (global.set $own (i32.add (global.get $own) (i32.const 1))))
        """,
        last="""
            (import "first" "own" (global $first (mut i32)))
            (import "first" "push" (func $push (param i32)))
            (import "first" "stack'" (global $stack (mut i32)))
            (global $own (mut i64) (i64.const 100))
            (func (export "run") (result i32 i32 i64)
              (call $push (i32.const 16))
              (global.set $own (i64.add (global.get $own) (i64.const 1)))
              (global.get $stack) (global.get $first) (global.get $own))
        """,
    )

    assert running.call("run") == [1008, 6, 101]
    assert running.call("run") == [992, 7, 102]


def test_globals_begin_with_what_they_began_with() -> None:
    running = Running(
        first=f"""
            {MEMORY_BASE} {TABLE_BASE}
            (global (export "address") i32 (i32.add (global.get $memory-base) (i32.const 44)))
            (global (export "both") (mut i32)
              (i32.add (global.get $table-base)
                (i32.add (i32.const -300) (global.get $memory-base))))
            (global (export "copy") i32 (global.get $memory-base))
            (global (export "least") i64 (i64.const -9223372036854775808))
            (global (export "small") f32 (f32.const -0.5))
            (global (export "large") f64 (f64.const 1e300))
        """,
        last="""
            (import "first" "address" (global $address i32))
            (import "first" "both" (global $both (mut i32)))
            (import "first" "copy" (global $copy i32))
            (import "first" "least" (global $least i64))
            (import "first" "small" (global $small f32))
            (import "first" "large" (global $large f64))
            (global $more i32 (i32.add (global.get $address) (i32.const 1)))
            (func (export "run") (result i32 i32 i32 i32 i64 f32 f64)
              (global.get $more) (global.get $address) (global.get $both) (global.get $copy)
              (global.get $least) (global.get $small) (global.get $large))
        """,
    )

    assert running.call("run") == [301, 300, -42, 256, -(1 << 63), -0.5, 1e300]


def test_the_memory_is_one_for_all() -> None:
    running = Running(
        first=f"""
            {MEMORY} {MEMORY_BASE}
            (func (export "copy") (param i32)
              (memory.copy (local.get 0) (global.get $memory-base) (i32.const 5))
              (memory.fill (i32.add (local.get 0) (i32.const 5)) (i32.const 33) (i32.const 2)))
        """,
        last=f"""
            {MEMORY}
            (import "first" "copy" (func $copy (param i32)))
            (func (export "run") (param i32) (result i32 i32)
              (call $copy (local.get 0))
              (memory.grow (i32.const 2)) (memory.size))
        """,
    )

    assert running.call("run", 512) == [1, 3]
    assert running.read(256, 261) == b"begin"
    assert running.read(512, 520) == b"begin!!\0"


def test_functions_are_found_in_the_table_that_all_fill() -> None:
    running = Running(
        first=f"""
            {TABLE} {TABLE_BASE}
            (type $unlike (func (result i64)))
            (type $binary (func (param i32 i32) (result i32)))
            (elem (i32.const 7) func $first)
            (elem (global.get $table-base) func $add $times)
            (func $first (type $unlike) (i64.const 70))
            (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
            (func $times (export "times") (type $binary) (i32.mul (local.get 0) (local.get 1)))
        """,
        last=f"""
            {TABLE} {TABLE_BASE}
            (import "first" "times" (func $times (param i32 i32) (result i32)))
            (type $binary (func (param i32 i32) (result i32)))
            (type $unlike (func (result i64)))
            (elem (i32.add (global.get $table-base) (i32.const 3)) func $times $minus)
            (func $minus (type $binary) (i32.sub (local.get 0) (local.get 1)))
            (func (export "run") (param i32 i32 i32) (result i32)
              (call_indirect (type $binary) (local.get 0) (local.get 1) (local.get 2)))
            (func (export "first") (result i64) (call_indirect (type $unlike) (i32.const 7)))
        """,
    )

    assert [running.call("run", 20, 4, place) for place in (2, 3, 5, 6)] == [24, 80, 80, 16]
    assert running.call("first") == 70
    with pytest.raises(Trap, match="indirect call type mismatch"):
        running.call("run", 1, 1, 7)
    with pytest.raises(Trap, match="uninitialized element"):
        running.call("run", 1, 1, 4)


def test_functions_that_come_later_are_called_through_a_table() -> None:
    kind = function_type("i32 i64", "i64")
    written: list[int] = []
    running = Running(
        {
            "sum": (kind, lambda left, right: left + right),
            "note": (function_type("i32"), written.append),
            "now": (function_type("", "i64"), lambda: 1000),
        },
        first="""
            (import "later" "sum" (func $sum (param i32 i64) (result i64)))
            (import "host" "now" (func $now (result i64)))
            (func (export "since") (param i32) (result i64)
              (call $sum (local.get 0) (call $now)))
        """,
        last=f"""
            {TABLE}
            (import "later" "note" (func $note (param i32)))
            (import "first" "since" (func $since (param i32) (result i64)))
            (import "later" "sum" (func $sum (param i32 i64) (result i64)))
            (type $sum (func (param i32 i64) (result i64)))
            (elem (i32.const 1) func $sum)
            (func (export "run") (result i64)
              (call $note (i32.const 5))
              (call_indirect (type $sum)
                (i32.const 3) (call $sum (i32.const 20) (call $since (i32.const 100)))
                (i32.const 1)))
        """,
    )

    assert running.call("run") == 1123
    assert written == [5]


def test_the_functions_that_come_later_are_told_with_their_types() -> None:
    linked = linking(
        first="""
            (import "later" "b" (func (param i32 f64)))
            (import "host" "c" (func (result i64)))
        """,
        last="""
            (import "later" "a" (func (param i64 f32) (result i32)))
            (import "later" "b" (func (param i32 f64)))
        """,
    )

    assert linked.host_imports == ["c"]
    assert linked.deferred_imports == {
        "b": b"\x60\x02\x7f\x7c\x00",
        "a": b"\x60\x02\x7e\x7d\x01\x7f",
    }


# Code


def test_code_refers_to_the_same_as_before_where_numbers_get_longer() -> None:
    values = ["i32", "i64", "f32", "f64"]
    types = [
        f"(type (func (param {a} {b} {c}) (result {d})))"
        for a, b, c, d in product(values, repeat=4)
    ]
    functions = [f"(func (result i32) (i32.const {number}))" for number in range(150)]
    globals_ = [f"(global i32 (i32.const {number}))" for number in range(150)]
    running = Running(
        first=" ".join([*types, *functions, *globals_]),
        # The same types with other numbers; the one of the block is the first and so becomes 255.
        last=" ".join([*reversed(types), *functions, *globals_])
        + """
            (func (export "run") (param f64 f64 f64) (result i32 i32 f64)
              (call 149) (global.get 149)
              (local.get 0) (local.get 1) (local.get 2)
              (block (type 0) (f64.add) (f64.add)))
        """,
    )

    assert running.call("run", 0.5, 1.0, 2.0) == [149, 149, 3.5]


def test_control_flows_as_before() -> None:
    running = Running(
        first='(type (func (param f64))) (func (export "unused") (param f64))',
        last="""
            (type $two (func (param i32) (result i32 i32)))
            (func (export "choose") (param i32) (result i32)
              (block $a (block $b (block $c
                (br_table $c $b $a $b (local.get 0)))
                (return (i32.const 10)))
                (return (i32.const 20)))
              (i32.const 30))
            (func (export "factorial") (param i64) (result i64) (local $product i64)
              (local.set $product (i64.const 1))
              (loop $again
                (local.set $product (i64.mul (local.get $product) (local.get 0)))
                (local.tee 0 (i64.sub (local.get 0) (i64.const 1)))
                (br_if $again (i64.ne (i64.const 0))))
              (local.get $product))
            (func (export "two") (param i32) (result i32)
              (local.get 0)
              (if (type $two) (local.get 0)
                (then (i32.const 1))
                (else (i32.const 100)))
              (i32.add))
        """,
    )

    assert [running.call("choose", number) for number in (0, 1, 2, 3, 99)] == [10, 20, 30, 20, 20]
    assert running.call("factorial", 20) == 2432902008176640000
    assert [running.call("two", number) for number in (0, 5)] == [100, 6]


def test_functions_that_code_refers_to_are_declared() -> None:
    running = Running(
        first="""
            (elem declare func $second)
            (func $first (result i32) (i32.const 1))
            (func $second (result i32) (i32.const 2))
            (func (export "reference") (result funcref) (ref.func $second))
        """,
        last="""
            (import "first" "reference" (func $reference (result funcref)))
            (global $third funcref (ref.func $here))
            (func $here (export "here") (result i32) (i32.const 3))
            (func (export "second") (result funcref) (call $reference))
            (func (export "third") (result funcref) (global.get $third))
        """,
    )
    references = [running.call(name) for name in ("second", "third")]

    assert [reference(running.store) for reference in references] == [2, 3]


# Refusing


@pytest.mark.parametrize(
    ("last", "message"),
    [
        pytest.param(
            '(import "nowhere" "f" (func))',
            "cannot link last: nothing is given for its import nowhere f",
            id="an import of nothing",
        ),
        pytest.param(
            '(import "nowhere" "g" (global i32))',
            "cannot link last: nothing is given for its import nowhere g",
            id="an import of a global of nothing",
        ),
        pytest.param(
            '(import "main" "missing" (func))',
            r"expected a module to export a function, found Exported\(instance=0, name='missing'\)",
            id="an import of what is not there",
        ),
        pytest.param(
            '(import "main" "stack" (func))',
            "expected a module to export a function, found Exported.*'stack'",
            id="an import of something else",
        ),
        pytest.param(
            '(import "host" "g" (global i32))',
            r"expected a module to export a global, found HostImport\(name='g'\)",
            id="a global from outside",
        ),
        pytest.param(
            "(memory 1)",
            "cannot link the app: expected one module to define a memory, found 2",
            id="two memories",
        ),
        pytest.param(
            "(table 1 funcref)",
            "cannot link the app: expected one module to define a table, found 2",
            id="two tables",
        ),
        pytest.param(
            '(data "more")',
            "cannot link the app: expected one module to define data, found 2",
            id="data of two",
        ),
        pytest.param(
            f"{STACK} (global i32 (global.get $stack))",
            "a constant refers to what can change",
            id="a constant that can change",
        ),
        pytest.param(
            "(global $one i64 (i64.const 1)) (global i64 (global.get $one))",
            "a constant is not a sum of addresses",
            id="a constant of something else",
        ),
    ],
)
def test_what_cannot_be_linked_is_refused_by_name(last: str, message: str) -> None:
    with pytest.raises(ComposeError, match=message):
        linking(last=last).link({})


def test_a_function_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(ComposeError, match=r"link last: its import first f is .* of another type"):
        linking(
            first='(func (export "f") (param i32))',
            last='(import "first" "f" (func (param i64)))',
        )


@pytest.mark.parametrize("name", ["missing", "stack", "table"])
def test_only_functions_and_memories_can_be_exported(name: str) -> None:
    linked = linking()

    with pytest.raises(ComposeError, match=f"expected a function or a memory, found .*'{name}'"):
        linked.link({"export": Exported(0, name)})
