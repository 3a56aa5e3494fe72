"""Puts another image of the memory into a component as componentize-py builds it."""

import re
from collections.abc import Iterator

from fastly_compute.cli.component.wasm import core_module
from fastly_compute.cli.component.wasm.binary import ComposeError, section, u32, vector
from fastly_compute.cli.component.wasm.component import (
    PREAMBLE,
    SectionId,
    core_module_section,
    sections,
)
from fastly_compute.cli.component.wasm.encoding import constant

PAGE = 1 << 16
# Shorter runs of zeros than componentize-py leaves out would make more segments than hosts take.
_GAP = bytes(64)
_NOT_ZERO = re.compile(rb"[^\0]")


def with_image(component: bytes, image: bytes) -> bytes:
    """Replace the image of a component.

    Args:
        component: A component with its core modules at its top.
        image: The whole memory.

    Raises:
        ComposeError: It is damaged, or has no memory, or more than one.
    """
    parts = [PREAMBLE]
    replaced = 0
    for part in sections("the base", component):
        content = component[part.content : part.end]
        if (
            part.id is SectionId.CORE_MODULE
            and core_module.read_core_module(content, "the base").memories
        ):
            replaced += 1
            parts.append(core_module_section(_with_image(content, image)))
        else:
            parts.append(part.raw)
    if replaced != 1:
        raise ComposeError(f"cannot resume the base: {replaced} of its modules have a memory")
    return b"".join(parts)


def _with_image(module: bytes, image: bytes) -> bytes:
    parts = [core_module.PREAMBLE]
    for kind, start, end in core_module.sections(module, "the base"):
        content = module[start:end]
        if kind is core_module.SectionId.MEMORY:
            content = vector([b"\0" + u32(len(image) // PAGE)])
        elif kind is core_module.SectionId.DATA:
            content = vector(list(_segments(image)))
        parts.append(section(kind, content))
    return b"".join(parts)


def _segments(image: bytes) -> Iterator[bytes]:
    end = 0
    while found := _NOT_ZERO.search(image, end):
        start = found.start()
        end = image.find(_GAP, start)
        end = len(image) if end < 0 else end
        yield b"\0" + constant(start) + u32(end - start) + image[start:end]
