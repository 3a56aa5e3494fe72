"""Areas within an image and around it."""

from dataclasses import dataclass

from fastly_compute.image_optimizer.choices import CropMode
from fastly_compute.image_optimizer.errors import InvalidImageOption
from fastly_compute.image_optimizer.lengths import Length, checked_length
from fastly_compute.image_optimizer.number import Number, checked_number, checked_whole, text_of


@dataclass(frozen=True, slots=True)
class Size:
    """A width and a height.

    Attributes:
        width: The width, at least one whole pixel.
        height: The height, at least one whole pixel.

    Raises:
        TypeError: A value is not `Pixels` or `Percent`.
        InvalidImageOption: A length is 0, or not a whole number of pixels.

    Example:
        >>> from fastly_compute.image_optimizer import Percent, Pixels, Size
        >>> str(Size(Pixels(640), Percent(50)))
        '640,50p'
    """

    width: Length
    height: Length

    def __post_init__(self) -> None:
        checked_length("Size.width", self.width, 1)
        checked_length("Size.height", self.height, 1)

    def __str__(self) -> str:
        return f"{self.width},{self.height}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """The ratio of a width to a height.

    Attributes:
        width: From 0.001 to 100,000.
        height: From 0.001 to 100,000.

    Raises:
        TypeError: A value is not a number.
        InvalidImageOption: A value is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import Ratio
        >>> str(Ratio(16, 9)), str(Ratio(1.91, 1))
        ('16:9', '1.91:1')
    """

    width: Number
    height: Number

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            value = checked_number(f"Ratio.{name}", getattr(self, name), 0.001, 100_000)
            object.__setattr__(self, name, value)

    def __str__(self) -> str:
        return f"{text_of(self.width)}:{text_of(self.height)}"


@dataclass(frozen=True, slots=True)
class Offset:
    """The position of an area, by how the remaining space is divided.

    Attributes:
        percent: The share of the space that is to the left of the area, or above it: a whole
            number from 0 to 100. 50 is the center.

    Raises:
        TypeError: The share is not an ``int``.
        InvalidImageOption: The share is out of range.

    Example:
        >>> from fastly_compute.image_optimizer import Offset, Position
        >>> at_the_bottom = Position(y=Offset(100))
    """

    percent: int

    def __post_init__(self) -> None:
        checked_whole("Offset", self.percent, 0, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The position of an area; at least one of the two values is needed.

    Attributes:
        x: The distance from the left, or an `Offset`; None leaves it to the Image Optimizer.
        y: The distance from the top, or an `Offset`; None leaves it to the Image Optimizer.

    Raises:
        TypeError: A value is not `Pixels`, `Percent` or `Offset`.
        InvalidImageOption: Both are None, or a distance is not a whole number of pixels.

    Example:
        >>> from fastly_compute.image_optimizer import Offset, Pixels, Position
        >>> str(Position(x=Pixels(30), y=Offset(50)))
        'x30,offset-y50'
    """

    x: Length | Offset | None = None
    y: Length | Offset | None = None

    def __post_init__(self) -> None:
        if self.x is None and self.y is None:
            raise InvalidImageOption("Position", "needs x, y, or both")
        for option, value in (("Position.x", self.x), ("Position.y", self.y)):
            if value is not None and not isinstance(value, Offset):
                checked_length(option, value, 0)

    def __str__(self) -> str:
        return ",".join(
            f"offset-{axis}{value.percent}" if isinstance(value, Offset) else f"{axis}{value}"
            for axis, value in (("x", self.x), ("y", self.y))
            if value is not None
        )


def _check_area(owner: str, size: Size | Ratio, position: Position | None) -> None:
    if not isinstance(size, Size | Ratio):
        raise TypeError(f"{owner}.size must be a Size or a Ratio, not {type(size).__name__}")
    if position is not None and not isinstance(position, Position):
        raise TypeError(f"{owner}.position must be a Position, not {type(position).__name__}")


@dataclass(frozen=True, slots=True)
class Crop:
    """The area of an image that is kept.

    Attributes:
        size: The size of the area, or the ratio of its sides.
        position: Where the area is; None is the center.
        mode: How the area is adjusted. With None, an area that is not within the image is an
            error.

    Raises:
        TypeError: A value is of the wrong type.

    Example:
        >>> from fastly_compute.image_optimizer import Crop, CropMode, Offset, Position, Ratio
        >>> crop = Crop(Ratio(16, 9), Position(x=Offset(30), y=Offset(20)), CropMode.SAFE)
        >>> str(crop)
        '16:9,offset-x30,offset-y20,safe'
    """

    size: Size | Ratio
    position: Position | None = None
    mode: CropMode | None = None

    def __post_init__(self) -> None:
        _check_area("Crop", self.size, self.position)
        if self.mode is not None and not isinstance(self.mode, CropMode):
            raise TypeError(f"Crop.mode must be a CropMode, not {type(self.mode).__name__}")

    def __str__(self) -> str:
        return ",".join(
            str(part) for part in (self.size, self.position, self.mode) if part is not None
        )


@dataclass(frozen=True, slots=True)
class Canvas:
    """The area around an image, which may be larger than the image.

    Attributes:
        size: The size of the canvas, or the ratio of its sides.
        position: Where the image is; None is the center.

    Raises:
        TypeError: A value is of the wrong type.

    Example:
        >>> from fastly_compute.image_optimizer import Canvas, Pixels, Size
        >>> str(Canvas(Size(Pixels(800), Pixels(600))))
        '800,600'
    """

    size: Size | Ratio
    position: Position | None = None

    def __post_init__(self) -> None:
        _check_area("Canvas", self.size, self.position)

    def __str__(self) -> str:
        return f"{self.size}" if self.position is None else f"{self.size},{self.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """How much is added to, or removed from, each side of an image.

    Attributes:
        top: The length at the top.
        right: The length at the right.
        bottom: The length at the bottom.
        left: The length at the left.

    Raises:
        TypeError: A value is not `Pixels` or `Percent`.
        InvalidImageOption: A length is not a whole number of pixels.

    Example:
        >>> from fastly_compute.image_optimizer import Percent, Pixels, Sides
        >>> none, some = Pixels(0), Percent(2.5)
        >>> str(Sides(top=some, right=none, bottom=some, left=none))
        '2.5p,0,2.5p,0'
    """

    top: Length
    right: Length
    bottom: Length
    left: Length

    def __post_init__(self) -> None:
        for name in ("top", "right", "bottom", "left"):
            checked_length(f"Sides.{name}", getattr(self, name), 0)

    def __str__(self) -> str:
        return f"{self.top},{self.right},{self.bottom},{self.left}"
