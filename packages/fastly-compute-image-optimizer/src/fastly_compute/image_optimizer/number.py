"""The numbers in options: validated, and written the way the Image Optimizer reads them."""

from typing import TypeAlias

from fastly_compute.image_optimizer.errors import InvalidImageOption

Number: TypeAlias = int | float

_SHOWN_BITS = 64


def checked_number(option: str, value: Number, low: Number, high: Number) -> Number:
    """Validate a number.

    Args:
        option: The name that errors show.
        value: The number.
        low: The least that is allowed.
        high: The most that is allowed.

    Returns:
        The number, rounded to three decimal places.

    Raises:
        TypeError: It is not an ``int`` or ``float``.
        InvalidImageOption: It is out of range, or not a number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{option} must be a number, not {type(value).__name__}")
    if not low <= value <= high:
        raise InvalidImageOption(option, f"must be from {low} to {high}, not {_shown(value)}")
    return value if isinstance(value, int) else round(value, 3) + 0.0  # never -0.0


def checked_whole(option: str, value: int, low: int, high: int) -> None:
    """Validate a whole number. It raises what `checked_number` does, and refuses floats."""
    if isinstance(value, float):
        raise TypeError(f"{option} must be an int, not float")
    checked_number(option, value, low, high)


def text_of(value: Number) -> str:
    """Write a number with up to three decimal places, and without an exponent."""
    return f"{value:.3f}".rstrip("0").removesuffix(".")


def _shown(value: Number) -> str:
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"a number of {value.bit_length()} bits"
    return repr(value)
