"""The mapping that ``requests`` uses for headers."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TypeVar

from fastly_compute.http.headers import masked

V = TypeVar("V")


class CaseInsensitiveDict(MutableMapping[str, V]):
    """A mapping whose keys are compared without regard to case, and keep the case last used.

    Args:
        data: A mapping, or pairs of key and value.
        **kwargs: More of them.

    Example:
        >>> from fastly_compute.requests.structures import CaseInsensitiveDict
        >>> headers = CaseInsensitiveDict({"Content-Type": "text/html"})
        >>> headers["content-type"], list(headers)
        ('text/html', ['Content-Type'])
    """

    __slots__ = ("_pairs",)

    def __init__(
        self, data: Mapping[str, V] | Iterable[tuple[str, V]] | None = None, **kwargs: V
    ) -> None:
        self._pairs: dict[str, tuple[str, V]] = {}
        self.update(() if data is None else data, **kwargs)

    def __setitem__(self, key: str, value: V) -> None:
        self._pairs[key.lower()] = (key, value)

    def __getitem__(self, key: str) -> V:
        return self._pairs[key.lower()][1]

    def __delitem__(self, key: str) -> None:
        del self._pairs[key.lower()]

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._pairs.values())

    def __len__(self) -> int:
        return len(self._pairs)

    def lower_items(self) -> Iterator[tuple[str, V]]:
        """Iterate over the items with lower-case keys."""
        return ((lower, value) for lower, (_, value) in self._pairs.items())

    def copy(self) -> "CaseInsensitiveDict[V]":
        """Return a copy."""
        return CaseInsensitiveDict(self._pairs.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        theirs = {key.lower(): value for key, value in other.items()}
        return dict(self.lower_items()) == theirs

    def __repr__(self) -> str:
        """Show it as a dict, with the credentials and cookies of headers masked."""
        return repr(
            {
                key: masked(key, value) if isinstance(value, str) else value
                for key, value in self.items()
            }
        )
