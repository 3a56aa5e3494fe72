"""Compare what the documentation shows of a console with what happened.

These may differ: a time (``8.9 s``, ``5.7 ms``), a port that the system chooses, and a
size (``17.9 MB``) by a twentieth. ``…`` stands for any part of a line, and alone on a line for any
number of lines.

As a command, it takes a page, a command that the page shows, and a file with what that has printed:
``python tools/console.py README.md "pip install hatch && hatch run demo" output.txt``. What is
printed before the first line that the page shows, such as an installation, does not count.
"""

import re
import sys
from pathlib import Path

_VARIES = re.compile(
    r"(?P<lines>^ *…\n)|(?P<part>…)|(?<=127\.0\.0\.1:)(?P<port>\d{5})\b"
    r"|(?P<time>\b\d+(?:\.\d+)?(?= ?m?s\b))|(?P<size>\b\d+\.\d+(?= [kM]B\b))",
    re.MULTILINE,
)
_PATTERNS = {
    "lines": r"(?:.*\n)*?",
    "part": r".*",
    "port": r"\d+",
    "time": r"\d+(?:\.\d+)?",
    "size": r"(\d+\.\d+)",
}


def differs(shown: str, happened: str) -> bool:
    """Compare a block of the documentation with what a terminal has shown."""
    pattern, place, sizes = "", 0, []
    for found in _VARIES.finditer(shown):
        kind = str(found.lastgroup)
        pattern += re.escape(shown[place : found.start()]) + _PATTERNS[kind]
        place = found.end()
        if kind == "size":
            sizes.append(float(found[0]))
    match = re.fullmatch(pattern + re.escape(shown[place:]), happened)
    return match is None or any(
        abs(size - float(real)) > size / 20 + 0.05
        for size, real in zip(sizes, match.groups(), strict=True)
    )


def shown_of(page: str, command: str) -> str:
    """Return what a page shows of a command.

    Raises:
        ValueError: The page does not show the command.
    """
    found = re.search(
        rf"^\$ {re.escape(command)}\n(.*?)^(?=\$ |```$)", page, re.DOTALL | re.MULTILINE
    )
    if not (found and found[1]):
        raise ValueError(f"the page shows nothing of {command!r}")
    return found[1]


def main(page: str, command: str, output: str) -> None:
    """Compare what a command has printed with the page."""
    shown = shown_of(Path(page).read_text(encoding="utf-8"), command)
    happened = Path(output).read_text(encoding="utf-8")
    if differs(f"…\n{shown}", happened):
        sys.exit(f"{page} shows\n\n{shown}\nand {command!r} has printed\n\n{happened}")


if __name__ == "__main__":
    main(*sys.argv[1:])
