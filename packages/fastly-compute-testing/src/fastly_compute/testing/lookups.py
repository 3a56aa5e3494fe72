"""Facts about addresses and devices that a test sets."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TypeAlias

Fields: TypeAlias = Mapping[str, object]
"""The fields of an answer: text, numbers and booleans, and for devices also mappings of these."""


class Lookups(MutableMapping[str, Fields]):
    """The answers to a lookup by what is looked up, checked as they are set.

    Args:
        read: Returns them as they are.
        apply: Takes them as they are to be, or raises `ValueError`.

    Example:
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     compute_host.geolocation["192.0.2.1"] = {"city": "Oslo"}
        ...     compute_host.geolocation["192.0.2.1"]["city"]
        'Oslo'
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, Fields]],
        apply: Callable[[Mapping[str, Fields]], None],
    ) -> None:
        self._read = read
        self._apply = apply

    def __getitem__(self, key: str) -> Fields:
        return self._read()[key]

    def __setitem__(self, key: str, fields: Fields) -> None:
        self._apply({**self._read(), key: fields})

    def __delitem__(self, key: str) -> None:
        answers = dict(self._read())
        del answers[key]
        self._apply(answers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return f"<Lookups: {', '.join(self) or 'empty'}>"
