"""`fastly:compute/image-optimizer`: unsupported, unless a test replaces it."""

from componentize_py_types import Err
from wit_world.imports.image_optimizer import ImageOptimizerTransformOptions
from wit_world.imports.types import Error_GenericError, Error_Unsupported

from fastly_compute.local.interfaces.backend import Backend
from fastly_compute.local.interfaces.http_body import Body
from fastly_compute.local.interfaces.http_req import Request, to_origin
from fastly_compute.local.interfaces.http_resp import Response, received
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.transport import SendFailure


def send_to_image_optimizer(
    origin_image_request: Request,
    origin_image_request_body: Body | None,
    origin_image_request_backend: Backend,
    io_transform_options: ImageOptimizerTransformOptions,
) -> tuple[Response, Body]:
    """Have the host's Image Optimizer transform an image, and return its response."""
    request, backend = origin_image_request, origin_image_request_backend
    body = Body() if origin_image_request_body is None else origin_image_request_body
    host = running().host
    try:
        asked = to_origin(request, body)
        if host.image_optimizer is None:
            raise Err(Error_Unsupported())
        query_string = io_transform_options.sdk_claims_opts or ""
        response = host.image_optimizer(backend.name, backend.config, asked, query_string)
    except SendFailure as failure:
        host.log(f"image-optimizer, backend {backend.name!r}: {failure.message}")
        raise Err(Error_GenericError()) from failure
    finally:
        body.close_sources()
    return received(response, decompress=request.decompress)
