"""What the documentation shows of a console, compared with what happened.

Of what varies, these may differ: a time (``8.9 s``, ``5.7 ms``), and a size (``17.9 MB``) by a
twentieth. ``…`` stands for any part of a line, and alone on a line for any number of lines.
"""

import re

_VARIES = re.compile(
    r"(?P<lines>^…\n)|(?P<part>…)"
    r"|(?P<time>\b\d+(?:\.\d+)?(?= ?m?s\b))|(?P<size>\b\d+\.\d+(?= [kM]B\b))",
    re.MULTILINE,
)
_PATTERNS = {
    "lines": r"(?:.*\n)*?",
    "part": r".*",
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
