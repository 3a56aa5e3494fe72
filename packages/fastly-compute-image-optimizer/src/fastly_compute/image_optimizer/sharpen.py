"""An unsharp mask."""

from dataclasses import dataclass

from fastly_compute.image_optimizer.number import Number, checked_number, checked_whole, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpen:
    """An unsharp mask, which makes edges clearer.

    Attributes:
        amount: The strength, from 0 to 10.
        radius: The radius in pixels, from 0.5 to 1000.
        threshold: How much pixels must differ to be sharpened: a whole number from 0 to 255.

    Raises:
        TypeError: A value is of the wrong type.
        InvalidImageOption: A value is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import Sharpen
        >>> str(Sharpen(amount=5, radius=2, threshold=1))
        'a5,r2,t1'
    """

    amount: Number
    radius: Number
    threshold: int

    def __post_init__(self) -> None:
        amount = checked_number("Sharpen.amount", self.amount, 0, 10)
        radius = checked_number("Sharpen.radius", self.radius, 0.5, 1000)
        checked_whole("Sharpen.threshold", self.threshold, 0, 255)
        object.__setattr__(self, "amount", amount)
        object.__setattr__(self, "radius", radius)

    def __str__(self) -> str:
        return f"a{text_of(self.amount)},r{text_of(self.radius)},t{self.threshold}"
