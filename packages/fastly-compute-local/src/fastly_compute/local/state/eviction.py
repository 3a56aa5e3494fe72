"""Which objects have to go where a cache holds too much: those that were not used for longest."""

from collections.abc import Hashable

from fastly_compute.local.state.slots import CacheEntry, Slot

EACH = 1024
"""What an object takes beside its body, in bytes, roughly."""


def evict(keys: dict[Hashable, CacheEntry], now: int, most: int) -> int:
    """Take objects away until those that are left fit, and forget the keys that nothing is left of.

    What is read or written at the time goes on; only lookups find it no more.

    Args:
        keys: Everything that there is.
        now: The time, in nanoseconds.
        most: How many bytes may be left.

    Returns:
        How many bytes are left.
    """
    held = [
        (slot.present.used, slot.present.body.size + EACH, slot)
        for there in keys.values()
        for slot in there.slots.values()
        if slot.present is not None
    ]
    left = sum(size for _, size, _ in held)
    for _, size, slot in sorted(held, key=_last_use):
        if left <= most:
            break
        slot.present = None
        left -= size
    for key in [key for key, there in keys.items() if there.tidy(now)]:
        del keys[key]
    return left


def _last_use(held: tuple[int, int, Slot]) -> int:
    return held[0]
