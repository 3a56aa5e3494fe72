"""The report of `build`: what a component consists of, with sizes."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fastly_compute.cli.component.image import core_modules
from fastly_compute.cli.component.module_sizes import Module, ModuleSizes, Origin, module_sizes
from fastly_compute.cli.component.wasm import core_module
from fastly_compute.cli.component.wasm.binary import ComposeError
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.progress import megabytes

_LISTED = 15
_ORIGINS: dict[Origin, str] = {
    "app": "the app",
    "package": "packages",
    "sdk": "the SDK",
    "python": "Python",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a component.

    Attributes:
        name: Its name.
        size: Its size in bytes.
    """

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Report:
    """The content of a component.

    Attributes:
        parts: What it consists of. Their sizes add up to that of the component.
        modules: The modules that were imported when it was built, the largest first.
        kept: The compressed modules and files that it has for use at run time, the largest first.
    """

    parts: Sequence[Part]
    modules: Sequence[Module]
    kept: Sequence[Module]

    @property
    def size(self) -> int:
        """The size of the component, in bytes."""
        return sum(part.size for part in self.parts)


def read_report(component: Path, own_roots: int) -> Report:
    """Measure a component.

    Args:
        component: A component as `build` makes it.
        own_roots: How many import roots were the app's own when it was built.

    Raises:
        CliError: It cannot be read.
    """
    try:
        data = component.read_bytes()
        code = sum(_code_size(data[start:end]) for start, end in core_modules(data))
        sizes = module_sizes(data, own_roots)
    except ComposeError as error:
        raise CliError(f"cannot report what is in {component}: {error}") from error
    parts = [Part("machine code of Python and its libraries", code), *_memory_parts(sizes)]
    rest = len(data) - sum(part.size for part in parts)
    parts.append(Part("the rest: tables, types and addresses of the data", rest))
    return Report(parts, sizes.loaded, sizes.kept)


def _code_size(module: bytes) -> int:
    parts = core_module.sections(module, "a core module")
    return sum(end - start for kind, start, end in parts if kind is core_module.SectionId.CODE)


def _memory_parts(sizes: ModuleSizes) -> Iterator[Part]:
    yield Part("data of Python and its libraries", sizes.static)
    loaded = Counter[Origin]()
    for module in sizes.loaded:
        loaded[module.origin] += module.size
    for origin, name in _ORIGINS.items():
        yield Part(f"imported modules of {name}", loaded[origin])
    yield Part("modules and files to import or read later", sum(one.size for one in sizes.kept))
    yield Part("objects of no one module, and free memory", sizes.shared)


def as_json(report: Report, file: str, package_size: int) -> str:
    """Write a report as a JSON object.

    Args:
        report: The report.
        file: The path of the component.
        package_size: The size of the package, in bytes.
    """
    return json.dumps(
        {
            "file": file,
            "size": report.size,
            "package_size": package_size,
            "parts": [asdict(part) for part in report.parts],
            "modules": [asdict(module) for module in report.modules],
            "kept": [asdict(module) for module in report.kept],
        }
    )


def lines(report: Report) -> Iterator[str]:
    """Write a report for people."""
    yield "Parts:"
    for part in report.parts:
        yield f"{_size(part.size)} {part.size / report.size:>5.0%}  {part.name}"
    yield from _listed("Largest imported modules, with their objects:", report.modules)
    yield from _listed("Largest modules and files for later, compressed:", report.kept)


def _listed(title: str, modules: Sequence[Module]) -> Iterator[str]:
    yield ""
    yield title
    for module in modules[:_LISTED]:
        yield f"{_size(module.size)}        {module.name} ({_ORIGINS[module.origin]})"
    others = modules[_LISTED:]
    if others:
        size = sum(module.size for module in others)
        yield f"{_size(size)}        {len(others)} others"


def _size(size: int) -> str:
    written = megabytes(size) if size >= 1_000_000 else f"{size / 1e3:.0f} kB"
    return f"{written:>9}"
