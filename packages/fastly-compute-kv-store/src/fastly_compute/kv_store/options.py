"""The options of storing a value."""

from typing import Literal, NamedTuple, TypeAlias, get_args

from fastly_compute.core import Duration, whole_seconds
from fastly_compute.kv_store.errors import InvalidKVOption
from fastly_compute.kv_store.keys import option_size

Mode: TypeAlias = Literal["overwrite", "add", "append", "prepend"]
"""What to do if the key exists: replace its value, refuse, or extend it at the end or start."""

_LONGEST_METADATA = 2000


class PutOptions(NamedTuple):
    """The options of a put, as the WIT expects them."""

    ttl: int | None
    metadata: str | None
    mode: Mode
    if_generation: int | None
    background_fetch: bool


def put_options(
    *,
    ttl: Duration | None,
    metadata: str | None,
    mode: Mode,
    if_generation: int | None,
    background_fetch: bool,
) -> PutOptions:
    """Validate the options of a put.

    Raises:
        TypeError: An option has another type.
        InvalidKVOption: An option is invalid.
    """
    seconds = None if ttl is None else _seconds(ttl)
    if metadata is not None:
        _check_metadata(metadata)
    if mode not in get_args(Mode):
        raise InvalidKVOption("mode", f"must be one of {', '.join(get_args(Mode))}, not {mode!r}")
    if if_generation is not None:
        number("if_generation", if_generation, 0, 64)
        if mode == "add":
            raise InvalidKVOption("if_generation", "needs a key that exists, and mode 'add' none")
    if not isinstance(background_fetch, bool):
        raise TypeError(f"background_fetch must be a bool, not {type(background_fetch).__name__}")
    return PutOptions(seconds, metadata, mode, if_generation, background_fetch)


def _seconds(ttl: Duration) -> int:
    try:
        seconds = whole_seconds(ttl, field="ttl")
    except ValueError as error:
        raise InvalidKVOption("ttl", str(error).removeprefix("ttl ")) from None
    if not seconds:
        raise InvalidKVOption("ttl", "must be at least 1 second, not 0")
    return seconds


def _check_metadata(metadata: str) -> None:
    size = option_size("metadata", metadata)
    if size > _LONGEST_METADATA:
        raise InvalidKVOption(
            "metadata", f"must have at most {_LONGEST_METADATA} bytes in UTF-8, not {size}"
        )


def number(option: str, value: int, least: int, bits: int) -> int:
    """Validate a whole number.

    Raises:
        TypeError: It is not an ``int``.
        InvalidKVOption: It is below *least*, or needs more than *bits* bits.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{option} must be an int, not {type(value).__name__}")
    if not least <= value < 1 << bits:
        raise InvalidKVOption(option, f"must be at least {least} and less than 2^{bits}")
    return value
