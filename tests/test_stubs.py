"""The bindings in the repository are the ones that the vendored WIT generates."""

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
