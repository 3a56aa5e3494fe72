"""Marks a component that was built for an edit, and is not one to deploy."""

from fastly_compute.cli.component.wasm.binary import name, section
from fastly_compute.cli.component.wasm.component import SectionId

_MARK = section(SectionId.CUSTOM, name("built for an edit"))


def mark(component: bytes) -> bytes:
    """Mark a component, which changes nothing in how it runs."""
    return component + _MARK


def is_marked(component: bytes) -> bool:
    """Tell whether a component was marked."""
    return component.endswith(_MARK)
