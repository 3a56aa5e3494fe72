"""Check the snippets and the tables of docs/comparison with the tools of their languages.

cargo checks Rust against the crate ``fastly``, as one crate with a module for each snippet; tsc
checks JavaScript with the types of ``@fastly/js-compute``; gofmt and go vet check Go against the
module ``compute-sdk-go``, as one module with a package for each snippet. The names in the tables
are looked up in the sources that these tools download. tests/docs/test_docs_comparison.py checks
Python. The script reports a missing tool, which is an error if CI is true.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import platformdirs
from check_tables import Source, check_tables, read

COMPARISON = Path(__file__).parent.parent / "docs" / "comparison"
VERSIONS = tomllib.loads((COMPARISON / "versions" / "versions.toml").read_text(encoding="utf-8"))
CARGO = """[package]
name = "snippets"
version = "0.0.0"
edition = "2021"

[dependencies]
anyhow = "1"
fastly = "={fastly}"
fastly-shared = "={fastly}"
serde_json = "1"

[workspace]
"""
# The packages of Go's standard library that the tables mention.
GO_PACKAGES = ("context", "encoding/json", "errors", "io", "net/url", "sync")
TSCONFIG = {
    "compilerOptions": {
        "lib": ["ESNext"],
        "module": "ESNext",
        "moduleDetection": "force",
        "moduleResolution": "bundler",
        "noEmit": True,
        "skipLibCheck": True,
        "strict": True,
        "target": "ESNext",
        "types": ["@fastly/js-compute"],
    },
    "include": ["*.ts"],
}


def snippets(language: str) -> dict[str, str]:
    """Return the snippets of a language, by capability."""
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["snippets"][language]
        for path in sorted(COMPARISON.glob("*.toml"))
    }


def run(folder: Path, *command: str, **variables: str) -> str:
    """Return a command's output; exit with that if it fails."""
    environment = os.environ | variables
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def check_rust(folder: Path) -> Source:
    """Check the snippets in Rust, and return the source of the crates of the SDK."""
    source = folder / "src"
    source.mkdir()
    (folder / "Cargo.toml").write_text(CARGO.format(fastly=VERSIONS["rust"]["version"]))
    lines = ["#![allow(dead_code)]"]
    for name, code in snippets("rust").items():
        module = name.replace("-", "_")
        (source / f"{module}.rs").write_text(code, encoding="utf-8")
        lines.append(f"mod {module};")
    (source / "lib.rs").write_text("\n".join(lines) + "\n")
    target = Path(platformdirs.user_cache_dir("fastly-compute-docs")) / "rust"
    command = ["cargo", "check", "--quiet", "--all-targets", "--target-dir", str(target)]
    run(folder, *command)
    files: dict[str, str] = {}
    for package in json.loads(run(folder, "cargo", "metadata", "--format-version=1"))["packages"]:
        if package["name"].split("-")[0] == "fastly":
            crate = Path(package["manifest_path"]).parent
            files |= read(crate.parent, (crate / "src").rglob("*.rs"))
    return Source("rust", files)


def check_javascript(folder: Path) -> Source:
    """Check the snippets in JavaScript, and return the types of the SDK and of the language.

    The snippets use types where they have arguments.
    """
    for name, code in snippets("javascript").items():
        (folder / f"{name}.ts").write_text(code, encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    sdk = f"@fastly/js-compute@{VERSIONS['javascript']['version']}"
    # Only its types are needed, a hundredth of its dependencies.
    run(folder, "npm", "pack", "--silent", sdk)
    (packed,) = folder.glob("*.tgz")
    package = folder / "node_modules" / "@fastly" / "js-compute"
    with tarfile.open(packed) as archive:
        wanted = [
            member
            for member in archive.getmembers()
            if member.name == "package/package.json" or member.name.endswith(".d.ts")
        ]
        archive.extractall(folder, members=wanted, filter="data")
    package.parent.mkdir(parents=True)
    (folder / "package").rename(package)
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", "tool"]
    run(folder, *npm, f"typescript@{VERSIONS['javascript']['typescript']}")
    run(folder, "tool/node_modules/.bin/tsc", "--project", ".")
    standard = folder / "tool" / "node_modules" / "typescript" / "lib"
    return Source(
        "javascript",
        read(package, (package / "types").glob("*.d.ts")),
        read(standard, standard.glob("lib.es*.d.ts")),
    )


def check_go(folder: Path) -> Source:
    """Check the snippets in Go, and return the source of the SDK and of the language."""
    for name, code in snippets("go").items():
        (folder / name).mkdir()
        (folder / name / "snippet.go").write_text(code, encoding="utf-8")
    if differs := run(folder, "gofmt", "-l", "."):
        raise SystemExit(f"gofmt would format this differently:\n{differs}")
    module = "github.com/fastly/compute-sdk-go"
    run(folder, "go", "mod", "init", "snippets")
    run(folder, "go", "get", f"{module}@v{VERSIONS['go']['version']}")
    run(folder, "go", "vet", "./...", GOOS="wasip1", GOARCH="wasm")
    sdk = Path(json.loads(run(folder, "go", "list", "-m", "-json", module))["Dir"])
    library = Path(run(folder, "go", "env", "GOROOT").strip()) / "src"
    public = [
        path
        for path in sdk.rglob("*.go")
        if not path.name.endswith("_test.go")
        and not {"internal", "_examples", "integration_tests", "end_to_end_tests"}
        & {*path.relative_to(sdk).parts}
    ]
    # Some public types are aliases of internal ones.
    internal = read(sdk, (sdk / "internal" / "abi" / "fastly").glob("*.go"))
    for package in GO_PACKAGES:
        internal |= read(library, (library / package).glob("*.go"))
    return Source("go", read(sdk, public), internal)


CHECKS: dict[str, tuple[str, Callable[[Path], Source]]] = {
    "rust": ("cargo", check_rust),
    "javascript": ("npm", check_javascript),
    "go": ("go", check_go),
}


def main() -> None:
    """Check the given languages, or all."""
    missing, errors = [], []
    for language in sys.argv[1:] or CHECKS:
        tool, check = CHECKS[language]
        if shutil.which(tool) is None:
            print(f"{language}: not checked, because there is no {tool} on PATH")
            missing.append(tool)
            continue
        with tempfile.TemporaryDirectory() as folder:
            wrong = check_tables(check(Path(folder)), COMPARISON)
        print(f"{language}: {len(snippets(language))} snippets hold, {len(wrong)} wrong names")
        errors += wrong
    # Nothing else here needs Go, so many machines do not have it.
    if os.environ.get("CI") == "true" and set(missing) - {"go"}:
        errors.append(f"{', '.join(missing)} must be installed if CI is true")
    if errors:
        raise SystemExit("\n".join(errors))


if __name__ == "__main__":
    main()
