"""The headers of a response that the host has: most apps want one or two of them."""

from typing import TYPE_CHECKING, Any, TypeVar, overload
from weakref import ref

from fastly_compute import http
from fastly_compute.requests.exceptions import translated
from fastly_compute.requests.structures import ReceivedHeaders

if TYPE_CHECKING:
    from fastly_compute.requests.exceptions import RequestException
    from fastly_compute.requests.response import Response

T = TypeVar("T")


class HeldHeaders(ReceivedHeaders):
    """Headers that are read one by one, each when it is first used.

    All of them are read when they are wanted as a whole: to iterate over them, or to change one.

    Args:
        held: The response that the host has.
        whose: The response that an error is about.

    Example:
        >>> from fastly_compute import requests
        >>> def kind(url: str) -> str:
        ...     return requests.get(url).headers["Content-Type"]
    """

    __slots__ = ("_found", "_held", "_whose")

    def __init__(self, held: http.Response, whose: "Response") -> None:
        # The slots of the base classes stay empty until `__getattr__` fills them.
        self._held: http.Response | None = held
        self._found: dict[str, str | None] = {}
        self._whose = ref(whose)

    def __getattr__(self, name: str) -> Any:
        if name not in {"_pairs", "_received"} or self._held is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute {name!r}")
        try:
            received = self._held.headers
        except http.HttpError as error:
            raise self._failed(error) from error
        super().__init__(received)
        self._held = None
        return getattr(self, name)

    def _failed(self, error: http.HttpError) -> "RequestException":
        response = self._whose()
        request = None if response is None else response.request
        return translated(error, request=request, response=response)

    def _values(self, held: http.Response, name: str) -> list[str]:
        try:
            return held.header_values(name)
        except http.InvalidHeader:
            return []  # no header can have this name
        except http.HttpError as error:
            raise self._failed(error) from error

    def __getitem__(self, key: str) -> str:
        value = None if self._held is None else self.get(key)
        return super().__getitem__(key) if value is None else value

    def __contains__(self, key: object) -> bool:
        if self._held is None:
            return super().__contains__(key)
        return isinstance(key, str) and self.get(key) is not None

    @overload
    def get(self, key: str, default: None = None) -> str | None: ...
    @overload
    def get(self, key: str, default: T) -> str | T: ...
    def get(self, key: str, default: object = None) -> object:
        """Return the value of a key, or *default*."""
        if self._held is None:
            return super().get(key, default)
        name = key.lower()
        if name not in self._found:
            values = self._values(self._held, name)
            self._found[name] = ", ".join(values) if values else None
        value = self._found[name]
        return default if value is None else value

    def getlist(self, name: str) -> list[str]:
        """Return every value that came under a name, which Set-Cookie needs."""
        return super().getlist(name) if self._held is None else self._values(self._held, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return ReceivedHeaders, (self._received,), (None, {"_pairs": self._pairs})
