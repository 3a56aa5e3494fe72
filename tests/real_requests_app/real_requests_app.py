"""Runs the cases of tests/differential with the real `requests`, on backends."""

import json

import cases
import codings  # noqa: F401 - adds its cases
import generated  # noqa: F401 - adds its cases
import locations  # noqa: F401 - adds its cases
import requests

from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.urllib3 import inject_into_urllib3

inject_into_urllib3()


def handle(request: IncomingRequest) -> Response:
    asked = json.loads(request.body.read())
    return Response.json([cases.outcome(requests, *arguments) for arguments in asked])


HttpIncoming = service(handle)
