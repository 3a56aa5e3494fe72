"""Makes lines of what a guest prints."""

from collections.abc import Callable


class Lines:
    """Takes output as it comes and passes it on line by line.

    Args:
        output: Takes each line, without its end.
    """

    def __init__(self, output: Callable[[str], None]) -> None:
        self._output = output
        self._rest = b""

    def write(self, data: bytes) -> int:
        """Take some output."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._output(line.decode(errors="replace"))
        return len(data)

    def end(self) -> None:
        """Pass on what has no end of line."""
        if self._rest:
            self._output(self._rest.decode(errors="replace"))
            self._rest = b""
