"""Stops a server on Ctrl-C and SIGTERM: in order when asked once, at once when asked again."""

import atexit
import os
import signal
from types import FrameType, TracebackType
from typing import Self

import click

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Raises `KeyboardInterrupt` for the first two signals while it is open.

    The second one ends the wait for requests and processes that the first began. Those that follow
    are ignored, also after it was closed.

    Attributes:
        asked: How many signals there were.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}

    def end(self, *, err: bool) -> None:
        """Say that it has stopped, and end the process where it would not end by itself.

        A further signal ends one that still waits for a thread of the app.

        Args:
            err: Whether to say it on the standard error.
        """
        if self.asked == 1:
            self._handle(_exit)
        click.echo("Stopped.", err=err)
        if self.asked > 1:
            os._exit(0)  # threads that were not waited for would keep the interpreter from ending
        # Python removes its own handlers when it ends, and the default action is to die.
        atexit.register(self._handle, signal.SIG_IGN)

    def __enter__(self) -> Self:
        self._handle(self._interrupt)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.asked:
            self._handle(_ignore)
        else:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1
        if self.asked > 1:
            self._handle(_ignore)
        raise KeyboardInterrupt

    def _handle(self, handler: "signal._HANDLER") -> None:
        for number, before in self._before.items():
            if before != signal.SIG_IGN:  # a process in the background is not to be interrupted
                signal.signal(number, handler)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    # Not SIG_IGN: Python prints a traceback where it finds it for a signal that came just before.
    pass


def _exit(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)
