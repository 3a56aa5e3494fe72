# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from enum import Flag, Enum, auto

class HttpVersion(Enum):
    HTTP09 = 0
    HTTP10 = 1
    HTTP11 = 2
    H2 = 3
    H3 = 4

class ContentEncodings(Flag):
    GZIP = auto()
    BR = auto()
    ZSTD = auto()
    DCB = auto()
    DCZ = auto()
    AES128GCM = auto()

class FramingHeadersMode(Enum):
    AUTOMATIC = 0
    MANUALLY_FROM_HEADERS = 1
