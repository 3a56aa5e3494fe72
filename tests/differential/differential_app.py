"""Runs cases with our `requests`, on whatever host this is."""

import json

import cases
import codings  # noqa: F401 - adds its cases
import generated  # noqa: F401 - adds its cases
import locations  # noqa: F401 - adds its cases

from fastly_compute import requests
from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    return Response.json(
        [cases.outcome(requests, name, base, other) for name, base, other in asked]
    )


HttpIncoming = service(handle)
