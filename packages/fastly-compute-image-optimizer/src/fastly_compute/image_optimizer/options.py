"""The options of one transformation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal
from urllib.parse import urlencode

from fastly_compute.image_optimizer.areas import Canvas, Crop, Sides
from fastly_compute.image_optimizer.choices import (
    Auto,
    BWAlgorithm,
    Feature,
    Fit,
    Format,
    Level,
    Metadata,
    Optimize,
    Orient,
    Profile,
    Region,
    ResizeFilter,
)
from fastly_compute.image_optimizer.colors import BWThreshold, Color, TrimColor
from fastly_compute.image_optimizer.errors import InvalidImageOption
from fastly_compute.image_optimizer.lengths import Length, Pixels, checked_length
from fastly_compute.image_optimizer.number import Number, checked_number, checked_whole, text_of
from fastly_compute.image_optimizer.sharpen import Sharpen

_KINDS: Mapping[str, tuple[type, ...]] = {
    "region": (Region,),
    "preserve_query_string_on_origin_request": (bool,),
    "allow_malformed_query_params": (bool,),
    "auto": (Auto,),
    "bg_color": (Color,),
    "bw": (BWAlgorithm, BWThreshold),
    "canvas": (Canvas,),
    "crop": (Crop,),
    "disable": (Feature,),
    "enable": (Feature,),
    "fit": (Fit,),
    "format": (Format,),
    "level": (Level,),
    "metadata": (Metadata,),
    "optimize": (Optimize,),
    "orient": (Orient,),
    "pad": (Sides,),
    "precrop": (Crop,),
    "profile": (Profile,),
    "resize_filter": (ResizeFilter,),
    "sharpen": (Sharpen,),
    "trim": (Sides,),
    "trim_color": (TrimColor,),
}
_NUMBERS: Mapping[str, tuple[Number, Number]] = {
    "brightness": (-100, 100),
    "contrast": (-100, 100),
    "dpr": (1, 10),
    "saturation": (-100, 100),
}
_WHOLE_NUMBERS: Mapping[str, tuple[int, int]] = {
    "frame": (1, 1),
    "quality": (1, 100),
    "viewbox": (1, 1),
}
_MOST_PIXELS = 8192
_LEAST_BLUR, _MOST_BLUR = 0.5, 1000
_FLAGS = frozenset({"preserve_query_string_on_origin_request", "allow_malformed_query_params"})
"""The options that are never None, and whose names keep their underscores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptimizerOptions:
    """The options of the Image Optimizer for one image. None leaves an option out.

    `Fastly's reference <https://www.fastly.com/documentation/reference/io/>`_ describes each
    option, and the order in which they are applied. Numbers are sent with up to three decimal
    places.

    Attributes:
        region: Where the image is transformed; choose the region that is closest to its origin.
        preserve_query_string_on_origin_request: Whether parameters of the request's query string
            that are not the Image Optimizer's are sent to the origin.
        allow_malformed_query_params: Whether malformed and repeated parameters of the request's
            query string are ignored, and named in the response's
            ``Fastly-Io-Compute-Warnings`` header. Otherwise, the response is a 400.
        auto: The format to deliver if the client's Accept header allows it.
        bg_color: The color of transparent pixels, and of a canvas or padding.
        blur: The radius of a Gaussian blur: 0.5 to 1000 pixels, or more than 0 percent.
        brightness: From -100 to 100.
        bw: How the image becomes black and white.
        canvas: The area around the image.
        contrast: From -100 to 100.
        crop: The area to keep.
        disable: A feature to disable.
        dpr: The device's pixels per CSS pixel, from 1 to 10: width and height are multiplied by it.
        enable: A feature to enable.
        fit: How the image fits into ``width`` and ``height``.
        format: The format of the result.
        frame: 1 keeps only the first frame of an animation.
        height: The height: 1 to 8192 whole pixels, or more than 0 percent of the original.
        level: The H.264 level of a video; it goes with ``profile``.
        metadata: Which metadata is kept.
        optimize: How strongly the image is compressed, by its content.
        orient: The orientation of the result.
        pad: How much is added to each side.
        precrop: The area to keep before all other options are applied.
        profile: The H.264 profile of a video; it goes with ``level``.
        quality: The quality of a lossy format: a whole number from 1 to 100.
        resize_filter: How pixels are computed.
        saturation: From -100 to 100.
        sharpen: An unsharp mask.
        trim: How much is removed from each side.
        trim_color: A border to remove, by its color.
        viewbox: 1 removes the width and height of an SVG.
        width: The width, in the same units as ``height``.

    Raises:
        TypeError: A value is of the wrong type.
        InvalidImageOption: A value is out of range, or contradicts another.

    Example:
        >>> from fastly_compute.image_optimizer import Format, ImageOptimizerOptions, Pixels, Region
        >>> thumbnail = ImageOptimizerOptions(
        ...     region=Region.EU_WEST, format=Format.AUTO, width=Pixels(320), quality=85
        ... )
        >>> thumbnail.query_string
        'region=eu_west&format=auto&quality=85&width=320'
    """

    region: Region
    preserve_query_string_on_origin_request: bool = False
    allow_malformed_query_params: bool = False
    auto: Auto | None = None
    bg_color: Color | None = None
    blur: Length | None = None
    brightness: Number | None = None
    bw: BWAlgorithm | BWThreshold | None = None
    canvas: Canvas | None = None
    contrast: Number | None = None
    crop: Crop | None = None
    disable: Feature | None = None
    dpr: Number | None = None
    enable: Feature | None = None
    fit: Fit | None = None
    format: Format | None = None
    frame: Literal[1] | None = None
    height: Length | None = None
    level: Level | None = None
    metadata: Metadata | None = None
    optimize: Optimize | None = None
    orient: Orient | None = None
    pad: Sides | None = None
    precrop: Crop | None = None
    profile: Profile | None = None
    quality: int | None = None
    resize_filter: ResizeFilter | None = None
    saturation: Number | None = None
    sharpen: Sharpen | None = None
    trim: Sides | None = None
    trim_color: TrimColor | None = None
    viewbox: Literal[1] | None = None
    width: Length | None = None

    def __post_init__(self) -> None:
        for name, value in self._given():
            if name in _KINDS:
                _check_kind(name, value, _KINDS[name])
            elif name in _NUMBERS:
                number = checked_number(name, value, *_NUMBERS[name])
                object.__setattr__(self, name, number)
            elif name in _WHOLE_NUMBERS:
                checked_whole(name, value, *_WHOLE_NUMBERS[name])
            elif name == "blur":
                _check_blur(value)
            else:
                checked_length(name, value, 1, _MOST_PIXELS)
        if self.enable is not None and self.enable is self.disable:
            raise InvalidImageOption("enable", f"{self.enable} is disabled as well")

    def _given(self) -> Iterator[tuple[str, Any]]:
        for option in fields(self):
            value = getattr(self, option.name)
            if value is not None or option.default is not None:
                yield option.name, value

    @property
    def query_string(self) -> str:
        """The options as they are sent, URL-encoded."""
        return urlencode(
            [
                (name, "true") if name in _FLAGS else (name.replace("_", "-"), _text(value))
                for name, value in self._given()
                if value is not False
            ]
        )


def _check_kind(name: str, value: object, kinds: tuple[type, ...]) -> None:
    if not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def _check_blur(value: Length) -> None:
    if not isinstance(value, Pixels):
        checked_length("blur", value, 1)
    elif not _LEAST_BLUR <= value.value <= _MOST_BLUR:
        raise InvalidImageOption("blur", f"must be from 0.5 to 1000 pixels, not {value.value}")


def _text(value: object) -> str:
    return text_of(value) if isinstance(value, float) else str(value)
