"""The sizes of the Python modules in a component.

A module's size is that of its objects: its code, functions, classes and what only they refer to.
What several modules refer to counts for the one that is nearest to it, by references.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from fastly_compute.cli.component.memory import Memory
from fastly_compute.cli.component.python_objects import Objects
from fastly_compute.cli.component.wasm.binary import ComposeError

Origin = Literal["app", "package", "sdk", "python"]
"""The source of a module: the app itself, an installed package, this SDK, or Python."""

_FROZEN = "<frozen "
_KEPT_MODULES, _KEPT_FILES = "fastly_compute_late_imports", "fastly_compute_files"
_ENTRY, _HOLES, _HOLES_DEPTH = "fastly_compute_entry", "_kept", 4
_SDK = ("fastly_compute", "wit_world", "componentize_py")
_SHARED = ""  # the owner of what no module owns
_FEWEST = 50


@dataclass(frozen=True, slots=True)
class Module:
    """A module, or a file.

    Attributes:
        name: Its name; of a file, its path in the guest.
        origin: Where it is from.
        size: How many bytes of the component it takes.
    """

    name: str
    origin: Origin
    size: int


@dataclass(frozen=True, slots=True)
class ModuleSizes:
    """The memory of an interpreter, by what takes it. Sizes are bytes of the component.

    Attributes:
        loaded: The modules that were imported at build time, the largest first.
        kept: Compressed modules and files that are there for use at run time, the largest first.
        shared: What belongs to no module: built-in modules, and what all modules use.
        static: The interpreter's constants and variables.
    """

    loaded: list[Module]
    kept: list[Module]
    shared: int
    static: int


def module_sizes(component: bytes, own_roots: int) -> ModuleSizes:
    """Measure the Python modules in a component.

    Args:
        component: A component as `build` makes it.
        own_roots: How many of the import roots, which come first, are the app's own.

    Raises:
        ComposeError: It has no memory of a CPython that is known.
    """
    return _Owners(Objects(Memory(component)), own_roots).measured()


class _Owners:
    """Finds out to which module each chunk of the heap belongs."""

    def __init__(self, objects: Objects, own_roots: int) -> None:
        self._objects = objects
        self._own_roots = own_roots
        self._chunks = objects.memory.chunks
        self._owners: dict[int, str] = {}
        self._files: dict[str, str] = {}  # of each module, by its name
        self._kept: dict[str, str] = {}  # the paths of what is kept for later, by its name
        self._own_modules()
        if len(self._files) < _FEWEST:
            raise ComposeError("cannot read the app: its modules were not found")
        self._own_code()
        self._own_classes()
        self._spread()

    def _own_modules(self) -> None:
        objects = self._objects
        for chunk, namespace in objects.modules():
            name, file = (objects.text(namespace, key) for key in ("__name__", "__file__"))
            if name and file:
                self._files[name] = file
            owner = name if name and file else _SHARED
            self._owners[chunk] = owner
            if namespace in objects.chunk_at:
                self._owners[objects.chunk_at[namespace]] = owner
            if name == _KEPT_MODULES:
                self._own_kept(namespace, "_codes", name_is_path=False)
            elif name == _KEPT_FILES:
                self._own_kept(namespace, "_contents", name_is_path=True)
            elif name == _ENTRY:
                self._share_holes(namespace)

    def _share_holes(self, namespace: int) -> None:
        """Note the lists of memory that the build filled: old pointers lead there, too."""
        objects = self._objects
        todo = {objects.chunk_at.get(objects.value(namespace, _HOLES), -1)} - {-1}
        for _ in range(_HOLES_DEPTH):
            todo = {other for chunk in todo for other in objects.references(chunk)}
            self._owners.update(dict.fromkeys(todo - self._owners.keys(), _SHARED))

    def _own_kept(self, namespace: int, key: str, *, name_is_path: bool) -> None:
        """Note what was kept for use at run time: a tuple for each, with the compressed bytes."""
        objects = self._objects
        for name, value in objects.items(objects.value(namespace, key)):
            chunk = objects.chunk_at.get(value)
            if chunk is not None:
                path = name if name_is_path else next(objects.strings(chunk), "")
                owner = _kept_owner(name)
                self._kept[name] = path
                self._owners[chunk] = owner

    def _own_code(self) -> None:
        objects = self._objects
        names = {file: name for name, file in self._files.items()}
        for chunk, file in objects.code():
            frozen = file.removeprefix(_FROZEN).removesuffix(">")
            name = names.get(file, frozen if frozen in self._files else None)
            if name is not None:
                self._owners[chunk] = name
        for chunk, namespace, code in objects.functions():
            code_chunk, globals_chunk = (objects.chunk_at.get(one, -1) for one in (code, namespace))
            # That of dataclasses is made at run time, and has no file.
            owner = self._owners.get(code_chunk, self._owners.get(globals_chunk))
            if owner is not None and code_chunk >= 0:
                self._owners[chunk] = self._owners[code_chunk] = owner

    def _own_classes(self) -> None:
        for chunk, namespace in self._objects.classes():
            name = self._objects.text(namespace, "__module__")
            if name is not None:
                self._owners[chunk] = name if name in self._files else _SHARED

    def _spread(self) -> None:
        """Give what has no owner to the nearest one that refers to it."""
        todo = list(self._owners)
        while todo:
            found = []
            for chunk in todo:
                for other in self._objects.references(chunk):
                    if other not in self._owners:
                        self._owners[other] = self._owners[chunk]
                        found.append(other)
            todo = found

    def measured(self) -> ModuleSizes:
        memory = self._objects.memory
        sizes: Counter[str] = Counter()
        for index, chunk in enumerate(self._chunks):
            sizes[self._owners.get(index, _SHARED)] += memory.stored(chunk.start, chunk.end)
        loaded = [
            Module(name, self._origin(name, file), sizes[name])
            for name, file in self._files.items()
            if sizes[name]
        ]
        kept = [
            Module(name, self._origin(name, path), sizes[_kept_owner(name)])
            for name, path in self._kept.items()
        ]
        named = sum(one.size for one in (*loaded, *kept))
        return ModuleSizes(
            loaded=_largest_first(loaded),
            kept=_largest_first(kept),
            shared=memory.total - memory.static - named,
            static=memory.static,
        )

    def _origin(self, name: str, path: str) -> Origin:
        if name.startswith(_SDK):
            return "sdk"
        root = path.split("/")[1] if path.startswith("/") else ""
        if not root.isdigit():
            return "python"
        if "/fastly_compute/" in path:
            return "sdk"
        return "app" if int(root) < self._own_roots else "package"


def _kept_owner(name: str) -> str:
    """Name the owner of what is kept for later: not as a module that was imported."""
    return f"{_KEPT_MODULES} {name}"


def _largest_first(modules: list[Module]) -> list[Module]:
    return sorted(modules, key=lambda module: (-module.size, module.name))
