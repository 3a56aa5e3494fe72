"""Pages of keys."""

import json
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, get_args

from fastly_compute.kv_store.errors import InvalidKVOption, InvalidListing
from fastly_compute.kv_store.keys import option_size

Consistency: TypeAlias = Literal["strong", "eventual"]
"""Whether a listing includes all earlier writes, or may miss recent ones, which is faster."""


@dataclass(frozen=True, slots=True)
class KeyPage:
    """A page of a listing.

    Attributes:
        keys: The keys, possibly empty even if more pages follow.
        cursor: Where the next page starts; None after the last page.

    Example:
        >>> from fastly_compute.kv_store import KeyPage
        >>> KeyPage(keys=("a", "b")).cursor is None
        True
    """

    keys: tuple[str, ...]
    cursor: str | None = None

    @classmethod
    def _of(cls, content: bytes, subject: str) -> Self:
        try:
            page = json.loads(content)
            keys = page["data"]
            cursor = (page.get("meta") or {}).get("next_cursor") or None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise _unreadable(subject) from None
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise _unreadable(subject)
        if not isinstance(cursor, str | None):
            raise _unreadable(subject)
        return cls(tuple(keys), cursor)


def _unreadable(subject: str) -> InvalidListing:
    return InvalidListing(f"the host's list of keys of store {subject!r} is not as documented")


def check_listing(prefix: str | None, consistency: str, cursor: str | None) -> None:
    """Validate the options of a listing.

    Raises:
        TypeError: The prefix or cursor is not a ``str``.
        InvalidKVOption: An option is invalid.
    """
    for option, value in (("prefix", prefix), ("cursor", cursor)):
        if value is None:
            continue
        size = option_size(option, value)
        if option == "prefix" and size > 1024:
            raise InvalidKVOption(option, f"must have at most 1024 bytes in UTF-8, not {size}")
    if consistency not in get_args(Consistency):
        allowed = " or ".join(get_args(Consistency))
        raise InvalidKVOption("consistency", f"must be {allowed}, not {consistency!r}")
