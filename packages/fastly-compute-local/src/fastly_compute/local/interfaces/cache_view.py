"""The guest's view of an object that was found in the core cache."""

from concurrent.futures import Future
from typing import cast

from componentize_py_types import Err
from wit_world.imports.cache import GetBodyOptions, LookupState
from wit_world.imports.types import Error_AuxiliaryError, Error_GenericError

from fastly_compute.local.interfaces.async_io import wait_for
from fastly_compute.local.interfaces.buffers import fit
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.state import Found
from fastly_compute.local.transport import BodyFailure


class View:
    """An object, and the part of its body to return.

    Args:
        found: The result of the lookup.
        ranged: Whether a range is respected while the length is unknown; otherwise the whole body
            is returned in that case.
    """

    def __init__(self, found: Found, *, ranged: bool) -> None:
        self._found = found
        self._ranged = ranged
        self._open: Body | None = None

    def state(self) -> LookupState:
        """Return whether it is fresh, stale or unusable now."""
        now = running().host.cache.now()
        if not self._found.object.usable(now):
            return LookupState(0)
        state = LookupState.FOUND | LookupState.USABLE
        return state if self._found.object.fresh(now) else state | LookupState.STALE

    def user_metadata(self, max_len: int) -> bytes:
        """Return the metadata stored with the object."""
        return fit(self._found.object.options.user_metadata, max_len)

    def length(self) -> int | None:
        """Return the length of its body, if it was known at the lookup."""
        return self._found.length

    def max_age_ns(self) -> int:
        """Return the age up to which it is fresh."""
        return self._found.object.options.max_age

    def stale_while_revalidate_ns(self) -> int:
        """Return how much longer it may be used once it is stale."""
        return self._found.object.options.stale_while_revalidate

    def age_ns(self) -> int:
        """Return its age."""
        return self._found.object.age(running().host.cache.now())

    def hits(self) -> int:
        """Return how often it had been found, as of the lookup."""
        return self._found.hits

    def body(self, options: GetBodyOptions) -> Body:
        """Return its body, or part of it; one at a time."""
        try:
            start, end = self._part(options.from_, options.to)
        except BodyFailure as failure:
            raise Err(Error_GenericError()) from failure
        if self._open is not None and not self._open.gone:
            running().host.log("cache.get-body: a body of this entry is still open; close it first")
            raise Err(Error_AuxiliaryError())
        stored = self._found.object.body
        stop = stored.length if end is None else end
        known = None if stop is None else stop - start
        self._open = Body(stored.reader(start, end), content_length=known)
        return self._open

    def _part(self, first: int | None, last: int | None) -> tuple[int, int | None]:
        """Return the start and end of the range. An invalid range is the whole, as on Viceroy."""
        length = self._found.object.body.length
        whole = 0, None
        if (first is None and last is None) or (length is None and not self._ranged):
            return whole
        if first is None:
            length = self._wait(None) if length is None else length
            count = last or 0
            return (length - count, None) if 1 <= count <= length else whole
        if last is not None and last < first:
            return whole
        if length is None:
            self._wait(first + 1)
        elif first >= length or (last is not None and last >= length):
            return whole
        return first, None if last is None else last + 1

    def _wait(self, size: int | None) -> int:
        stored = self._found.object.body
        arrived = running().host.background(lambda: stored.wait_for(size))
        wait_for([cast("Future[object]", arrived)], None)
        arrived.result()
        return stored.length or 0
