"""The mappings of ``requests``: of headers, and of names that are attributes as well."""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, MutableMapping
from typing import Generic, TypeVar, overload

from fastly_compute.core import redact
from fastly_compute.http import Headers

T = TypeVar("T")
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
        # Asking an abstract class is a call in Python: the usual types are recognized without.
        if type(data) is CaseInsensitiveDict:
            self._pairs.update(data._pairs)
        elif data is not None:
            pairs = data.items() if isinstance(data, dict | Mapping) else data
            for key, value in pairs or ():
                self[key] = value
        for key, value in kwargs.items():
            self[key] = value

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

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._pairs

    @overload
    def get(self, key: str, default: None = None) -> V | None: ...
    @overload
    def get(self, key: str, default: T) -> V | T: ...
    def get(self, key: str, default: object = None) -> object:
        """Return the value of a key, or *default*."""
        pair = self._pairs.get(key.lower())
        return default if pair is None else pair[1]

    def items(self) -> ItemsView[str, V]:
        """Return the keys with their values, as they are now."""
        return dict(self._pairs.values()).items()

    def lower_items(self) -> Iterator[tuple[str, V]]:
        """Iterate over the items with lower-case keys."""
        return ((lower, value) for lower, (_, value) in self._pairs.items())

    def copy(self) -> "CaseInsensitiveDict[V]":
        """Return a copy."""
        return CaseInsensitiveDict(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        theirs = {key.lower(): value for key, value in other.items()}
        return dict(self.lower_items()) == theirs

    def __repr__(self) -> str:
        """Show it as a dict, with the credentials and cookies of headers masked."""
        return repr(
            {
                key: redact(key, value) if isinstance(value, str) else value
                for key, value in self.items()
            }
        )


class ReceivedHeaders(CaseInsensitiveDict[str]):
    """The headers of a response: several values of one name are joined with ``", "``.

    Args:
        received: The headers as they came.

    Example:
        >>> from fastly_compute.http import Headers
        >>> from fastly_compute.requests.structures import ReceivedHeaders
        >>> headers = ReceivedHeaders(Headers([("Vary", "Accept"), ("Vary", "Cookie")]))
        >>> headers["vary"], headers.getlist("vary")
        ('Accept, Cookie', ['Accept', 'Cookie'])
    """

    __slots__ = ("_received",)

    def __init__(self, received: Headers) -> None:
        super().__init__((name, ", ".join(received.get_all(name))) for name in received)
        self._received = received

    def getlist(self, name: str) -> list[str]:
        """Return every value that came under a name, which Set-Cookie needs."""
        return self._received.get_all(name)


class LookupDict(Generic[V]):
    """Names with values, as attributes and as items; an unknown item is None.

    Args:
        name: What it is called in its `repr`.

    Example:
        >>> from fastly_compute.requests import codes
        >>> codes.not_found, codes["NOT_FOUND"], codes["no such status"]
        (404, 404, None)
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __getattr__(self, name: str) -> V:
        value = self[name]
        if value is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return value

    def __getitem__(self, key: str) -> V | None:
        # Names in upper case mean the same.
        return self.__dict__.get(key.lower() if key.isupper() else key)

    @overload
    def get(self, key: str, default: None = None) -> V | None: ...
    @overload
    def get(self, key: str, default: T) -> V | T: ...
    def get(self, key: str, default: object = None) -> object:
        """Return the value of a name, or *default*."""
        value = self[key]
        return default if value is None else value

    def __repr__(self) -> str:
        return f"<lookup '{self.name}'>"
