"""The bindings and their type stubs are the ones that the vendored WIT generates."""

import ast
import filecmp
import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent
STUBS = ROOT / "packages/fastly-compute-local/src/fastly_compute/local/bindings"


def files(folder: Path) -> dict[str, Path]:
    return {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_the_stubs_have_not_drifted_from_the_wit(tmp_path: Path) -> None:
    runpy.run_path(str(ROOT / "tools/generate_stubs.py"))["generate"](tmp_path)
    generated, kept = files(tmp_path), files(STUBS)
    changed = [
        name
        for name in generated.keys() & kept.keys()
        if not filecmp.cmp(generated[name], kept[name], shallow=False)
    ]

    assert generated.keys() == kept.keys()
    assert not changed, "run `hatch run stubs:generate`"


def test_the_table_of_functions_has_not_drifted_from_the_bindings() -> None:
    generated = runpy.run_path(str(ROOT / "tools/generate_stubs.py"))["table"](STUBS)
    kept = STUBS.parent / "wit_functions.py"

    assert ast.dump(ast.parse(kept.read_text())) == ast.dump(ast.parse(generated))


def test_the_type_stubs_have_not_drifted_from_the_bindings() -> None:
    types = ROOT / "packages/fastly-compute-stubs/src"
    generated = runpy.run_path(str(ROOT / "tools/generate_stubs.py"))["type_stubs"](STUBS)
    kept = {path.relative_to(types).as_posix(): path.read_text() for path in types.rglob("*.pyi")}
    # Each version of Python writes the same code in its own way.
    changed = [
        name
        for name, text in generated.items()
        if name not in kept or ast.dump(ast.parse(kept[name])) != ast.dump(ast.parse(text))
    ]

    assert kept.keys() == generated.keys()
    assert not changed, "run `hatch run stubs:generate`"


def declared(source: str) -> dict[str, tuple[str, str | None]]:
    """Return the classes and functions of a module, with what they take and their docstrings."""
    found = {}

    def visit(body: list[ast.stmt], owner: str) -> None:
        for node in body:
            match node:
                case ast.ClassDef(name=name):
                    fields = [ast.unparse(part) for part in node.body if is_field(part)]
                    found[owner + name] = (f"{bases(node)} {fields}", ast.get_docstring(node))
                    visit(node.body, f"{owner}{name}.")
                case ast.FunctionDef(name=name):
                    signature = f"{ast.unparse(node.args)} -> {ast.unparse(node.returns)}"
                    marks = [ast.unparse(mark) for mark in node.decorator_list]
                    found[owner + name] = (f"{marks} {signature}", ast.get_docstring(node))

    visit(ast.parse(source).body, "")
    return found


def is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign | ast.Assign)


def bases(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(part) for part in (*node.bases, *node.decorator_list)]


def test_the_type_stubs_declare_all_that_the_bindings_have() -> None:
    types = ROOT / "packages/fastly-compute-stubs/src"
    sources = {
        f"{name.removesuffix('.py')}": path
        for name, path in files(STUBS).items()
        if path.suffix == ".py"
    }
    assert len(sources) > 40
    for name, path in sources.items():
        package, *inner = Path(name).parts
        stub = Path(types, f"{package}-stubs", *(inner or ["__init__"])).with_suffix(".pyi")

        assert declared(stub.read_text()) == declared(path.read_text()), name
