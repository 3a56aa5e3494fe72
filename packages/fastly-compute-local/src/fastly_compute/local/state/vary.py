"""Vary rules: the request headers that an object depends on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from fastly_compute.local.server.downstream import RawHeaders

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Variant = tuple[tuple[str, tuple[bytes, ...]], ...]
"""The headers of a rule with their values in a request."""


@dataclass(frozen=True, slots=True)
class VaryRule:
    """A set of header names, lower-case and sorted.

    Requests match under a rule if they have the same values, in the same order, for each of its
    headers (RFC 9111, section 4.1).

    Example:
        >>> from fastly_compute.local.state.vary import VaryRule
        >>> VaryRule.parse("Accept accept-language").variant([("accept", b"text/html")])
        (('accept', (b'text/html',)), ('accept-language', ()))
    """

    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Make the rule for some headers.

        Raises:
            ValueError: A name is not a valid header name.
        """
        found = set()
        for name in names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} in a vary rule is not a header name")
            found.add(name.lower())
        return cls(tuple(sorted(found)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a rule in the format of `write-options.vary-rule` in the WIT: names and spaces.

        Raises:
            ValueError: It is not in this format, or is empty.
        """
        return cls.of(text.split(" "))

    def variant(self, headers: RawHeaders) -> Variant:
        """Return the part of a request's headers that the rule compares."""
        values: dict[str, list[bytes]] = {name: [] for name in self.names}
        for name, value in headers:
            if name.lower() in values:
                values[name.lower()].append(value)
        return tuple((name, tuple(found)) for name, found in values.items())


NO_VARY = VaryRule()
"""The rule for objects that are the same for every request."""
