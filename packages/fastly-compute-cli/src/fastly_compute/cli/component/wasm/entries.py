"""The entries of a component's sections, and the index spaces that they refer to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Sort(IntEnum):
    """The index spaces of a component."""

    CORE = 0
    FUNC = 1
    VALUE = 2
    TYPE = 3
    COMPONENT = 4
    INSTANCE = 5


class CoreSort(IntEnum):
    """The index spaces of what core modules are made of."""

    FUNC = 0
    TABLE = 1
    MEMORY = 2
    GLOBAL = 3


class Builtin(IntEnum):
    """The kinds of core functions."""

    LIFT = 0
    LOWER = 1
    RESOURCE_NEW = 2
    RESOURCE_DROP = 3
    RESOURCE_REP = 4


@dataclass(frozen=True, slots=True)
class Import:
    """An imported instance."""

    name: str
    type: int


@dataclass(frozen=True, slots=True)
class Alias:
    """Something taken from what an instance exports."""

    sort: Sort
    instance: int
    name: str


@dataclass(frozen=True, slots=True)
class CoreAlias:
    """Something taken from what a core instance exports."""

    sort: CoreSort
    instance: int
    name: str


@dataclass(frozen=True, slots=True)
class CoreInstance:
    """A core module with its arguments: for each name the index of a core instance."""

    module: int
    arguments: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class InlineExports:
    """A core instance that is only a list of exports."""

    exports: Mapping[str, tuple[CoreSort, int]]


@dataclass(frozen=True, slots=True)
class Options:
    """How values go between a component and the memory of a core module.

    Attributes:
        memory: The memory.
        functions: Core functions, by the numbers of what they are for.
        others: The options that refer to nothing, such as an encoding.
    """

    memory: int | None
    functions: Mapping[int, int]
    others: Sequence[int]


@dataclass(frozen=True, slots=True)
class Lift:
    """A function made of a core function."""

    core_function: int
    options: Options
    type: int


@dataclass(frozen=True, slots=True)
class Lower:
    """A core function made of a function."""

    function: int
    options: Options


@dataclass(frozen=True, slots=True)
class ResourceFunction:
    """A core function that makes, drops or looks into a resource."""

    builtin: Builtin
    type: int


@dataclass(frozen=True, slots=True)
class Instance:
    """A component with its arguments: for each name what it is, by its index."""

    component: int
    arguments: Sequence[tuple[str, Sort, int]]


@dataclass(frozen=True, slots=True)
class Export:
    """An exported item; `index` counts within `sort`."""

    name: str
    sort: Sort
    index: int


# The kinds of index spaces of a component, and of its core modules.
Item = Import | Alias | Lift | Instance | Export
CoreItem = CoreAlias | Lower | ResourceFunction
