"""The passes: each makes new sandboxes start faster, and an app works without any of them.

What each saves is given in page faults of a request to a new sandbox, with and without it, for the
smallest WSGI app and for a Flask page, which hardly vary. `hatch run benchmarks:passes` measures
them and the time; docs/benchmarks.md has both.
"""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from fastly_compute.cli.component.componentize import Componentized
from fastly_compute.cli.errors import CliError

LEVELS = ("none", "safe", "all")
"""The values of ``--optimize``: no pass, those that only run Python, or every pass."""


class PassError(Exception):
    """A pass cannot be applied: something that it relies on is not so."""


class Pass(Protocol):
    """One pass.

    Attributes:
        name: What ``--without`` takes.
        safe: Whether it only runs Python and depends on no layout of memory or code.
        quick: Whether it saves a few requests more time than it takes; only these passes run for an
            edit of an app that is served.
    """

    name: ClassVar[str]
    safe: ClassVar[bool]
    quick: ClassVar[bool]

    def apply(self, component: bytes, made: Componentized) -> bytes:
        """Change a component.

        Args:
            component: The component as the passes before left it.
            made: What componentize-py and the guest left.

        Raises:
            Exception: It cannot be applied; the component stays unchanged.
        """


class _GuestPass(Pass):
    """A pass that runs in the guest, after the app was imported: see `guest/`."""

    def apply(self, component: bytes, made: Componentized) -> bytes:
        failure = made.failed_passes().get(self.name)
        if failure:
            raise PassError(failure)
        return component


class WarmUp(_GuestPass):
    """Serve a few requests, so that CPython has specialized the code that every request runs.

    That code gets memory side by side first: running code writes to it.

    Saves: 283 instead of 420, and 760 instead of 906.

    Relies on: the function by which componentize-py's bindings call the host, and on nothing of the
    SDK but its public names. The app's handler is not run.
    """

    name = "warm-up"
    safe = True
    quick = False


class Immortal(_GuestPass):
    """Make the objects in the image immortal, so that a request does not write to their counts.

    The garbage collector leaves them alone, too.

    Saves: 280 instead of 445, and 712 instead of 1,117.

    Relies on: how CPython 3.14 lays out an object where pointers have 32 bits. It is checked: None
    has to be immortal, and each object has to have its type and a plausible count.
    """

    name = "immortal"
    safe = False
    quick = False

    def apply(self, component: bytes, made: Componentized) -> bytes:
        """Change the reference counts."""
        from fastly_compute.cli.component.immortal import immortalize

        component = super().apply(component, made)
        return immortalize(component, made.addresses())


class FillHoles(Pass):
    """Mark the free memory between objects as used, so that a request's objects lie side by side.

    Saves: 260 instead of 359, and 724 instead of 850.

    Relies on: the state of wasi-libc's allocator, dlmalloc. It is checked: sizes, lists and trees
    of what is free have to fit each other.
    """

    name = "fill-holes"
    safe = False
    quick = False

    def apply(self, component: bytes, made: Componentized) -> bytes:
        """Change the heap."""
        from fastly_compute.cli.component.heap import fill_holes

        return fill_holes(component)


class Link(Pass):
    """Make one core module, with one memory, of the dozen that componentize-py writes.

    Saves: instances and memories: without it, a request takes 1.39 times as long (hello). It also
    saves the memory of what the app writes, which componentize-py 0.25.1 never frees.

    Relies on: how componentize-py puts a component together, and the instructions of its modules.
    It is checked: what is not known is an error, and the module that comes of it is validated.
    """

    name = "link"
    safe = False
    quick = True

    def apply(self, component: bytes, made: Componentized) -> bytes:
        """Link the modules, and the stub for WASI with them."""
        from fastly_compute.cli.component.link import link, stub_module

        return link(component, stub_module())


class PadData(Pass):
    """Write zeros into the gaps of a large image, where it would be less than half data.

    wasmtime maps such an image into each sandbox, and copies any other larger than 16 MiB. Only an
    app that used much memory while it was imported, and freed it, has one of those.

    Saves: in such an app, a request takes 2 ms instead of 35; in others, nothing.

    Relies on: data segments that are active and do not overlap. It is checked.
    """

    name = "pad-data"
    safe = False
    quick = True

    def apply(self, component: bytes, made: Componentized) -> bytes:
        """Write the zeros."""
        from fastly_compute.cli.component.wasm.pad_data import pad_data

        return pad_data(component)


PASSES: Sequence[Pass] = (
    WarmUp(),
    Immortal(),
    FillHoles(),
    Link(),
    PadData(),
)
"""Every pass, in the order in which they run."""


def select(level: str, without: Sequence[str] = ()) -> list[Pass]:
    """Choose passes.

    Args:
        level: One of `LEVELS`.
        without: The names of passes to leave out.

    Raises:
        CliError: The level or pass is unknown.
    """
    if level not in LEVELS:
        raise CliError(f"optimize must be one of {', '.join(LEVELS)}, not {level!r}")
    names = [one.name for one in PASSES]
    for name in without:
        if name not in names:
            raise CliError(f"unknown pass {name!r}; the passes are {', '.join(names)}")
    return [
        one
        for one in PASSES
        if level != "none" and (one.safe or level == "all") and one.name not in without
    ]


def apply(
    passes: Sequence[Pass], component: bytes, made: Componentized
) -> tuple[bytes, dict[str, str]]:
    """Apply passes to a component, and skip those that fail.

    Returns:
        The component; and why passes were skipped, by their names.
    """
    skipped = {}
    for one in passes:
        try:
            component = one.apply(component, made)
        except Exception as error:  # whatever it is, the component is good without the pass
            skipped[one.name] = str(error) or type(error).__name__
    return component, skipped
