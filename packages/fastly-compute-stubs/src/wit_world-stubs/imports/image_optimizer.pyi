# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Optional, Tuple, Self
from types import TracebackType
from dataclasses import dataclass
from ..imports import backend
from ..imports import async_io
from ..imports import http_resp
from ..imports import http_req

class ExtraImageOptimizerTransformOptions:

    def __enter__(self) -> Self:
        """Returns self"""

    def __exit__(self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None) -> bool | None:
        """Release this resource."""

@dataclass
class ImageOptimizerTransformOptions:
    sdk_claims_opts: Optional[str]
    extra: Optional[ExtraImageOptimizerTransformOptions]

def send_to_image_optimizer(origin_image_request: http_req.Request, origin_image_request_body: Optional[async_io.Pollable], origin_image_request_backend: backend.Backend, io_transform_options: ImageOptimizerTransformOptions) -> Tuple[http_resp.Response, async_io.Pollable]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""

def transform_image_optimizer_request(origin_image_request: http_req.Request, origin_image_request_body: Optional[async_io.Pollable], origin_image_request_backend: backend.Backend, io_transform_options: ImageOptimizerTransformOptions) -> Tuple[http_resp.Response, async_io.Pollable]:
    """Raises: `componentize_py_types.Err(wit_world.imports.types.Error)`"""
