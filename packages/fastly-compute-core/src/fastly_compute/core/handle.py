"""The base of everything that the host owns."""

from types import TracebackType
from typing import Generic, NoReturn, Protocol, Self, TypeVar

from fastly_compute.core.errors import HandleClosed


class Resource(Protocol):
    """What the bindings give for a WIT resource: leaving it as a context drops it."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Drop the resource."""


R = TypeVar("R", bound=Resource)


class Handle(Generic[R]):
    """A thing of the host's, held by Python code: never built by hand, closed once.

    Leaving a ``with`` block closes it, `close` does so by name, and so does the garbage collector
    in the end. A call that gives the thing away, as sending a request does, closes it as well. Any
    use after that raises `HandleClosed`, where the bindings would trap and end the sandbox. A copy
    would be closed a second time, so copying and pickling raise `TypeError`.

    Subclasses say in `_HOW` what makes one.

    Example:
        >>> from fastly_compute.core import Handle
        >>> class Store(Handle["kv_store.Store"]):
        ...     __slots__ = ()
        ...     _HOW = "Store.open"
        >>> Store()
        Traceback (most recent call last):
        TypeError: Store cannot be made by hand: use Store.open
    """

    __slots__ = ("__weakref__", "_gone", "_resource")

    _HOW = "a function of its package"

    _resource: R | None
    _gone: str

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} cannot be made by hand: use {self._HOW}")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} belongs to the host: no copying, no pickling")

    def __getstate__(self) -> NoReturn:
        # The default would hand out what a subclass keeps in its slots: a secret's content.
        self.__reduce__()

    @classmethod
    def _adopt(cls, resource: R) -> Self:
        """Wrap what the bindings returned."""
        handle = cls.__new__(cls)
        handle._resource = resource
        handle._gone = ""
        return handle

    @property
    def _wit(self) -> R:
        """The bindings' object, while it is there."""
        if self._resource is None:
            raise HandleClosed(f"this {type(self).__name__} {self._gone}")
        return self._resource

    def _give(self, how: str) -> R:
        """Give the bindings' object away; later uses say *how*, such as "was already sent"."""
        resource = self._wit
        self._resource = None
        self._gone = how
        return resource

    @property
    def closed(self) -> bool:
        """Whether it was closed or given away."""
        return self._resource is None

    def close(self) -> None:
        """Release it; closing again does nothing."""
        if self._resource is not None:
            self._give("is closed").__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
