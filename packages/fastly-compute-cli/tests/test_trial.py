import re
from importlib.resources import files

import pytest
from wasmtime import Func, FuncType, Instance, Module, Store, ValType, wat2wasm

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.component.trial import PAGE, Core, written_pages
from fastly_compute.cli.component.trial_host import answer_to
from fastly_compute.cli.component.wasm.start_module import Completion
from fastly_compute.cli.project.settings import Project

FUNCTION = b"\x60\x03\x7f\x7f\x7f\x00"
METHOD = "fastly:compute/http-req#[method]request.get-method"


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("FASTLY_COMPUTE_CACHE", str(tmp_path))
    return tmp_path / "trials"


def core(handle, *, asks=METHOD, later="fastly:compute/http-req#send", pages=4, more=""):
    text = f"""(module
        (type $late (func (param i32 i32 i32)))
        (import "" "7" (func $ask (param i32 i32 i32)))
        (memory (export "memory") {pages})
        (table (export "later") 1 funcref)
        (global $where (mut i32) (i32.const {6 * PAGE}))
        (data (i32.const {3 * PAGE}) "\\2a")
        {more}
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const {9 * PAGE}))
        (func (export "handle") (param i32 i32) (result i32) {handle} (i32.const 0)))"""
    return Core(
        module=bytes(wat2wasm(text)),
        outside={"7": asks},
        later={"8": later},
        types={"8": FUNCTION},
        handle="handle",
        realloc="realloc",
    )


def store(page, value=1):
    return f"(i32.store (i32.const {page * PAGE + 8}) (i32.const {value}))"


def test_the_pages_that_a_request_writes_to_are_found_with_what_they_begin_with():
    read = f"(drop (i32.load (i32.const {5 * PAGE})))"

    assert written_pages(core(store(3) + read + store(1))) == {PAGE: 0, 3 * PAGE: 0x2A}


def test_an_app_has_its_state_of_before_the_request():
    found = written_pages(core("(i32.store (global.get $where) (i32.const 1))"))

    assert found == {6 * PAGE: 0}


def test_an_app_is_asked_for_a_page():
    ask = f"(call $ask (i32.const 1) (i32.const 256) (i32.const {PAGE}))"
    length = f"(i32.load (i32.const {PAGE + 12}))"
    text = f"(i32.load8_u (i32.load (i32.const {PAGE + 8})))"
    got = f"(if (i32.and (i32.eq {length} (i32.const 3)) (i32.eq {text} (i32.const {ord('G')})))"

    assert written_pages(core(f"{ask} {got} (then {store(5)}))")) == {
        PAGE: 0,
        5 * PAGE: 0,
        9 * PAGE: 0,
    }


def test_functions_that_come_later_are_there():
    arguments = f"(i32.const 0) (i32.const 0) (i32.const {7 * PAGE})"
    call = f"(call_indirect (type $late) {arguments} (i32.const 0))"

    assert written_pages(core(store(1) + call + store(2))) == {PAGE: 0, 2 * PAGE: 0}


