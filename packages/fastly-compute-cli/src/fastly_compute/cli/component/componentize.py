"""Runs componentize-py: it imports an app in CPython for WebAssembly, and keeps that memory."""

import array
import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WORLD = "fastly:compute/service@0.1.0"
_CLI = Path(__file__).parents[1]
_ENTRY = "fastly_compute_app"
_RUN = "import sys; from componentize_py import script; sys.exit(script())"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where objects are in the memory of the guest.

    Attributes:
        none: The address of None.
        types: The addresses of the types whose instances are among the objects.
        objects: The addresses of the objects.
        loads: The addresses of the instructions that load a constant and count a reference to it,
            and the addresses of these constants.
        counted: The opcode of those instructions.
        uncounted: The opcode that loads an immortal constant.
    """

    none: int
    types: Sequence[int]
    objects: Sequence[int]
    loads: Sequence[tuple[int, int]]
    counted: int
    uncounted: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """The modules and files that a component has for use at run time.

    Attributes:
        modules: The number of modules.
        files: The number of files.
        sizes: How many bytes they take, by what brought them.
        lacks_time_zones: Whether something may use zoneinfo, and tzdata is missing.
    """

    modules: int
    files: int
    sizes: Mapping[str, int]
    lacks_time_zones: bool


@dataclass(frozen=True, slots=True)
class Componentized:
    """What componentize-py and the guest left.

    Attributes:
        component: The component; None if the build failed.
        output: What componentize-py wrote to its standard error.
        reports: The folder of the guest's reports.
    """

    component: bytes | None
    output: str
    reports: Path

    def fatal_pass(self) -> str:
        """Read which pass ended the interpreter; an empty string if none did."""
        running = self.reports / "running"
        if self.component is not None or not running.is_file():
            return ""
        return running.read_text(encoding="utf-8")

    def failed_passes(self) -> Mapping[str, str]:
        """Read which passes failed in the guest: the error of each, by its name."""
        text = (self.reports / "failed").read_text(encoding="utf-8")
        found: Mapping[str, str] = ast.literal_eval(text)
        return found

    def embedded(self) -> Embedded:
        """Read what was embedded."""
        text = (self.reports / "embedded").read_text(encoding="utf-8")
        return Embedded(**ast.literal_eval(text))

    def addresses(self) -> Addresses:
        """Read the addresses that the pass `immortal` wrote in the guest."""
        numbers = array.array("I", (self.reports / "objects").read_bytes())
        end = len(numbers) - 2 - numbers[-2]
        *loads, counted, uncounted = array.array("I", (self.reports / "loads").read_bytes())
        return Addresses(
            none=numbers[-1],
            types=numbers[end:-2],
            objects=numbers[:end],
            loads=list(zip(loads[::2], loads[1::2], strict=True)),
            counted=counted,
            uncounted=uncounted,
        )


def componentize(
    work: Path,
    entry: str,
    own: Sequence[str],
    roots: Iterable[Path],
    passes: Iterable[str],
    embedding: str,
) -> Componentized:
    """Make a component of an app, which a Compute host does not accept yet.

    Args:
        work: An empty folder.
        entry: The app's module.
        own: The app's own import roots, as the guest sees them.
        roots: All import roots, in order.
        passes: The names of the passes to run; those that the guest does not know are left out.
        embedding: What to embed, as `Embedding.described` says it.
    """
    guest = guest_folder(work, entry, own, passes, embedding)
    component, output = run(work, [*roots, guest], _ENTRY)
    return Componentized(component, output, guest)


def copy_guest(folder: Path) -> Path:
    """Copy the guest's modules to a new folder."""
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(_CLI / "component" / "guest", folder, ignore=ignored)


def guest_folder(
    work: Path, entry: str, own: Sequence[str], passes: Iterable[str], embedding: str
) -> Path:
    """Make the folder with the guest's modules and what they are to do: see `componentize`."""
    guest = copy_guest(work / "entry")
    settings = [" ".join(passes), entry, *own]
    (guest / "settings").write_text("\n".join(settings), encoding="utf-8")
    (guest / "to-embed").write_text(embedding, encoding="utf-8")
    return guest


def run(work: Path, roots: Iterable[Path], module: str) -> tuple[bytes | None, str]:
    """Run componentize-py.

    Args:
        work: A folder for what it needs.
        roots: The import roots, which the guest sees as ``/0`` and so on.
        module: The module to import.

    Returns:
        The component, which is None if it failed; and what it wrote to its standard error.
    """
    # componentize-py would add the site-packages of whatever Python comes first on PATH.
    environment = work / "environment"
    (environment / "lib" / "site-packages").mkdir(parents=True)
    component = work / "app.wasm"
    paths = [part for root in roots for part in ("-p", str(root))]
    common = ["-d", str(_CLI / "wit"), "-w", WORLD, "componentize"]
    finished = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-c", _RUN, *common, *paths, module, "-o", str(component)],
        cwd=work,
        env={**os.environ, "VIRTUAL_ENV": str(environment), "RUST_BACKTRACE": "0"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return component.read_bytes() if finished.returncode == 0 else None, finished.stderr
