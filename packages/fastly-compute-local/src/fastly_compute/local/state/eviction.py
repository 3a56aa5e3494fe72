"""Eviction of the least recently used objects from a cache that holds too much."""

from collections.abc import Hashable

from fastly_compute.local.state.slots import CacheEntry, Slot

EACH = 1024
"""Estimated size of an object in addition to its body, in bytes."""


def evict(keys: dict[Hashable, CacheEntry], now: int, most: int) -> int:
    """Remove objects until the rest fits, and drop the keys that are left without objects.

    Reads and writes in progress continue; only lookups no longer find the object.

    Args:
        keys: All keys of the cache.
        now: The time, in nanoseconds.
        most: How many bytes may remain.

    Returns:
        How many bytes remain.
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
        slot.clear()
        left -= size
    for key in [key for key, there in keys.items() if there.tidy(now)]:
        del keys[key]
    return left


def _last_use(held: tuple[int, int, Slot]) -> int:
    return held[0]
