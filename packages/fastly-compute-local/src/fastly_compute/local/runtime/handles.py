"""The resources that a guest in wasm holds."""

import itertools

from fastly_compute.local.runtime.resource import Resource

_numbers = itertools.count(1)
_LARGEST = 0x7FFF_FFFF


class Handles:
    """The resources of one guest by handle number, which is unique among all guests."""

    def __init__(self) -> None:
        self._held: dict[int, Resource] = {}

    def add(self, resource: Resource) -> int:
        """Give a resource to the guest, and return its number."""
        number = next(_numbers) & _LARGEST
        self._held[number] = resource
        return number

    def borrow(self, number: int) -> Resource:
        """Return a resource that the guest keeps."""
        return self._held[number]

    def take(self, number: int) -> Resource:
        """Take a resource from the guest."""
        return self._held.pop(number)

    def drop(self, number: int) -> None:
        """Drop a resource, if the guest still holds it."""
        resource = self._held.pop(number, None)
        if resource is not None:
            resource.drop()

    def drop_all(self) -> None:
        """Drop what the guest still holds."""
        for resource in list(self._held.values()):
            resource.drop()
        self._held.clear()
