"""Lengths within an image."""

from dataclasses import dataclass
from typing import TypeAlias

from fastly_compute.image_optimizer.errors import InvalidImageOption
from fastly_compute.image_optimizer.number import Number, checked_number, text_of

_MOST_PIXELS = 2**32 - 1
_MOST_PERCENT = 1_000_000


@dataclass(frozen=True, slots=True)
class Pixels:
    """A length in pixels.

    Attributes:
        value: From 0 to 2^32 - 1; whole, except in ``blur``.

    Raises:
        TypeError: The value is not a number.
        InvalidImageOption: The value is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import Pixels
        >>> str(Pixels(640))
        '640'
    """

    value: Number

    def __post_init__(self) -> None:
        value = checked_number("Pixels", self.value, 0, _MOST_PIXELS)
        object.__setattr__(self, "value", value)

    def __str__(self) -> str:
        return text_of(self.value)


@dataclass(frozen=True, slots=True)
class Percent:
    """A length in percent of the image's width or height.

    Attributes:
        value: From 0 to 1,000,000, rounded to three decimal places; 100 is the whole length.

    Raises:
        TypeError: The value is not a number.
        InvalidImageOption: The value is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import Percent
        >>> str(Percent(100 / 3))
        '33.333p'
    """

    value: Number

    def __post_init__(self) -> None:
        value = checked_number("Percent", self.value, 0, _MOST_PERCENT)
        object.__setattr__(self, "value", value)

    def __str__(self) -> str:
        return f"{text_of(self.value)}p"


Length: TypeAlias = Pixels | Percent
"""A length: in pixels, or in percent of the image's width or height."""


def checked_length(option: str, value: Length, low: int, high: int = _MOST_PIXELS) -> None:
    """Validate a length.

    Args:
        option: The name that errors show.
        value: The length.
        low: The fewest whole pixels; with 1 or more, 0 percent is refused as well.
        high: The most whole pixels.

    Raises:
        TypeError: It is not a length.
        InvalidImageOption: It is out of range, or not a whole number of pixels.
    """
    if not isinstance(value, Pixels | Percent):
        kind = type(value).__name__
        raise TypeError(f"{option} must be Pixels(...) or Percent(...), not {kind}")
    if isinstance(value, Percent):
        if low and not value.value:
            raise InvalidImageOption(option, "must be more than 0 percent")
    elif not low <= value.value <= high or value.value % 1:
        raise InvalidImageOption(
            option, f"must be from {low} to {high} whole pixels, not {value.value}"
        )
