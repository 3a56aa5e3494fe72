"""Colors, and what is done with them."""

import re
from dataclasses import dataclass
from typing import Self

from fastly_compute.image_optimizer.errors import InvalidImageOption
from fastly_compute.image_optimizer.number import Number, checked_number, checked_whole, text_of

_HEX = re.compile(r"#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")


@dataclass(frozen=True, slots=True)
class Color:
    """A color.

    Attributes:
        red: From 0 to 255.
        green: From 0 to 255.
        blue: From 0 to 255.
        alpha: From 0, which is transparent, to 1, which is opaque; None is opaque.

    Raises:
        TypeError: A component is not an ``int``, or the alpha is not a number.
        InvalidImageOption: A value is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import Color
        >>> str(Color(0, 255, 0, alpha=0.3))
        '0,255,0,0.3'
    """

    red: int
    green: int
    blue: int
    alpha: Number | None = None

    def __post_init__(self) -> None:
        for name in ("red", "green", "blue"):
            checked_whole(f"Color.{name}", getattr(self, name), 0, 255)
        if self.alpha is not None:
            alpha = checked_number("Color.alpha", self.alpha, 0, 1)
            object.__setattr__(self, "alpha", alpha)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Make an opaque color from its hexadecimal notation.

        Args:
            text: Three or six digits, with or without a ``#``, such as ``#fc0``.

        Returns:
            The color.

        Raises:
            TypeError: It is not a ``str``.
            InvalidImageOption: It is not such a notation.
        """
        if not isinstance(text, str):
            raise TypeError(f"a color must be a str, not {type(text).__name__}")
        found = _HEX.fullmatch(text)
        if found is None:
            rule = f"must have three or six hexadecimal digits, not {text[:32]!r}"
            raise InvalidImageOption("Color", rule)
        digits = found[1]
        if len(digits) == 3:
            digits = "".join(digit * 2 for digit in digits)
        return cls(*bytes.fromhex(digits))

    def __str__(self) -> str:
        rgb = f"{self.red},{self.green},{self.blue}"
        return rgb if self.alpha is None else f"{rgb},{text_of(self.alpha)}"


@dataclass(frozen=True, slots=True)
class TrimColor:
    """A border to remove, by its color.

    Attributes:
        color: The color of the border.
        threshold: How much the border may differ from the color, from 0 to 1; None is the Image
            Optimizer's default.

    Raises:
        TypeError: A value is of the wrong type.
        InvalidImageOption: The threshold is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import Color, TrimColor
        >>> str(TrimColor(Color.from_hex("#f00"), threshold=0.5))
        '255,0,0,t0.5'
    """

    color: Color
    threshold: Number | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.color, Color):
            raise TypeError(f"TrimColor.color must be a Color, not {type(self.color).__name__}")
        if self.threshold is not None:
            threshold = checked_number("TrimColor.threshold", self.threshold, 0, 1)
            object.__setattr__(self, "threshold", threshold)

    def __str__(self) -> str:
        if self.threshold is None:
            return str(self.color)
        return f"{self.color},t{text_of(self.threshold)}"


@dataclass(frozen=True, slots=True)
class BWThreshold:
    """The luminance from which pixels become white, when an image becomes black and white.

    Attributes:
        luminance: From 0 to 100; with more, the image is darker.

    Raises:
        TypeError: The luminance is not a number.
        InvalidImageOption: The luminance is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import BWThreshold
        >>> str(BWThreshold(75))
        'threshold,75'
    """

    luminance: Number

    def __post_init__(self) -> None:
        luminance = checked_number("BWThreshold", self.luminance, 0, 100)
        object.__setattr__(self, "luminance", luminance)

    def __str__(self) -> str:
        return f"threshold,{text_of(self.luminance)}"
