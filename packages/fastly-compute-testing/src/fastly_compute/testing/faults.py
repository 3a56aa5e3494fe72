"""Faults that a test injects between the app and the host."""

from collections.abc import Callable
from dataclasses import dataclass

from fastly_compute.local.extending import Err, Error_BufferLen, TrailerError_Error
from fastly_compute.testing.functions import Function, find, labelled

_WRITE = "http-body.write"
_ROOM = "max_len"


@dataclass(slots=True, kw_only=True)
class _Failure:
    """A call that is to fail.

    Attributes:
        function: Of what.
        error: With what, as the bindings have it.
        on_call: Which of the calls, counted from 1; None is each.
        seen: How many there were.
    """

    function: Function
    error: object
    on_call: int | None
    seen: int = 0

    def is_due(self, label: str) -> bool:
        """Count a call, and tell whether it is to fail."""
        if label != self.function.label:
            return False
        self.seen += 1
        return self.on_call in {None, self.seen}


class Faults:
    """Stands between a guest and its host, and lets the calls fail that a test names.

    Example:
        >>> from fastly_compute.testing.faults import Faults
        >>> faults = Faults()
        >>> faults.fail("kv-store", "store.lookup", "too-many-requests", on_call=2)
    """

    def __init__(self) -> None:
        self._failures: list[_Failure] = []
        self._most: int | None = None
        self._tiny = False
        self._refused: set[str] = set()

    def fail(
        self, interface: str, function: str, error: str, *, on_call: int | None = None
    ) -> None:
        """Let a host call fail; see `ComputeHost.fail`."""
        found = find(interface, function)
        if not found.errors:
            raise ValueError(f"function = {function!r}: {found.name} cannot fail")
        if error not in found.errors:
            known = ", ".join(sorted(found.errors))
            raise ValueError(f"error = {error!r}: {found.name} fails with one of {known}")
        if on_call is not None and on_call < 1:
            raise ValueError(f"on_call = {on_call}: calls are counted from 1")
        failure = _Failure(function=found, error=found.errors[error], on_call=on_call)
        self._failures.append(failure)

    def short_writes(self, most: int) -> None:
        """Let bodies take little at a time; see `ComputeHost.short_writes`."""
        if most < 1:
            raise ValueError(f"most = {most}: a write that takes nothing would never end")
        self._most = most

    def tiny_buffers(self) -> None:
        """Refuse each first buffer as too small; see `ComputeHost.tiny_buffers`."""
        self._tiny = True

    def __call__(
        self, label: str, function: Callable[..., object], args: tuple[object, ...]
    ) -> object:
        """Take one call of a guest; this is a `Host.interpose`."""
        # All of them count it, not only the one that fails it.
        due = [failure for failure in reversed(self._failures) if failure.is_due(label)]
        if due:
            raise Err(max(due, key=lambda failure: failure.on_call is not None).error)
        if self._most is not None and label == _WRITE:
            body, data = args
            return function(body, bytes(data)[: self._most])  # type: ignore[call-overload]
        if self._tiny:
            return self._call_with_little_room(label, function, args)
        return function(*args)

    def _call_with_little_room(
        self, label: str, function: Callable[..., object], args: tuple[object, ...]
    ) -> object:
        parameters = labelled(label).parameters
        if _ROOM not in parameters:
            return function(*args)
        if label in self._refused:
            self._refused.remove(label)
            return function(*args)
        place = parameters.index(_ROOM)
        try:
            return function(*args[:place], 0, *args[place + 1 :])
        except Err as err:
            if _too_small(err.value):
                self._refused.add(label)
            raise


def _too_small(error: object) -> bool:
    inner = error.value if isinstance(error, TrailerError_Error) else error
    return isinstance(inner, Error_BufferLen)
