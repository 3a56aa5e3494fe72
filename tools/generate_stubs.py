"""Generate what the packages ship of the WIT.

fastly-compute-local has componentize-py's bindings and a table of their functions, and
fastly-compute-stubs has the bindings as type stubs.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
WIT = ROOT / "packages/fastly-compute-cli/src/fastly_compute/cli/wit"
STUBS = ROOT / "packages/fastly-compute-local/src/fastly_compute/local/bindings"
WORLD = "fastly:compute/service@0.1.0"
# The other generated files are for async functions, which this WIT does not have.
KEPT = ("componentize_py_runtime.pyi", "componentize_py_types.py", "wit_world")
COMPUTE = WIT / "deps/compute.wit"
_INTERFACE = re.compile(r"^interface ([\w-]+) ", re.MULTILINE)
_CONTEXT = ("__enter__", "__exit__")
TABLE = STUBS.parent / "wit_functions.py"
TYPES = ROOT / "packages/fastly-compute-stubs/src"
_GENERATED = "# Generated from the WIT by `hatch run stubs:generate`; do not edit.\n"
_RAISES = re.compile(r"componentize_py_types\.Err\(wit_world\.imports\.([\w.]+)\)")


def generate(target: Path) -> None:
    """Write the stubs into an existing folder."""
    with tempfile.TemporaryDirectory() as scratch:
        run = "import sys; from componentize_py import script; sys.exit(script())"
        tool = [sys.executable, "-c", run, "-d", str(WIT), "-w", WORLD, "bindings", scratch]
        subprocess.run(tool, check=True)
        for name in KEPT:
            source = Path(scratch, name)
            if source.is_dir():
                shutil.copytree(source, target / name)
            else:
                shutil.copy(source, target / name)


def table(bindings: Path) -> str:
    """Write a module that lists the functions of the bindings, from their source."""
    lines = [
        '"""The functions of the WIT; written by ``hatch run stubs:generate``."""',
        "",
        "FUNCTIONS: dict[str, tuple[tuple[str, ...], str | None]] = {",
    ]
    for interface in sorted(_INTERFACE.findall(COMPUTE.read_text())):
        path = bindings / f"wit_world/imports/{interface.replace('-', '_')}.py"
        if not path.exists():
            continue
        for label, function in _functions(ast.parse(path.read_text()).body):
            parameters = tuple(parameter.arg for parameter in function.args.args)
            raises = _RAISES.search(ast.get_docstring(function) or "")
            entry = (parameters, raises[1] if raises else None)
            lines.append(f"    {f'{interface}.{label}'!r}: {entry!r},")
    lines += [
        "}",
        '"""What each function takes, and the type of its error in ``wit_world.imports``."""',
    ]
    return "\n".join(lines) + "\n"


def _functions(body: list[ast.stmt]) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name not in _CONTEXT:
                    yield f"{node.name}.{method.name}", method


def type_stubs(bindings: Path) -> dict[str, str]:
    """Make the type stubs (PEP 561) of the bindings: their texts, by path."""
    stubs = {}
    sources = [bindings / "componentize_py_types.py", *sorted(bindings.glob("wit_world/**/*.py"))]
    for source in sources:
        package, *inner = source.relative_to(bindings).with_suffix("").parts
        path = "/".join([f"{package}-stubs", *(inner or ["__init__"])])
        module = _Declarations().visit(ast.parse(source.read_text()))
        _drop_unused_imports(module)
        stubs[f"{path}.pyi"] = f"{_GENERATED}{ast.unparse(ast.fix_missing_locations(module))}\n"
    return stubs


class _Declarations(ast.NodeTransformer):
    """Leaves out the bodies of functions, except for their docstrings."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        docstring = ast.get_docstring(node)
        node.body = [ast.Expr(ast.Constant(docstring or ...))]
        return node


def _drop_unused_imports(module: ast.Module) -> None:
    used = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    for node in module.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [alias for alias in node.names if (alias.asname or alias.name) in used]
    module.body = [node for node in module.body if getattr(node, "names", True)]


if __name__ == "__main__":
    for old in KEPT:
        path = STUBS / old
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    generate(STUBS)
    TABLE.write_text(table(STUBS))
    shutil.rmtree(TYPES, ignore_errors=True)
    for name, text in type_stubs(STUBS).items():
        stub = TYPES / name
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(text)
