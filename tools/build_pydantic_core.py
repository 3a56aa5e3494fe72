"""Build pydantic-core for the WebAssembly guest, beside the one that is installed.

Run it with the Python of the app's environment, which has pydantic 2; it needs pip, and rustup's
cargo. It takes the source of the installed version from PyPI, and some minutes.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import distribution, version
from pathlib import Path

PACKAGE = "pydantic-core"
MODULE = "pydantic_core/_pydantic_core"
# Loaded by a guest that is CPython 3.14, and by nothing else.
SUFFIX = ".cpython-314-wasm32-wasi.so"
TARGET = "wasm32-wasip2"
# What PyO3 would otherwise ask a Python of the target for.
PYO3_CONFIG = """\
implementation=CPython
version=3.14
shared=true
abi3=false
pointer_width=32
build_flags=
suppress_build_script_link_lines=true
"""
LINKER = [
    "-Clink-arg=-shared",
    "-Clink-arg=--experimental-pic",
    # Export nothing but PyInit_…: what is exported, above all of Rust's library, is not dropped,
    # and imports from the host what a guest is not given.
    "-Clink-arg=--no-export-dynamic",
    # A library, not a component: componentize-py links it.
    "-Clink-arg=--skip-wit-component",
    # The C library is componentize-py's, too. The linker is content with an empty one.
    "-Clink-self-contained=no",
]


def build(work: Path) -> Path:
    """Build the installed version in an empty folder, and return the library."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work)]
    wanted = f"{PACKAGE}=={version(PACKAGE)}"
    subprocess.run([*pip, "--no-binary", PACKAGE, wanted], check=True)
    (archive,) = work.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        source.extractall(work, filter="data")
    config = work / "pyo3-config.txt"
    config.write_text(PYO3_CONFIG, encoding="utf-8")
    libraries = work / "libraries"
    libraries.mkdir()
    (libraries / "libc.a").write_bytes(b"!<arch>\n")
    subprocess.run(["rustup", "target", "add", TARGET], check=True)
    cargo = ["cargo", "rustc", "--release", "--lib", "--crate-type", "cdylib", "--locked"]
    options = ["--target", TARGET, "--target-dir", str(work / "target")]
    subprocess.run(
        [*cargo, *options, "--", *LINKER, f"-L{libraries}"],
        cwd=work / archive.name.removesuffix(".tar.gz"),
        env={**os.environ, "PYO3_CONFIG_FILE": str(config), "PYO3_BUILD_EXTENSION_MODULE": "1"},
        check=True,
    )
    return work / "target" / TARGET / "release" / "_pydantic_core.wasm"


def main() -> None:
    """Build it, and put it where componentize-py finds it."""
    place = Path(str(distribution(PACKAGE).locate_file(MODULE + SUFFIX)))
    with tempfile.TemporaryDirectory(prefix="pydantic-core-") as work:
        place.write_bytes(build(Path(work)).read_bytes())
    print(f"{place}: {place.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
