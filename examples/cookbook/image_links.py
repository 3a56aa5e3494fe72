"""Links to images in a few widths: /320/lamp.jpg is lamp.jpg, made 320 pixels wide."""

import re

from fastly_compute.http import IncomingRequest, Request, Response, SendError, service
from fastly_compute.image_optimizer import (
    Format,
    ImageOptimizerError,
    ImageOptimizerOptions,
    Pixels,
    Region,
    send_to_image_optimizer,
)

# Each width is made and cached once. With any width a client could have thousands made.
SIZES = {
    str(width): ImageOptimizerOptions(
        region=Region.EU_WEST, width=Pixels(width), format=Format.AUTO
    )
    for width in (320, 640, 1280)
}
LINK = re.compile(r"/([0-9]{3,4})/([a-z0-9][a-z0-9-]{0,60}\.(?:jpg|png|webp))")


def srcset(name: str) -> str:
    """Return the `srcset` of an `<img>`, so that a browser takes the width that it needs."""
    return ", ".join(f"/{width}/{name} {width}w" for width in SIZES)


def handle(request: IncomingRequest) -> Response:
    link = LINK.fullmatch(request.path)
    if link is None or link[1] not in SIZES or request.method not in {"GET", "HEAD"}:
        return Response.text("unknown image\n", status=404)
    # Format.AUTO goes by what the browser accepts. Its query is not passed on: it would be options.
    headers = {"Accept": request.headers.get("Accept") or "*/*"}
    original = Request(request.method, f"https://images.example/{link[2]}", headers=headers)
    try:
        try:
            return send_to_image_optimizer(original, SIZES[link[1]], "images")
        except ImageOptimizerError as error:
            print(error)
            return original.send("images")  # too large, but there
    except SendError as error:
        print(error)
        return Response.text("the images are not available\n", status=502)


HttpIncoming = service(handle)
