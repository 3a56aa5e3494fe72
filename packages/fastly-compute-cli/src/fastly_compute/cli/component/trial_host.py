"""What the host of a trial answers: a request for a page, and for the rest nothing.

An answer is written where the last argument of a function says, laid out as the canonical ABI has
it, in no more bytes than the function's result takes.
"""

import re
import struct
from collections.abc import Callable, Sequence

Give = Callable[[bytes], int]
Answer = Callable[[Give, Sequence[int]], bytes]

_RANDOM = 1 << 16


class UnknownError(Exception):
    """An app asks for what the host of a trial does not know."""


def answer_to(name: str) -> Answer | None:
    """Find what a host function without a core result answers.

    Args:
        name: The function, "interface#function".

    Returns:
        A function that takes what puts bytes into memory that the app gives for them, and the
        arguments, and returns the bytes of the answer; None if the function is not known.
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


# A result that succeeded, where the error is `error`: it begins with the 0, and its payload follows
# at offset 8, because that of the error has a 64-bit number. It takes 24 bytes and more.
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
        # Options, of which the first byte says that there is nothing.
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
