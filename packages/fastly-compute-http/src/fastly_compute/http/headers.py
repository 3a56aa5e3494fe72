"""Header fields: the names and values of a message."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Self, TypeAlias, TypeVar

from fastly_compute.core import TOKEN, redact
from fastly_compute.http.errors import InvalidHeader

D = TypeVar("D")

HeadersLike: TypeAlias = "Headers | Mapping[str, str] | Iterable[tuple[str, str]]"
"""The types that a message accepts as headers: `Headers`, a mapping, or pairs of name and value."""

_HOST = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")
_LARGEST_PORT = 65535
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LONGEST_SHOWN = 60


def checked_name(name: str) -> str:
    """Validate a name and return it. Raises `InvalidHeader` and `TypeError`."""
    if not isinstance(name, str):
        raise TypeError(f"a header's name must be a str, not {type(name).__name__}")
    if not TOKEN.fullmatch(name):
        rule = "a name consists of the characters A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ ` | ~"
        raise InvalidHeader(name[:_LONGEST_SHOWN], "a header's name", rule)
    return name


def _value(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"the value of header {name!r} must be a str, not {type(value).__name__}")
    if _CONTROL.search(value):
        rule = "a value cannot contain line breaks, NULs or other control characters"
    elif value.strip(" \t") != value:
        rule = "a value cannot begin or end with a space or tab"
    elif not value.isascii() and max(value) > "\xff":
        rule = "a value must be latin-1 text; encode other characters, for example with RFC 8187"
    else:
        return value
    shown = redact(name, value)
    if len(shown) > _LONGEST_SHOWN:
        shown = shown[:_LONGEST_SHOWN] + "…"
    del value  # pytest shows the arguments of this frame
    raise InvalidHeader(name, repr(shown), rule)


def checked_field(name: str, value: str) -> tuple[str, str]:
    """Validate a field and return it. Raises `InvalidHeader` and `TypeError`."""
    return checked_name(name), _value(name, value)


def is_plain(name: object, value: object) -> bool:
    """Tell whether a field is valid without a pattern, which takes longer.

    Args:
        name: The name.
        value: The value.

    Returns:
        Whether the name consists of ASCII letters, digits and hyphens, and the value of visible
        ASCII characters with spaces between them. Other fields need `checked_field`.
    """
    return (
        type(name) is type(value) is str
        and name.isascii()
        and name.replace("-", "").isalnum()
        and value.isascii()
        and value.isprintable()
        and value.strip() == value
    )


def check_host(headers: "Headers") -> None:
    """Refuse an ambiguous Host header (RFC 9110, section 7.2).

    Args:
        headers: The headers of a request.

    Raises:
        InvalidHeader: There are several Host headers, or one is not a host with or without a port.
    """
    hosts = headers.get_all("host")
    if len(hosts) > 1:
        raise InvalidHeader("Host", f"{len(hosts)} fields", "a request must have exactly one Host")
    for host in hosts:
        match = _HOST.fullmatch(host)
        if match is None or int(match[1] or 0) > _LARGEST_PORT:
            rule = "it must be a host, with or without a port up to 65535"
            raise InvalidHeader("Host", repr(host[:_LONGEST_SHOWN]), rule)


class Headers:
    """Header fields, keeping their order, the case of their names, and repetitions.

    Names are case-insensitive. Values are ``str``, encoded as latin-1 on the wire. Names and values
    that cannot be sent (RFC 9110, section 5) are refused when they are set.

    Two `Headers` are equal if they have the same values under the same names; order matters only
    among the values of one name.

    Args:
        fields: Other headers, a mapping, or pairs of name and value; copied.

    Raises:
        InvalidHeader: A name or value cannot be sent.
        TypeError: A name or value is not a ``str``.

    Example:
        >>> from fastly_compute.http import Headers
        >>> headers = Headers({"Content-Type": "text/html"})
        >>> headers.add("Vary", "accept")
        >>> headers.add("vary", "cookie")
        >>> headers["VARY"], headers.get_all("vary")
        ('accept, cookie', ['accept', 'cookie'])
        >>> headers.items()
        [('Content-Type', 'text/html'), ('Vary', 'accept'), ('vary', 'cookie')]
    """

    __slots__ = ("_fields", "_next", "_numbers")

    def __init__(self, fields: HeadersLike = ()) -> None:
        # Each field has a number, so that no method has to look through all of them.
        self._fields: dict[int, tuple[str, str]] = {}  # name and value, in order
        self._numbers: dict[str, list[int]] = {}  # by lower-case name, in the order of the first
        self._next = 0
        if isinstance(fields, Headers):
            self._fields = fields._fields.copy()
            self._numbers = {key: numbers.copy() for key, numbers in fields._numbers.items()}
            self._next = fields._next
            return
        if fields == ():
            return
        # A dict and a list are recognized without asking the abstract class, a call in Python.
        is_mapping = type(fields) is not list and isinstance(fields, dict | Mapping)
        for pair in fields.items() if is_mapping else fields:  # type: ignore[union-attr]
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                kind = type(pair).__name__
                raise TypeError(f"headers must be pairs of name and value, not {kind}")
            self.add(*pair)

    @classmethod
    def _received(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        headers = cls()
        for name, value in pairs:
            headers._append(name, value)
        return headers

    def _append(self, name: str, value: str) -> None:
        """Add a field that is known to be valid."""
        self._fields[self._next] = name, value
        self._numbers.setdefault(name.lower(), []).append(self._next)
        self._next += 1

    def get_all(self, name: str) -> list[str]:
        """Return all values of *name*, in order; an empty list if it is absent."""
        return [self._fields[number][1] for number in self._numbers.get(name.lower(), ())]

    def __getitem__(self, name: str) -> str:
        """Return the value of *name*.

        Several values are joined with ``", "``, those of Cookie with ``"; "``, as HTTP defines (RFC
        9110, section 5.3; RFC 9113, section 8.2.3). Set-Cookie alone cannot be joined without loss:
        use `get_all`.

        Raises:
            KeyError: The header is absent.
        """
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: D | None = None) -> "str | D | None":
        """Return the value of *name* as ``headers[name]`` does, or *default* if it is absent."""
        values = self.get_all(name)
        if not values:
            return default
        return ("; " if name.lower() == "cookie" else ", ").join(values)

    def add(self, name: str, value: str) -> None:
        """Add a field at the end, keeping those of the same name.

        Raises:
            InvalidHeader: The name or value cannot be sent.
            TypeError: The name or value is not a ``str``.
        """
        if not is_plain(name, value):
            name, value = checked_field(name, value)
        self._append(name, value)

    def set(self, name: str, value: str) -> None:
        """Replace all fields of the same name, or add the field at the end.

        Raises:
            InvalidHeader: The name or value cannot be sent.
            TypeError: The name or value is not a ``str``.
        """
        name = checked_name(name)
        value = _value(name, value)
        numbers = self._numbers.get(name.lower())
        if numbers is None:
            self._append(name, value)
            return
        for number in numbers[1:]:
            del self._fields[number]
        del numbers[1:]
        self._fields[numbers[0]] = name, value

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        """Remove all fields of *name*.

        Raises:
            KeyError: The header is absent.
        """
        numbers = self._numbers.pop(name.lower(), None)
        if numbers is None:
            raise KeyError(name)
        for number in numbers:
            del self._fields[number]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._numbers

    def keys(self) -> list[str]:
        """Return each name once, in order, in the case of its first field."""
        return [self._fields[numbers[0]][0] for numbers in self._numbers.values()]

    def items(self) -> list[tuple[str, str]]:
        """Return all fields in order, including repetitions."""
        return list(self._fields.values())

    def copy(self) -> Self:
        """Return a copy."""
        return self._received(self.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self._numbers)

    def _changes(self, before: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return the values of the fields that differ, by the names to send; none if removed."""
        now = self._by_name()
        changed = {}
        for key in {**before, **now}:
            values = now.get(key, [])
            if values != before.get(key):
                name = self._fields[self._numbers[key][0]][0] if values else key
                changed[name] = values
        return changed

    def _by_name(self) -> dict[str, list[str]]:
        values = {}
        for key, numbers in self._numbers.items():
            values[key] = [self._fields[number][1] for number in numbers]
        return values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return self._by_name() == other._by_name()

    def __repr__(self) -> str:
        """Show the fields, with credentials and cookies masked."""
        return f"Headers({[(name, redact(name, value)) for name, value in self.items()]!r})"
