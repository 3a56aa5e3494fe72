"""The options whose values are chosen from a list."""

from enum import IntEnum, StrEnum


class Region(StrEnum):
    """Where images are transformed: choose the region that is closest to their origin.

    Example:
        >>> from fastly_compute.image_optimizer import Region
        >>> Region("eu_west")
        <Region.EU_WEST: 'eu_west'>
    """

    US_EAST = "us_east"
    US_CENTRAL = "us_central"
    US_WEST = "us_west"
    EU_CENTRAL = "eu_central"
    EU_WEST = "eu_west"
    ASIA = "asia"
    AUSTRALIA = "australia"


class Auto(StrEnum):
    """The format that is delivered if the client's ``Accept`` header allows it.

    Example:
        >>> from fastly_compute.image_optimizer import Auto, ImageOptimizerOptions, Region
        >>> options = ImageOptimizerOptions(region=Region.ASIA, auto=Auto.AVIF)
    """

    AVIF = "avif"
    WEBP = "webp"


class BWAlgorithm(StrEnum):
    """How an image is converted to black and white, without any gray.

    Example:
        >>> from fastly_compute.image_optimizer import BWAlgorithm, ImageOptimizerOptions, Region
        >>> options = ImageOptimizerOptions(region=Region.ASIA, bw=BWAlgorithm.ATKINSON)
    """

    THRESHOLD = "threshold"
    """By luminance, with the default threshold; `BWThreshold` has another."""

    ATKINSON = "atkinson"
    """By Atkinson dithering."""


class CropMode(StrEnum):
    """How the area to crop is adjusted.

    Example:
        >>> from fastly_compute.image_optimizer import Crop, CropMode, Ratio
        >>> portrait = Crop(Ratio(3, 4), mode=CropMode.SMART)
    """

    SAFE = "safe"
    """The part of the area that is within the image is delivered, instead of an error."""

    SMART = "smart"
    """The area is chosen by the content of the image, such as faces."""


class Feature(StrEnum):
    """A feature that can be enabled or disabled.

    Example:
        >>> from fastly_compute.image_optimizer import Feature, ImageOptimizerOptions, Region
        >>> options = ImageOptimizerOptions(region=Region.ASIA, enable=Feature.UPSCALE)
    """

    UPSCALE = "upscale"
    """The result may be larger than the original."""


class Fit(StrEnum):
    """How an image fits into the width and height.

    Example:
        >>> from fastly_compute.image_optimizer import Fit, ImageOptimizerOptions, Pixels, Region
        >>> square = ImageOptimizerOptions(
        ...     region=Region.ASIA, width=Pixels(80), height=Pixels(80), fit=Fit.CROP
        ... )
    """

    BOUNDS = "bounds"
    """It fits entirely; one dimension may be smaller."""

    COVER = "cover"
    """It covers them entirely; one dimension may be larger."""

    CROP = "crop"
    """It is cropped around its center to exactly this size."""


class Format(StrEnum):
    """The format of the result.

    Example:
        >>> from fastly_compute.image_optimizer import Format, ImageOptimizerOptions, Region
        >>> options = ImageOptimizerOptions(region=Region.ASIA, format=Format.AUTO)
    """

    AUTO = "auto"
    """The best format that the client supports."""

    AVIF = "avif"
    BJPG = "bjpg"
    """Baseline JPEG."""

    GIF = "gif"
    JPG = "jpg"
    JXL = "jxl"
    """JPEG XL."""

    MP4 = "mp4"
    """H.264 video, from an animated GIF."""

    PJPG = "pjpg"
    """Progressive JPEG."""

    PJXL = "pjxl"
    """Progressive JPEG XL."""

    PNG = "png"
    PNG8 = "png8"
    """PNG with a palette of 256 colors."""

    SVG = "svg"
    WEBP = "webp"
    WEBPLL = "webpll"
    """Lossless WebP."""

    WEBPLY = "webply"
    """Lossy WebP."""


