"""Sending a request for an image through the Image Optimizer."""

from fastly_compute.backend import Backend
from fastly_compute.http import Request, Response
from fastly_compute.image_optimizer import _wit
from fastly_compute.image_optimizer.errors import InvalidImageOption
from fastly_compute.image_optimizer.options import ImageOptimizerOptions


def send_to_image_optimizer(
    request: Request, options: ImageOptimizerOptions, backend: Backend | str | None = None
) -> Response:
    """Send a request for an image, and wait for the head of the transformed image's response.

    It is ``image-optimizer.send-to-image-optimizer`` of the WIT. Parameters in the request's query
    string are options as well; *options* take precedence. The platform caches the original and the
    result as the Cache-Control of the origin's response says, whatever the request's headers are:
    the origin must send ``private`` with an image that is not for everyone.

    Args:
        request: The request for the original image. Its body, if it has one, is passed on unread;
            a file or an iterable is read into memory first.
        options: The transformations.
        backend: The origin of the image or its name; None for the URL's dynamic backend
            (`Backend.for_url`).

    Returns:
        The response, whose body has not been read yet.

    Raises:
        TypeError: An argument is of the wrong type.
        InvalidImageOption: The request has `CacheOptions`, which the Image Optimizer ignores.
        ImageOptimizerUnsupported: This host or this service has no Image Optimizer. A request
            without a body, or with one of bytes, can still be sent to the backend.
        ImageOptimizerCallFailed: The host refused for another reason, or got no response.
        BackendNotFound: No backend has that name.
        BackendError: A dynamic backend for the URL is not possible.
        InvalidHeader: The Host header is not one host.
        HandleClosed: The body was used up before.
        BodyError: Passing the body to the host failed.
        HttpCallFailed: The host refused the request.
        HostUnavailable: No host is available.
        Exception: The body is an iterable that raised it.

    Example:
        >>> from fastly_compute.http import IncomingRequest, Request, Response
        >>> from fastly_compute.image_optimizer import (
        ...     Format,
        ...     ImageOptimizerOptions,
        ...     Pixels,
        ...     Region,
        ...     send_to_image_optimizer,
        ... )
        >>> THUMBNAIL = ImageOptimizerOptions(
        ...     region=Region.US_EAST, format=Format.AUTO, width=Pixels(320)
        ... )
        >>> def handle(request: IncomingRequest) -> Response:
        ...     image = Request("GET", f"https://images.example.com{request.path}")
        ...     return send_to_image_optimizer(image, THUMBNAIL, "images")
    """
    if not isinstance(request, Request):
        raise TypeError(f"request must be a Request, not {type(request).__name__}")
    if not isinstance(options, ImageOptimizerOptions):
        kind = type(options).__name__
        raise TypeError(f"options must be ImageOptimizerOptions, not {kind}")
    if request.cache is not None:
        rule = "the Image Optimizer ignores the request's CacheOptions: leave them out"
        raise InvalidImageOption("request.cache", rule)
    target, _sent = request._target(backend)
    resource, body = request._to_host(request.body)
    received = _wit.send_to_image_optimizer(
        resource, body, target._resource, options.query_string, name=target.name
    )
    return Response._received(*received)
