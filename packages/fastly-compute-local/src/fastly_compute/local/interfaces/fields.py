"""The header fields of a message: shared by `request` and `response`."""

from componentize_py_types import Err
from wit_world.imports.http_types import HttpVersion
from wit_world.imports.types import Error_GenericError, Error_InvalidArgument

from fastly_compute.local.interfaces.buffers import fit, fit_items
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.token import TOKEN

_NAME_LIMIT = 65535
_FRAMING = {"content-length", "transfer-encoding"}


def _check_name(name: str) -> str:
    if len(name) > _NAME_LIMIT:
        raise Err(Error_InvalidArgument())
    if not TOKEN.fullmatch(name):
        raise Err(Error_GenericError())
    return name.lower()


def _check_value(value: bytes) -> bytes:
    if any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in value):
        raise Err(Error_GenericError())
    return value


class Message(Resource):
    """A request or a response: its header fields and its version."""

    def __init__(self) -> None:
        self.fields = ()
        self.version = HttpVersion.HTTP11
        self.manual_framing = False

    @property
    def fields(self) -> RawHeaders:
        """The names and values, in order; can be set."""
        return tuple(self._fields.values())

    @fields.setter
    def fields(self, fields: RawHeaders) -> None:
        # Each field has a number, so that no function has to look through all of them.
        self._fields: dict[int, tuple[str, bytes]] = {}
        self._numbers: dict[str, list[int]] = {}  # by lower-case name, in the order of the first
        self._next = 0
        for name, value in fields:
            self._append(name, value)

    def _append(self, name: str, value: bytes) -> None:
        self._fields[self._next] = name, value
        self._numbers.setdefault(name.lower(), []).append(self._next)
        self._next += 1

    def value(self, name: str) -> bytes | None:
        """Return the first value of *name*."""
        return next(iter(self._values(name)), None)

    def forget(self, *names: str) -> None:
        """Remove fields, if present."""
        for name in names:
            self._remove(name.lower())

    def _values(self, name: str) -> list[bytes]:
        return [self._fields[number][1] for number in self._numbers.get(name.lower(), ())]

    def get_header_names(self, max_len: int, cursor: int) -> tuple[str, int | None]:
        """List each name once, lower-case, in the order of arrival."""
        names = [name.encode() for name in self._numbers]
        part, following = fit_items(names, max_len, cursor)
        return part.decode(), following

    def get_header_value(self, name: str, max_len: int) -> bytes | None:
        """Return the first value of *name*."""
        values = self._values(name)
        return fit(values[0], max_len) if values else None

    def get_header_values(self, name: str, max_len: int, cursor: int) -> tuple[bytes, int | None]:
        """List every value of *name*."""
        _check_name(name)
        return fit_items(self._values(name), max_len, cursor)

    def set_header_values(self, name: str, values: bytes) -> None:
        """Replace the values of *name* with those given, each followed by a NUL."""
        key = _check_name(name)
        checked = [_check_value(value) for value in values.split(b"\0")[:-1]]
        self._remove(key)
        for value in checked:
            self._append(name, value)

    def insert_header(self, name: str, value: bytes) -> None:
        """Replace the values of *name* with a single one."""
        key = _check_name(name)
        _check_value(value)
        self._remove(key)
        self._append(name, value)

    def append_header(self, name: str, value: bytes) -> None:
        """Add a value to *name*."""
        _check_name(name)
        self._append(name, _check_value(value))

    def remove_header(self, name: str) -> None:
        """Remove *name*, which must be there."""
        key = _check_name(name)
        if not self._remove(key):
            raise Err(Error_InvalidArgument())

    def _remove(self, key: str) -> bool:
        numbers = self._numbers.pop(key, [])
        for number in numbers:
            del self._fields[number]
        return bool(numbers)

    def get_version(self) -> HttpVersion:
        """Return the HTTP version."""
        return self.version

    def set_version(self, version: HttpVersion) -> None:
        """Set the HTTP version."""
        self.version = version

    def end_to_end(self) -> list[tuple[str, bytes]]:
        """Return the fields except those that frame the body."""
        return [(name, value) for name, value in self.fields if name.lower() not in _FRAMING]

    def framed(self, length: int | None) -> list[tuple[str, bytes]]:
        """Return the fields to send, including those that frame the body.

        In automatic mode the guest's framing fields are dropped, as the platform does, and made
        from *length*; None means chunked.
        """
        if self.manual_framing:
            return list(self.fields)
        if length is None:
            return [*self.end_to_end(), ("transfer-encoding", b"chunked")]
        return [*self.end_to_end(), ("content-length", str(length).encode())]
