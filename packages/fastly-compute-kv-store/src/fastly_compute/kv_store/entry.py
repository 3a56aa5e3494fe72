"""The value that a lookup found."""

import json
from typing import TYPE_CHECKING, Self

from fastly_compute.core import Handle
from fastly_compute.http import Body
from fastly_compute.kv_store import _wit
from fastly_compute.kv_store.errors import KVCallFailed

if TYPE_CHECKING:
    from wit_world.imports import kv_store


class KVEntry(Handle["kv_store.Entry"]):
    """The value of a key, which can be read once, with its metadata and generation.

    Closing an entry does not close its `body` if that was taken before.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Response
        >>> from fastly_compute.kv_store import KVStore
        >>> def page(request: IncomingRequest) -> Response:
        ...     with KVStore.open("pages") as store:
        ...         entry = store.get("index.html")
        ...         if entry is None:
        ...             return Response.text("not found", status=404)
        ...         return Response(body=entry.body)  # sent without being read here
    """

    __slots__ = ("_body", "_metadata", "_subject")

    _created_by = "KVStore.get"

    _body: Body | None
    _metadata: tuple[str | None] | None
    _subject: str

    @classmethod
    def _of(cls, resource: "kv_store.Entry", subject: str) -> Self:
        entry = cls._wrap(resource)
        entry._body = None
        entry._metadata = None
        entry._subject = subject
        return entry

    @property
    def body(self) -> Body:
        """The value, which stays with the host until it is read (``take-body``)."""
        if self._body is None:
            pollable = _wit.take_body(self._resource)
            if pollable is None:
                raise KVCallFailed(
                    "kv-store.entry.take-body", case="cannot-read", subject=self._subject
                )
            self._body = Body._received(pollable)
        return self._body

    def bytes(self) -> bytes:
        """Read the whole value.

        Raises:
            HandleClosed: The value was read before, or the entry was closed.
            BodyError: Reading failed.
        """
        return self.body.read()

    def text(self) -> str:
        """Read the whole value as UTF-8. Raises `UnicodeDecodeError` if it is not UTF-8."""
        return self.bytes().decode()

    def json(self) -> object:
        """Read the whole value as JSON (RFC 8259). Raises `ValueError` if it is not JSON."""
        try:
            value: object = json.loads(self.bytes())
        except RecursionError as error:
            raise ValueError(f"the JSON of {self._subject!r} is nested too deeply") from error
        return value

    @property
    def metadata(self) -> str | None:
        """The text stored with the value (``metadata``); None without any, or if it is empty."""
        if self._metadata is None:
            self._metadata = (_wit.metadata(self._resource, self._subject),)
        return self._metadata[0]

    @property
    def generation(self) -> int:
        """A number that each write of the key changes; see *if_generation* of `KVStore.put`."""
        return self._resource.generation()

    def __repr__(self) -> str:
        return f"<KVEntry {self._subject!r}>"
