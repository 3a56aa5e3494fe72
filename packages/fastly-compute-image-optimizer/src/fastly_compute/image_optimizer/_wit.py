"""The bindings of ``fastly:compute/image-optimizer``, with this package's exceptions."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings
from fastly_compute.image_optimizer.errors import image_optimizer_error

if TYPE_CHECKING:
    from wit_world.imports import async_io, backend, http_req, http_resp, image_optimizer
else:
    image_optimizer = bindings.interface("image_optimizer")


def send_to_image_optimizer(
    request: "http_req.Request",
    body: "async_io.Pollable | None",
    backend: "backend.Backend",
    query_string: str,
    *,
    name: str,
) -> "tuple[http_resp.Response, async_io.Pollable]":
    """Send a request for an image, and wait for the head of the response."""
    options = image_optimizer.ImageOptimizerTransformOptions(
        sdk_claims_opts=query_string, extra=None
    )
    try:
        return image_optimizer.send_to_image_optimizer(request, body, backend, options)
    except bindings.Err as err:
        operation = "image-optimizer.send-to-image-optimizer"
        raise image_optimizer_error(err.value, operation, subject=name) from None
