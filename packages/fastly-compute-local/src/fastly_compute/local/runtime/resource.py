"""The base of every resource: it can be dropped or given away, and is gone after that."""

from types import TracebackType
from typing import Self

from fastly_compute.local.runtime.trap import Trap


class Resource:
    """The host's side of a WIT resource."""

    _gone: str = ""

    @property
    def gone(self) -> bool:
        """Whether the guest no longer holds a handle to it."""
        return bool(self._gone)

    def check(self) -> None:
        """Trap if the guest no longer holds a handle to it."""
        if self._gone:
            raise Trap(f"this {type(self).__name__.lower()} {self._gone}")

    def take(self, how: str) -> Self:
        """Take it from the guest for good; a later use traps with *how* in the message."""
        self.check()
        self._gone = how
        return self

    def drop(self) -> None:
        """Drop it, as the guest does with its last handle."""
        if not self._gone:
            self._gone = "was dropped"
            self.dropped()

    def dropped(self) -> None:
        """Hook for the interface when the handle is dropped; most do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.drop()
