"""Stores that a test fills, entry by entry."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Generic, TypeVar

V = TypeVar("V", bound=str | bytes)


class Store(MutableMapping[str, V]):
    """One store: its entries by key, checked as they are set.

    Its ``repr`` shows keys only.

    Example:
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     settings = compute_host.config_stores["settings"]
        ...     settings["greeting"] = "hello"
        ...     dict(settings)
        {'greeting': 'hello'}
    """

    def __init__(self, stores: "Stores[V]", name: str) -> None:
        self._stores = stores
        self._name = name

    def __getitem__(self, key: str) -> V:
        return self._stores.items_of(self._name)[key]

    def __setitem__(self, key: str, value: V) -> None:
        self._stores[self._name] = {**self._stores.items_of(self._name), key: value}

    def __delitem__(self, key: str) -> None:
        items = dict(self._stores.items_of(self._name))
        del items[key]
        self._stores[self._name] = items

    def __iter__(self) -> Iterator[str]:
        return iter(self._stores.items_of(self._name))

    def __len__(self) -> int:
        return len(self._stores.items_of(self._name))

    def __repr__(self) -> str:
        return f"<Store {self._name!r}: {', '.join(self) or 'empty'}>"


class Stores(Generic[V]):
    """The stores of one kind, by name. Naming one is enough to have it, at first empty.

    A guest that has a store open keeps what was in it when it was opened.

    Args:
        kind: What the values are.
        read: Returns the stores as they are.
        apply: Takes them as they are to be, or raises `ValueError`.

    Example:
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     compute_host.secrets["vault"]["token"] = b"s3cret"
        ...     compute_host.secrets["other"] = {"key": b"1", "password": b"2"}
        ...     print(compute_host.secrets["vault"], compute_host.secrets["other"])
        <Store 'vault': token> <Store 'other': key, password>
    """

    def __init__(
        self,
        kind: type[V],
        read: Callable[[], Mapping[str, Mapping[str, V]]],
        apply: Callable[[Mapping[str, Mapping[str, V]]], None],
    ) -> None:
        self._kind = kind
        self._read = read
        self._apply = apply

    def __getitem__(self, name: str) -> Store[V]:
        if name not in self:
            self[name] = {}
        return Store(self, name)

    def __setitem__(self, name: str, items: Mapping[str, V]) -> None:
        for key, value in items.items():
            if not isinstance(value, self._kind):
                raise TypeError(
                    f"{name}: the value of {key!r} must be {self._kind.__name__}, "
                    f"not {type(value).__name__}"
                )
        self._apply({**self._read(), name: dict(items)})

    def __contains__(self, name: object) -> bool:
        return name in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def items_of(self, name: str) -> Mapping[str, V]:
        """Return the entries of a store as they are now."""
        return self._read()[name]
