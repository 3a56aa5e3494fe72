"""Machine code in an app's environment, and what hides this SDK's packages."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

_SUFFIXES = (".so", ".pyd", ".dylib")
_FOR_GUEST = ".cpython-314-wasm32-wasi.so"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeExtension:
    """A module in machine code.

    Attributes:
        file: Where it is.
        distribution: What brought it, such as ``numpy 2.4.0``, or the file's name.
    """

    file: Path
    distribution: str

    @property
    def for_guest(self) -> Path:
        """Where the same module is if it is built for the guest as well."""
        return _for_guest(self.file)


def find_native(module: str, roots: Iterable[Path]) -> NativeExtension | None:
    """Look whether a module that the guest does not find is there in machine code.

    Args:
        module: The dotted name.
        roots: The import roots.
    """
    *parents, name = module.split(".")
    for root in roots:
        for file in sorted(root.joinpath(*parents).glob(f"{name}.*")):
            if file.name.endswith(_SUFFIXES) and file.name.split(".")[0] == name:
                return native_extension(root, file)
    return None


def native_extension(root: Path, file: Path) -> NativeExtension:
    """Say what brought a module in machine code.

    Args:
        root: The import root that it is in.
        file: The module.
    """
    return NativeExtension(file=file, distribution=_owner(root, file) or file.name)


def loaded_native_extensions(modules: Iterable[str], roots: Iterable[Path]) -> list[str]:
    """Name the distributions of the modules in machine code that are loaded in this process.

    Modules that are also built for the guest are left out.

    Args:
        modules: The names of loaded modules.
        roots: The import roots; what comes from elsewhere, as the standard library does, is left
            out.
    """
    found = set()
    for name in modules:
        path = getattr(sys.modules.get(name), "__file__", None) or ""
        file = Path(path)
        root = next((root for root in roots if file.is_relative_to(root)), None)
        if root is not None and path.endswith(_SUFFIXES) and not _for_guest(file).is_file():
            found.add(native_extension(root, file).distribution)
    return sorted(found)


def native_dependencies(requirements: Iterable[str], roots: Iterable[Path]) -> list[str]:
    """Name the distributions with machine code among requirements and what those require.

    Modules that are also built for the guest are left out.

    Args:
        requirements: As in ``[project] dependencies``.
        roots: The import roots.
    """
    paths = [str(root) for root in roots]
    known = {_normal(d.metadata["Name"]): d for d in distributions(path=paths)}
    waiting = [_required(line) for line in requirements]
    needed: dict[str, Distribution] = {}
    while waiting:
        name = waiting.pop()
        if name in known and name not in needed:
            needed[name] = known[name]
            lines = known[name].requires or ()
            waiting += [_required(line) for line in lines if "extra ==" not in line]
    return sorted(
        _label(distribution)
        for distribution in needed.values()
        if any(
            file.name.endswith(_SUFFIXES) and not _for_guest(Path(str(file.locate()))).is_file()
            for file in distribution.files or ()
        )
    )


def find_upstream(roots: Iterable[Path]) -> str | None:
    """Find the SDK that owns a regular package ``fastly_compute`` and so hides this one's.

    Returns:
        The extension and its path, or None.
    """
    for root in roots:
        package = root / "fastly_compute" / "__init__.py"
        if package.is_file():
            return f"{_owner(root, package) or 'a package fastly_compute'} in {root}"
    return None


def _for_guest(file: Path) -> Path:
    return file.with_name(file.name.split(".")[0] + _FOR_GUEST)


def _owner(root: Path, file: Path) -> str | None:
    wanted = file.relative_to(root).as_posix()
    for distribution in distributions(path=[str(root)]):
        if any(part.as_posix() == wanted for part in distribution.files or ()):
            return _label(distribution)
    return None


def _label(distribution: Distribution) -> str:
    return f"{distribution.metadata['Name']} {distribution.version}"


def _required(line: str) -> str:
    found = re.match(r"[\w.-]+", line)
    return _normal(found[0]) if found else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
