"""Makes what a component's image holds immortal: nothing counts who refers to it.

A sandbox has the image's pages in common with all others until it writes to them. Most writes are
those of reference counts: each is a page to copy. CPython leaves the count of an immortal object
alone (PEP 683), and an object of the image is never freed anyway: the sandbox ends before.
"""

import struct

from fastly_compute.cli.component.componentize import Addresses
from fastly_compute.cli.component.image import Image
from fastly_compute.cli.component.wasm.binary import ComposeError

# Of CPython 3.14 where a pointer has 32 bits, as componentize-py has it: Include/refcount.h.
_IMMORTAL = 5 << 28
_LEAST = 1 << 30
_HEAD = struct.Struct("<iI")  # the count, and the address of the type
# A freed object has no count, or the address of the next free one instead.
_MOST = 100_000


def immortalize(component: bytes, found: Addresses) -> bytes:
    """Make objects of an image immortal.

    Objects that no longer have one of the types are left alone, and so are the instructions that
    load one.

    Args:
        component: A component as componentize-py builds it.
        found: Where the objects and the instructions are.

    Returns:
        The component with these objects' reference counts changed, and without the instructions
        that would change them.

    Raises:
        ComposeError: The component is damaged, or its interpreter lays objects out otherwise.
    """
    image = Image(component)
    place = image.place(found.none, _HEAD.size)
    if place is None or _HEAD.unpack_from(image.data, place)[0] < _LEAST:
        raise ComposeError("cannot read the app: its interpreter is not the one that is known")
    known = set(found.types)
    for address in found.objects:
        place = image.place(address, _HEAD.size)
        if place is None:
            continue
        count, kind = _HEAD.unpack_from(image.data, place)
        if kind in known and 0 < count < _MOST:
            _HEAD.pack_into(image.data, place, _IMMORTAL, kind)
    for instruction, constant in found.loads:
        place, of_constant = image.place(instruction, 1), image.place(constant, _HEAD.size)
        if place is None or of_constant is None or image.data[place] != found.counted:
            continue
        if _HEAD.unpack_from(image.data, of_constant)[0] >= _LEAST:
            image.data[place] = found.uncounted
    return bytes(image.data)
