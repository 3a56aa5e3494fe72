"""The Image Optimizer of Fastly Compute: images resized, cropped and converted near the client."""

from fastly_compute.image_optimizer.areas import Canvas, Crop, Offset, Position, Ratio, Sides, Size
from fastly_compute.image_optimizer.choices import (
    Auto,
    BWAlgorithm,
    CropMode,
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
from fastly_compute.image_optimizer.errors import (
    ImageOptimizerCallFailed,
    ImageOptimizerError,
    ImageOptimizerUnsupported,
    InvalidImageOption,
)
from fastly_compute.image_optimizer.lengths import Percent, Pixels
from fastly_compute.image_optimizer.options import ImageOptimizerOptions
from fastly_compute.image_optimizer.sending import send_to_image_optimizer
from fastly_compute.image_optimizer.sharpen import Sharpen

__all__ = [
    "Auto",
    "BWAlgorithm",
    "BWThreshold",
    "Canvas",
    "Color",
    "Crop",
    "CropMode",
    "Feature",
    "Fit",
    "Format",
    "ImageOptimizerCallFailed",
    "ImageOptimizerError",
    "ImageOptimizerOptions",
    "ImageOptimizerUnsupported",
    "InvalidImageOption",
    "Level",
    "Metadata",
    "Offset",
    "Optimize",
    "Orient",
    "Percent",
    "Pixels",
    "Position",
    "Profile",
    "Ratio",
    "Region",
    "ResizeFilter",
    "Sharpen",
    "Sides",
    "Size",
    "TrimColor",
    "send_to_image_optimizer",
]
