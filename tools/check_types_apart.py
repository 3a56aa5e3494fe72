"""Check the types of what mypy cannot check in one run, because file names repeat.

These are the apps in examples/ and benchmarks/, which all have a `main`, and the tests of
packages, which all have a `conftest`. Pyright, whose errors many editors show, checks the examples
and the tests of types too.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Upstream's SDK has other packages under the same names, which cannot be installed beside ours.
UPSTREAM = ROOT / "benchmarks/peers/upstream"
# Bottle has no types.
FRAMEWORKS = {"bottle-app": ("--allow-untyped-decorators", "--no-warn-return-any")}
# pytest passes fixtures by name: tests read better without their types.
RELAXED = [
    "--allow-untyped-defs",
    "--allow-incomplete-defs",
    "--allow-untyped-calls",
    "--allow-untyped-decorators",
    "--allow-subclassing-any",
    "--allow-any-generics",
    "--no-warn-return-any",
    "--no-strict-equality",
]
# Tests pass wrong values on purpose, and fail by themselves where a value is None.
DISABLED = (
    "arg-type",
    "call-arg",
    "call-overload",
    "func-returns-value",
    "dict-item",
    "index",
    "list-item",
    "misc",
    "operator",
    "type-var",
    "union-attr",
    "var-annotated",
)
RELAXED += [option for code in DISABLED for option in ("--disable-error-code", code)]


def check(folder: Path, *options: str) -> bool:
    """Run mypy in a folder, and return whether it found nothing."""
    print(folder.relative_to(ROOT), flush=True)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(ROOT / ".mypy_cache"), "--exclude", r"(^|/)(bin|pkg)/"]
    return subprocess.run([*command, *options, "."], cwd=folder, check=False).returncode == 0


# The types of one's libraries name the real requests; those of the other's are not installed.
NOT_FOR_PYRIGHT = {"requests-libraries", "object-storage"}


def check_pyright() -> bool:
    """Run pyright on the examples and the tests of types, and return whether it found nothing."""
    print("pyright", flush=True)
    apps = [app for app in ROOT.glob("examples/*") if app.name not in NOT_FOR_PYRIGHT]
    settings = {
        "include": [str(path) for path in (*apps, ROOT / "tests/typing")],
        "typeCheckingMode": "standard",
        "pythonVersion": "3.11",
        "reportMissingImports": "none",  # of libraries that only the test environment has
        "reportMissingModuleSource": "none",  # the bindings, which are in the guest
        "executionEnvironments": [{"root": str(app)} for app in apps],
    }
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "pyrightconfig.json"
        file.write_text(json.dumps(settings))
        command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable]
        return subprocess.run([*command, "-p", str(file)], check=False).returncode == 0


def main() -> int:
    """Check all folders, and return how many failed."""
    mains = [*ROOT.glob("examples/*/main.py"), *ROOT.glob("benchmarks/**/main.py")]
    apps = sorted({path.parent for path in mains} - {UPSTREAM})
    results = [check(app, *FRAMEWORKS.get(app.name, ())) for app in apps]
    results += [check(tests, *RELAXED) for tests in sorted(ROOT.glob("packages/*/tests"))]
    results.append(check_pyright())
    return results.count(False)


if __name__ == "__main__":
    sys.exit(main())
