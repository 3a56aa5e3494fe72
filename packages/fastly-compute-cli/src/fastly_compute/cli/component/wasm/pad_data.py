"""Keeps the image of a memory dense enough for sandboxes to share it.

wasmtime maps an image into each sandbox, page by page as it is used, if it spans no more than
16 MiB or at least half of it is data (`memory_guaranteed_dense_image_size`). Otherwise it copies
all the data when a sandbox starts, which takes several times as long as everything else does then.
An app that uses much memory while it is imported, and frees it, leaves such gaps.
"""

import itertools

from fastly_compute.cli.component.wasm import core_module
from fastly_compute.cli.component.wasm.binary import ComposeError, Reader, section, u32, vector
from fastly_compute.cli.component.wasm.component import (
    PREAMBLE,
    SectionId,
    core_module_section,
    sections,
)
from fastly_compute.cli.component.wasm.core_module import segments
from fastly_compute.cli.component.wasm.encoding import constant

ALWAYS = 1 << 24


def pad_data(component: bytes) -> bytes:
    """Make the images of a component dense.

    Args:
        component: A component with its core modules at its top.

    Raises:
        ComposeError: It is damaged, or an image has data that is not put into the memory at once.
    """
    parts = [PREAMBLE]
    for part in sections("the app", component):
        if part.id is SectionId.CORE_MODULE:
            parts.append(core_module_section(_padded(component[part.content : part.end])))
        else:
            parts.append(part.raw)
    return b"".join(parts)


def _padded(module: bytes) -> bytes:
    parts = [core_module.PREAMBLE]
    for kind, start, end in core_module.sections(module, "a core module"):
        content = module[start:end]
        if kind is core_module.SectionId.DATA:
            content = dense(content)
        parts.append(section(kind, content))
    return b"".join(parts)


def dense(data: bytes) -> bytes:
    """Make at least half of an image data, by writing down zeros.

    Args:
        data: The content of a data section whose active segments do not overlap.

    Returns:
        The same, or the content of one that makes the same memory.

    Raises:
        ComposeError: The image needs padding and has passive segments, which refer to their number.
    """
    parts = sorted(segments(data, 0, len(data), "the app"), key=lambda part: part.address)
    if not parts:
        return data
    span = parts[-1].address + parts[-1].length - parts[0].address
    missing = span // 2 + 1 - sum(part.length for part in parts)
    if span <= ALWAYS or missing <= 0:
        return data
    count = Reader(data, 0, len(data), "the app").u32("the number of data segments")
    if count != len(parts):
        raise ComposeError(
            f"cannot pad the app's data: {count - len(parts)} of its {count} segments are passive"
        )
    entries = []
    # The small gaps first: that makes fewer segments, too.
    gaps = sorted(
        (after.address - before.address - before.length, number)
        for number, (before, after) in enumerate(itertools.pairwise(parts))
    )
    filled = {}
    for gap, number in gaps:
        filled[number] = min(gap, missing)
        missing -= filled[number]
        if missing <= 0:
            break
    for number, part in enumerate(parts):
        content = data[part.start : part.start + part.length] + bytes(filled.get(number, 0))
        entries.append(b"\0" + constant(part.address) + u32(len(content)) + content)
    return vector(entries)
