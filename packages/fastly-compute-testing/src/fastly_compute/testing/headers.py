"""Header fields, as tests compare and look them up."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from fastly_compute.core import TOKEN, redact

HeadersLike: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
"""The types accepted as headers: a mapping, or pairs of name and value."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CHARSET = re.compile(r";\s*charset=\"?([\w.:-]+)", re.IGNORECASE)


class MessageHeaders(Mapping[str, str]):
    """Header fields in their order, looked up without regard to case.

    A field that is there more than once reads as one, its values joined by ``", "``; `get_all`
    gives them one by one. The ``repr`` masks credentials and cookies.

    Args:
        fields: A mapping, or pairs of name and value.

    Raises:
        ValueError: A name or value cannot be sent (RFC 9110, section 5).

    Example:
        >>> from fastly_compute.testing import MessageHeaders
        >>> headers = MessageHeaders([("Vary", "accept"), ("vary", "cookie")])
        >>> headers["VARY"], headers.get_all("vary")
        ('accept, cookie', ['accept', 'cookie'])
    """

    def __init__(self, fields: HeadersLike = ()) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self._take([_checked(name, value) for name, value in pairs])

    @classmethod
    def of_wire(cls, fields: Iterable[tuple[str, bytes]]) -> "MessageHeaders":
        """Make them of what was sent, as it is: values are latin-1 text."""
        headers = cls()
        headers._take([(name, value.decode("latin-1")) for name, value in fields])
        return headers

    def _take(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields
        self._by_name: dict[str, list[str]] = {}
        for name, value in fields:
            self._by_name.setdefault(name.lower(), []).append(value)

    def to_wire(self) -> list[tuple[str, bytes]]:
        """Return the fields as they are sent."""
        return [(name, value.encode("latin-1")) for name, value in self._fields]

    def get_all(self, name: str) -> list[str]:
        """Return the values of every field of that name, in their order; none is an empty list."""
        return self._by_name.get(name.lower(), []).copy()

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter({name.lower(): name for name, _ in reversed(self._fields)}.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"MessageHeaders({[(name, redact(name, value)) for name, value in self._fields]!r})"


def _checked(name: str, value: str) -> tuple[str, str]:
    if not isinstance(name, str) or not TOKEN.fullmatch(name):
        raise ValueError(f"a header's name is {name!r}; it must be a token, such as Content-Type")
    if not isinstance(value, str):
        raise TypeError(f"the value of header {name!r} must be a str, not {type(value).__name__}")
    if _CONTROL.search(value) or value.strip(" \t") != value or max(value, default="") > "\xff":
        raise ValueError(
            f"the value of header {name!r} cannot be sent: it must be latin-1 text without control "
            "characters and without blanks around it"
        )
    return name, value


def text_of(headers: MessageHeaders, body: bytes) -> str:
    """Decode a body by the charset of its Content-Type, by default UTF-8.

    Raises:
        UnicodeDecodeError: The body is not text in that charset.
        LookupError: The charset is unknown.
    """
    charset = _CHARSET.search(headers.get("content-type", ""))
    return body.decode(charset[1] if charset else "utf-8")
