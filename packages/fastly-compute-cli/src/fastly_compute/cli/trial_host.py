"""The results of the trial's host functions: a request for a page, and otherwise nothing.

A result is written to the address in a function's last argument, in the layout of the canonical
ABI, and never exceeds the size of the function's result.
"""

import re
import struct
from collections.abc import Callable, Sequence

Give = Callable[[bytes], int]
Answer = Callable[[Give, Sequence[int]], bytes]

_RANDOM = 1 << 16


class UnknownError(Exception):
    """The app called a function that the trial's host does not implement."""


def answer_to(name: str) -> Answer | None:
    """Find the implementation of a host function without a core result.

    Args:
        name: The function, "interface#function".

    Returns:
        A function that takes an allocator for the app's memory and the arguments, and returns the
        bytes of the result; None if the host function is not implemented.
    """
    return next((answer for pattern, answer in _ANSWERS if pattern.fullmatch(name)), None)


def _string(content: bytes) -> Answer:
    return lambda give, _: _OK.pack(0, give(content), len(content))


def _random(give: Give, arguments: Sequence[int]) -> bytes:
    length = arguments[0]
    if length > _RANDOM:
        raise UnknownError(f"{length} random bytes")
    return _LIST.pack(give(bytes(length)), length)


def _always(content: bytes) -> Answer:
    return lambda give, arguments: content


# A successful `result<_, error>`: it starts with 0, and its payload is at offset 8, because the
# error contains a 64-bit number. It takes at least 24 bytes.
_OK = struct.Struct("<B7xII8x")
_LIST = struct.Struct("<II")
_ANSWERS: list[tuple[re.Pattern[str], Answer]] = [
    (re.compile(pattern, re.VERBOSE), answer)
    for pattern, answer in [
        (r"fastly:compute/http-req\#\[method\]request\.get-method", _string(b"GET")),
        (r"fastly:compute/http-req\#\[method\]request\.get-uri", _string(b"http://localhost/")),
        (r"fastly:compute/http-resp\#\[method\]response\.get-status", _always(_OK.pack(0, 200, 0))),
        (r"fastly:compute/http-body\#write", lambda _, given: _OK.pack(0, given[2], 0)),
        (
            r"""fastly:compute/(
                http-req\#(\[static\]request\.new|\[method\]request\..*|send.*|await-response|close)
                |http-resp\#(\[static\]response\.new|\[method\]response\.(?!get-remote).*
                    |send-downstream.*|close)
                |http-body\#(new|append|read|close)
                |backend\#register-dynamic-backend
                |http-downstream\#(next-request|await-request)
            )""",
            _always(_OK.pack(0, 0, 0)),
        ),
        (r"fastly:compute/.*\#\[static\].*\.open", _always(struct.pack("<B3xI", 0, 0))),
        (
            r"""fastly:compute/(
                backend\#\[method\]dynamic-backend-options\..*
                |log\#\[method\]endpoint\.write
            )|.*\#\[resource-drop\].*""",
            _always(b""),
        ),
        # Options: the first byte, 0, means none.
        (
            r"fastly:compute/(http-downstream\#.*-ip-addr|http-body\#get-known-length)",
            _always(b"\0"),
        ),
        (r"fastly:compute/compute-runtime\#get-.*", _always(_LIST.pack(0, 0))),
        (r"wasi:cli/environment\#get-(environment|arguments)", _always(_LIST.pack(0, 0))),
        (r"wasi:random/.*\#get-(insecure-)?random-bytes", _random),
        (r"wasi:clocks/wall-clock\#now", _always(struct.pack("<QI", 0, 0))),
        (
            r"wasi:io/streams\#\[method\]output-stream\.check-write",
            _always(struct.pack("<B7xQ", 0, 4096)),
        ),
        (r"wasi:io/streams\#\[method\]output-stream\..*(write|flush).*", _always(b"\0")),
    ]
]
