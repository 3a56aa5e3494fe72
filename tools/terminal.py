"""A terminal with bash in it, as a reader of the documentation has one."""

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_COLUMNS = 80
_END = re.compile(r"\x1e(\d+)\x1e")
# Takes commands from elsewhere, so that the terminal shows nothing but what they print.
_LOOP = r"""
trap : INT
exec 3<&"$1"
while IFS= read -r line <&3; do
    eval "$line" 3<&-
    printf '\036%d\036' $?
done
"""


class Terminal:
    """A terminal, and the shell in it.

    Args:
        folder: Where the shell starts.
        environment: Its environment variables.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Open the terminal."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, _COLUMNS, 0, 0))
        commands, self._commands = os.pipe()
        self._shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-c", _LOOP, "bash", str(commands)],
            cwd=folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            pass_fds=[commands],
            # Ctrl-C goes to what the session that the terminal belongs to runs.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(commands)
        os.close(slave)
        self._text = ""
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                data = b""
            with self._changed:
                if not data:
                    return
                self._text += decoder.decode(data).replace("\r\n", "\n")
                self._changed.notify_all()

    def start(self, command: str) -> None:
        """Start a command, and forget what was printed before."""
        with self._changed:
            self._text = ""
        os.write(self._commands, f"{command}\n".encode())

    def shown(self) -> str:
        """Return what the last command has printed, as it stands on the screen."""
        text = _END.sub("", self._text)
        # A line that is written over keeps what was written last.
        return re.sub(r"^.*\r", "", text, flags=re.MULTILINE)

    def wait(self, until: Callable[[str], object] | None, seconds: float) -> str:
        """Wait until the text on the screen is as it should be, or until the command has ended.

        Args:
            until: Is told the text; None to wait for the end.
            seconds: How long to wait at most.

        Returns:
            The text.

        Raises:
            TimeoutError: It did not happen in time.
        """
        limit = time.monotonic() + seconds
        with self._changed:
            while not (self.status() is not None if until is None else until(self.shown())):
                left = limit - time.monotonic()
                if left <= 0 or (until is not None and self.status() is not None):
                    raise TimeoutError(self.shown())
                self._changed.wait(min(left, 1))
            return self.shown()

    def status(self) -> int | None:
        """Return the exit code of the last command; None while it runs."""
        found = _END.search(self._text)
        return int(found[1]) if found else None

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._master, b"\x03")

    def close(self) -> None:
        """Close the terminal; what runs in it gets a SIGHUP."""
        os.close(self._commands)
        if self.status() is None:
            self.interrupt()
        try:
            self._shell.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, 9)
            self._shell.wait()
        os.close(self._master)
