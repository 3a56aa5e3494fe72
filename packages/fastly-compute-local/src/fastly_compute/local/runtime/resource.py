"""What every resource of the model has: it can be dropped or given away, and is gone after that."""

from types import TracebackType
from typing import Self

from fastly_compute.local.runtime.trap import Trap


class Resource:
    """The host's side of a WIT resource."""

    _gone: str = ""

    @property
    def gone(self) -> bool:
        """Whether the guest holds no such handle any more."""
        return bool(self._gone)

    def check(self) -> None:
        """Trap if it is gone: the guest holds no such handle any more."""
        if self._gone:
            raise Trap(f"this {type(self).__name__.lower()} {self._gone}")

    def take(self, how: str) -> Self:
        """Take it from the guest for good; a later use traps and says *how* it went."""
        self.check()
        self._gone = how
        return self

    def drop(self) -> None:
        """Let go of it, as the guest does when its last handle goes."""
        if not self._gone:
            self._gone = "was dropped"
            self.dropped()

    def dropped(self) -> None:
        """What the interface does on a drop; most do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.drop()
