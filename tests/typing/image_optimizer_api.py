"""The Image Optimizer as a type checker sees it: checked against the wheels, never run."""

from typing import assert_type

from fastly_compute.backend import Backend
from fastly_compute.http import IncomingRequest, Request, Response
from fastly_compute.image_optimizer import (
    BWAlgorithm,
    BWThreshold,
    Color,
    Crop,
    Format,
    ImageOptimizerOptions,
    Offset,
    Percent,
    Pixels,
    Position,
    Ratio,
    Region,
    send_to_image_optimizer,
)
from fastly_compute.testing import ComputeHost, ImageCall, Reply


def handle(request: IncomingRequest) -> Response:
    options = ImageOptimizerOptions(
        region=Region.ASIA,
        width=Pixels(640),
        height=Percent(50),
        crop=Crop(Ratio(16, 9), Position(x=Offset(50), y=Pixels(3))),
        bw=BWThreshold(50),
        bg_color=Color.from_hex("#fff"),
        frame=1,
    )
    assert_type(options.query_string, str)
    assert_type(options.width, Pixels | Percent | None)
    assert_type(options.bw, BWAlgorithm | BWThreshold | None)
    assert_type(options.format, Format | None)
    ImageOptimizerOptions()  # type: ignore[call-arg]
    ImageOptimizerOptions(region="asia")  # type: ignore[arg-type]
    ImageOptimizerOptions(region=Region.ASIA, width=640)  # type: ignore[arg-type]
    ImageOptimizerOptions(region=Region.ASIA, frame=2)  # type: ignore[arg-type]
    ImageOptimizerOptions(region=Region.ASIA, size=Pixels(3))  # type: ignore[call-arg]
    options.quality = 3  # type: ignore[misc]
    image = Request("GET", "https://a.example/lamp.jpg")
    send_to_image_optimizer(request, options)  # type: ignore[arg-type]
    send_to_image_optimizer(image, options, Backend.open("origin")).close()
    return send_to_image_optimizer(image, options, "origin")


def small(call: ImageCall) -> Reply:
    assert_type(call.options["width"], str)
    return Reply.of(text=call.origin.path)


def sets(compute_host: ComputeHost) -> None:
    compute_host.image_optimizer = small
    compute_host.image_optimizer = None
    compute_host.image_optimizer = "small"  # type: ignore[assignment]
