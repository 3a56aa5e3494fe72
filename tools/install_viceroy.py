"""Install Viceroy, Fastly's own local host, into the cache, where the tools find it."""

import shutil
import subprocess
import sys

from fastly_compute.cli.commands.viceroy import VERSION, install_folder


def main() -> int:
    """Build it with cargo, unless it is already installed."""
    folder = install_folder()
    program = folder / "bin" / "viceroy"
    if program.exists():
        print(f"Viceroy {VERSION} is installed: {program}")
        return 0
    cargo = shutil.which("cargo")
    if cargo is None:
        print("Building Viceroy needs Rust's cargo, which is not installed: see https://rustup.rs")
        return 1
    print(f"Building Viceroy {VERSION}; this takes about ten minutes, once.", flush=True)
    install = [cargo, "install", "viceroy", "--version", VERSION, "--locked", "--quiet"]
    return subprocess.run([*install, "--root", folder]).returncode


if __name__ == "__main__":
    sys.exit(main())