ENDINGS = {
    "it asks for what is not known": "(call $ask (i32.const 0) (i32.const 0) (i32.const 0))",
    "it traps": "(unreachable)",
    "it does not end": "(loop $more (br $more))",
    "it calls itself without end": "(call $deep)",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_however_a_trial_ends_what_was_written_counts(ending):
    app = core(
        store(1) + ending + store(2),
        asks="fastly:compute/geo#lookup",
        more="(func $deep (call $deep))",
    )

    assert written_pages(app) == {PAGE: 0}


def test_an_app_cannot_take_all_the_memory_of_the_machine():
    grow = f"(if (i32.eq (memory.grow (i32.const 32768)) (i32.const -1)) (then {store(2)}))"

    assert written_pages(core(store(1) + grow)) == {PAGE: 0, 2 * PAGE: 0}


def test_what_differs_in_state_only_is_compiled_once(cache):
    for page in (1, 2):
        app = core(f"(i32.store (global.get $where) (i32.const {page}))", pages=4 + page)
        app = core(store(1), pages=4 + page)
        written_pages(app)
    kept = list(cache.glob("*.cwasm"))

    assert len(kept) == 1
    assert written_pages(core(store(1), pages=8)) == {PAGE: 0}
    assert list(cache.glob("*.cwasm")) == kept


def test_a_damaged_compiled_module_is_compiled_anew(cache):
    app = core(store(1))
    written_pages(app)
    (kept,) = cache.glob("*.cwasm")
    kept.write_bytes(b"damaged")

    assert written_pages(app) == {PAGE: 0}
    assert kept.read_bytes() != b"damaged"


def test_few_compiled_modules_are_kept(cache):
    for page in range(4):
        written_pages(core(store(page)))

    assert len(list(cache.glob("*.cwasm"))) == 2


def test_the_trial_of_an_app_gets_to_the_end_of_its_answer(write, monkeypatch):
    asked = []

    def recorded(name):
        answer = answer_to(name)
        return answer and (lambda give, given: asked.append(name) or answer(give, given))

    main = """
        from fastly_compute.http import Request, Response, service

        HttpIncoming = service(lambda request: Request("GET", "https://a.example/").send("origin"))
        """
    monkeypatch.setattr("fastly_compute.cli.component.trial.answer_to", recorded)
    build(Project(folder=write("main.py", main).parent))

    assert METHOD in asked
    assert "fastly:compute/http-req#send" in asked
    assert asked.index("fastly:compute/http-resp#send-downstream") > asked.index(METHOD)
    assert asked[-1].startswith("fastly:compute/")
    assert "[resource-drop]" in asked[-1]


def functions_of_the_wit():
    """Yield each function's name, as a trial knows it, and the type of its result."""
    text = files("fastly_compute.cli").joinpath("wit", "deps", "compute.wit").read_text()
    for interface, body in re.findall(
        r"^interface (\S+) {\n(.*?)^}", text, re.DOTALL | re.MULTILINE
    ):
        resource = ""
        pattern = r"^  resource (\S+) {|^( +)%?([\w-]+): (static )?func\([^)]*\)(?: -> ([^;]+))?;"
        for found in re.finditer(pattern, re.sub(r"//.*", "", body), re.MULTILINE):
            if found[1]:
                resource = found[1]
                continue
            kind = "static" if found[4] else "method"
            name = f"[{kind}]{resource}.{found[3]}" if len(found[2]) == 4 else found[3]
            yield f"fastly:compute/{interface}#{name}", found[5] or ""


def test_every_answer_is_one_that_its_function_can_give():
    functions = dict(functions_of_the_wit())
    layouts = {
        24: r"result<.*, error(-with-detail)?>",
        8: r"result<[\w-]+, open-error>|string",
        1: r"option<.*>",
        0: "",
    }
    # Whose core function has a result is not looked up.
    direct = r"bool|u32|u64|[\w-]+-(ms|mib)|products|extra-cache-override-details"
    known = {
        name: (len(answer(len, (1, 2, 3, 4))), result)
        for name, result in functions.items()
        if (answer := answer_to(name)) and not re.fullmatch(direct, result)
    }
    wrong = {
        name: found
        for name, found in known.items()
        if not re.fullmatch(layouts[found[0]], found[1])
    }

    assert wrong == {}
    assert len(functions) > 250
    assert {METHOD, "fastly:compute/http-req#send", "fastly:compute/http-body#read"} <= set(known)


def completed(touched):
    """An instance that counts calls in its memory, and the one that completes it."""
    store = Store()
    module = Module(
        store.engine,
        wat2wasm(f"""(module
            (memory (export "memory") 1)
            (table (export "later") 1 funcref)
            (data (i32.const {PAGE}) "\\07")
            (func (export "handle") (param $request i32) (param $body i32) (result i32)
              (i32.store8 (i32.const {PAGE})
                (i32.add (i32.load8_u (i32.const {PAGE})) (i32.const 1)))
              (i32.add (i32.mul (local.get $request) (i32.const 10)) (local.get $body)))
            (func (export "late") (result i32)
              (call_indirect (result i32) (i32.const 0))))"""),
    )
    exports = Instance(store, module, []).exports(store)
    completion = Completion({"8": b"\x60\0\1\x7f"}, b"\x60\2\x7f\x7f\1\x7f", touched)
    given = {
        "8": Func(store, FuncType([], [ValType.i32()]), lambda: 5),
        "handle": exports["handle"],
        "later": exports["later"],
        "memory": exports["memory"],
    }
    completing = Module(store.engine, completion.module())
    imports = [given[entry.name] for entry in completing.imports]
    handle = Instance(store, completing, imports).exports(store)["handle"]
    return store, exports, handle


def test_pages_are_written_to_once_and_keep_what_is_in_them():
    store, exports, handle = completed({PAGE: 7, 2 * PAGE: 0})
    answers = [handle(store, 4, 2), handle(store, 5, 3)]

    assert answers == [42, 53]
    assert exports["memory"].read(store, PAGE, PAGE + 1) == b"\x09"


def test_what_is_written_comes_before_the_request():
    store, exports, handle = completed({PAGE: 100})
    handle(store, 0, 0)

    assert exports["memory"].read(store, PAGE, PAGE + 1) == bytes([101])


def test_functions_that_come_later_are_put_into_their_table():
    store, exports, _ = completed({})

    assert exports["late"](store) == 5