class Level(StrEnum):
    """The H.264 level of a video.

    Example:
        >>> from fastly_compute.image_optimizer import Level
        >>> Level("4.1")
        <Level.LEVEL_4_1: '4.1'>
    """

    LEVEL_1_0 = "1.0"
    LEVEL_1_1 = "1.1"
    LEVEL_1_2 = "1.2"
    LEVEL_1_3 = "1.3"
    LEVEL_2_0 = "2.0"
    LEVEL_2_1 = "2.1"
    LEVEL_2_2 = "2.2"
    LEVEL_3_0 = "3.0"
    LEVEL_3_1 = "3.1"
    LEVEL_3_2 = "3.2"
    LEVEL_4_0 = "4.0"
    LEVEL_4_1 = "4.1"
    LEVEL_4_2 = "4.2"
    LEVEL_5_0 = "5.0"
    LEVEL_5_1 = "5.1"
    LEVEL_5_2 = "5.2"
    LEVEL_6_0 = "6.0"
    LEVEL_6_1 = "6.1"
    LEVEL_6_2 = "6.2"


class Metadata(StrEnum):
    """Which metadata is kept. Without this option, all of it is removed.

    Example:
        >>> from fastly_compute.image_optimizer import ImageOptimizerOptions, Metadata, Region
        >>> options = ImageOptimizerOptions(region=Region.ASIA, metadata=Metadata.COPYRIGHT)
    """

    COPYRIGHT = "copyright"
    """The copyright notice, creator, credit line, licensor and rights statement."""

    C2PA = "c2pa"
    """The C2PA manifest, to which the transformations are added."""

    COPYRIGHT_AND_C2PA = "copyright,c2pa"


class Optimize(StrEnum):
    """How strongly an image is compressed, by its content.

    Example:
        >>> from fastly_compute.image_optimizer import ImageOptimizerOptions, Optimize, Region
        >>> options = ImageOptimizerOptions(region=Region.ASIA, optimize=Optimize.MEDIUM)
    """

    LOW = "low"
    """The quality stays similar to that of the original."""

    MEDIUM = "medium"
    """The visual quality is preserved as far as possible."""

    HIGH = "high"
    """Minor artifacts may be visible; the file is the smallest."""


class Orient(IntEnum):
    """The orientation of the result, as in EXIF.

    Example:
        >>> from fastly_compute.image_optimizer import Orient
        >>> Orient(6)
        <Orient.ORIENT_RIGHT: 6>
    """

    DEFAULT = 1
    FLIP_HORIZONTAL = 2
    FLIP_HORIZONTAL_AND_VERTICAL = 3
    FLIP_VERTICAL = 4
    FLIP_HORIZONTAL_ORIENT_LEFT = 5
    ORIENT_RIGHT = 6
    FLIP_HORIZONTAL_ORIENT_RIGHT = 7
    ORIENT_LEFT = 8


class Profile(StrEnum):
    """The H.264 profile of a video.

    Example:
        >>> from fastly_compute.image_optimizer import Profile
        >>> Profile("high")
        <Profile.HIGH: 'high'>
    """

    BASELINE = "baseline"
    """For video conferences and mobile applications."""

    MAIN = "main"
    """For standard definition."""

    HIGH = "high"
    """For high definition."""


class ResizeFilter(StrEnum):
    """How pixels are computed when an image is resized.

    Example:
        >>> from fastly_compute.image_optimizer import ImageOptimizerOptions, Region, ResizeFilter
        >>> options = ImageOptimizerOptions(region=Region.ASIA, resize_filter=ResizeFilter.NEAREST)
    """

    NEAREST = "nearest"
    """The nearest pixel."""

    BILINEAR = "bilinear"
    """The average of two by two pixels."""

    BICUBIC = "bicubic"
    """The average of four by four pixels, of which the inner ones count more."""

    LANCZOS2 = "lanczos2"
    """The Lanczos filter, which detects edges."""

    LANCZOS3 = "lanczos3"
    """A better Lanczos filter."""
