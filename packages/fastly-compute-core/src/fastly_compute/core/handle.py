"""The base class of all host-owned resources."""

from types import TracebackType
from typing import Generic, NoReturn, Protocol, Self, TypeVar

from fastly_compute.core.errors import HandleClosed


class Resource(Protocol):
    """A WIT resource in the bindings: a context manager that drops it on exit."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Drop the resource."""


R = TypeVar("R", bound=Resource)


def drop(resource: Resource) -> None:
    """Release a resource of the bindings; a body that is being streamed is aborted."""
    resource.__exit__(None, None, None)


class Handle(Generic[R]):
    """A host-owned resource held by Python code: never created directly, and closed once.

    Leaving a ``with`` block or calling `close` closes it; otherwise the garbage collector does. A
    call that hands the resource over, such as sending a request, closes it as well. Any use after
    that raises `HandleClosed`; the bindings would trap and end the sandbox instead. A copy would be
    closed a second time, so copying and pickling raise `TypeError`.

    Subclasses name in `_created_by` the function that creates one.

    Example:
        >>> from fastly_compute.core import Handle
        >>> class Store(Handle["kv_store.Store"]):
        ...     __slots__ = ()
        ...     _created_by = "Store.open"
        >>> Store()
        Traceback (most recent call last):
        TypeError: Store cannot be created directly: use Store.open
    """

    __slots__ = ("__weakref__", "_gone", "_held")

    _created_by = "a function of its package"

    _held: R | None
    _gone: str

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} cannot be created directly: use {self._created_by}")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is owned by the host: cannot be copied or pickled")

    def __getstate__(self) -> NoReturn:
        # The default would hand out what a subclass keeps in its slots: a secret's content.
        self.__reduce__()

    @classmethod
    def _wrap(cls, resource: R) -> Self:
        """Wrap a resource that the bindings returned."""
        handle = cls.__new__(cls)
        handle._held = resource
        handle._gone = ""
        return handle

    @property
    def _resource(self) -> R:
        """The resource; raises `HandleClosed` once it is gone."""
        if self._held is None:
            raise HandleClosed(f"this {type(self).__name__} {self._gone}")
        return self._held

    def _detach(self, how: str) -> R:
        """Detach and return the resource; later uses raise with *how*, like "was already sent"."""
        resource = self._resource
        self._held = None
        self._gone = how
        return resource

    @property
    def closed(self) -> bool:
        """Whether it was closed or handed over."""
        return self._held is None

    def close(self) -> None:
        """Release it; closing again does nothing."""
        held, self._held = self._held, None
        if held is not None:
            self._gone = "is closed"
            drop(held)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
