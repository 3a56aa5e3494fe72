"""Checks the snippets of docs/comparison with the tools of their languages.

Rust is checked by cargo against the crate ``fastly``, as one crate with a module for each snippet;
JavaScript by tsc with the types of ``@fastly/js-compute``; Go's syntax by gofmt. Python is run by
tests/test_docs_comparison.py. A tool that is missing is named, and is an error where CI is true.
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


def run(folder: Path, *command: str) -> None:
    """Run a command and end with its output if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def check_rust(folder: Path) -> None:
    """Check the snippets in Rust."""
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


def check_javascript(folder: Path) -> None:
    """Check the snippets in JavaScript, which use types where they have arguments."""
    for name, code in snippets("javascript").items():
        (folder / f"{name}.ts").write_text(code, encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    sdk = f"@fastly/js-compute@{VERSIONS['javascript']['version']}"
    # Its types are all that is needed, and a hundredth of what it would bring along.
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


def check_go(folder: Path) -> None:
    """Check the snippets in Go: that they are Go, and formatted as such."""
    for name, code in snippets("go").items():
        (folder / f"{name}.go").write_text(code, encoding="utf-8")
    files = [path.name for path in sorted(folder.glob("*.go"))]
    done = subprocess.run(
        ["gofmt", "-e", "-l", *files], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode or done.stdout:
        raise SystemExit(f"gofmt does not agree with:\n{done.stdout}{done.stderr}")


CHECKS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "rust": ("cargo", check_rust),
    "javascript": ("npm", check_javascript),
    "go": ("gofmt", check_go),
}


def main() -> None:
    """Check the languages that are named, or all."""
    missing = []
    for language in sys.argv[1:] or CHECKS:
        tool, check = CHECKS[language]
        if shutil.which(tool) is None:
            print(f"{language}: not checked, for there is no {tool} on PATH")
            missing.append(tool)
            continue
        with tempfile.TemporaryDirectory() as folder:
            check(Path(folder))
        print(f"{language}: {len(snippets(language))} snippets hold")
    # Go is needed for nothing else here, so that a machine without it is a usual one.
    if os.environ.get("CI") == "true" and set(missing) - {"gofmt"}:
        raise SystemExit(f"{', '.join(missing)} must be there where CI is true")


if __name__ == "__main__":
    main()
