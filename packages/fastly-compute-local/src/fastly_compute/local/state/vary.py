"""Which request headers an object depends on, as a rule that requests are compared by."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from fastly_compute.local.server.downstream import RawHeaders

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Variant = tuple[tuple[str, tuple[bytes, ...]], ...]
"""The headers of a rule with the values that a request has for them."""


@dataclass(frozen=True, slots=True)
class VaryRule:
    """The names of headers, lower-case, each once and sorted.

    Two requests are alike under a rule when they have the same values, in the same order, for
    each of its headers (RFC 9111, section 4.1).

    Example:
        >>> from fastly_compute.local.state.vary import VaryRule
        >>> VaryRule.parse("Accept accept-language").variant([("accept", b"text/html")])
        (('accept', (b'text/html',)), ('accept-language', ()))
    """

    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Make the rule of some headers.

        Raises:
            ValueError: A name is none that a header can have.
        """
        found = set()
        for name in names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} in a vary rule is not a header name")
            found.add(name.lower())
        return cls(tuple(sorted(found)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a rule as `write-options.vary-rule` in the WIT has it: names, a space between each.

        Raises:
            ValueError: It is not that; an empty text is not either.
        """
        return cls.of(text.split(" "))

    def variant(self, headers: RawHeaders) -> Variant:
        """Tell what the rule sees of a request."""
        values: dict[str, list[bytes]] = {name: [] for name in self.names}
        for name, value in headers:
            if name.lower() in values:
                values[name.lower()].append(value)
        return tuple((name, tuple(found)) for name, found in values.items())


NO_VARY = VaryRule()
"""The rule of what is the same for every request."""
