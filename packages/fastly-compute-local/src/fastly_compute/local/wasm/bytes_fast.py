"""Makes wasmtime convert ``list<u8>`` in one go.

The wasmtime package converts a list element by element in Python, a microsecond a byte: ten
seconds for ten megabytes. A list of bytes is an array of equal structs in memory, so that its
bytes are a slice with a stride. The results are the same as before.
"""

import ctypes
import functools
from typing import Any

from wasmtime import _ffi as ffi
from wasmtime.component import ListType

_SIZE = ctypes.sizeof(ffi.wasmtime_component_val_t)
_OFFSET = ffi.wasmtime_component_val_t.of.offset
_U8 = ffi.wasmtime_component_val_t(kind=ffi.WASMTIME_COMPONENT_U8)
_TEMPLATE = bytes(_U8)


@functools.cache
def install() -> None:
    """Replace the two conversions of `ListType`, once."""
    to_c, from_c = ListType.convert_to_c, ListType.convert_from_c

    def convert_to_c(self: ListType, store: Any, val: Any, ptr: Any) -> None:
        if not (isinstance(val, bytes) and self._is_bytes()):
            return to_c(self, store, val, ptr)
        raw = ffi.wasmtime_component_vallist_t()
        ffi.wasmtime_component_vallist_new_uninit(raw, len(val))
        if val:
            image = bytearray(_TEMPLATE * len(val))
            image[_OFFSET::_SIZE] = val
            source = (ctypes.c_char * len(image)).from_buffer(image)
            ctypes.memmove(raw.data, source, len(image))
        ptr.contents.kind = ffi.WASMTIME_COMPONENT_LIST
        ptr.contents.of.list = raw
        return None

    def convert_from_c(self: ListType, c: Any) -> Any:
        if not self._is_bytes():
            return from_c(self, c)
        raw = c.of.list
        try:
            image = ctypes.string_at(raw.data, raw.size * _SIZE) if raw.size else b""
            return image[_OFFSET::_SIZE]
        finally:
            ffi.wasmtime_component_vallist_delete(ctypes.byref(raw))

    ListType.convert_to_c = convert_to_c  # type: ignore[method-assign]
    ListType.convert_from_c = convert_from_c  # type: ignore[method-assign]
