"""One health check of a backend."""

import time
from dataclasses import replace

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.config.health_check import HealthCheckConfig
from fastly_compute.local.transport.errors import SendFailure
from fastly_compute.local.transport.http_transport import HTTPTransport, OriginRequest


def probe(origins: HTTPTransport, backend: BackendConfig, check: HealthCheckConfig) -> str | None:
    """Check a backend once, on a separate connection, and wait for the outcome.

    Args:
        origins: The transport.
        backend: The backend. Its timeouts apply if they are shorter than the check's.
        check: The request, and the expected response.

    Returns:
        What went wrong; None if the check passed.
    """
    limit = check.timeout_ms
    target = replace(
        backend,
        override_host=None,
        connect_timeout_ms=min(backend.connect_timeout_ms or limit, limit),
        first_byte_timeout_ms=min(backend.first_byte_timeout_ms or limit, limit),
        pooling=False,
    )
    request = OriginRequest(
        method=check.method,
        path_and_query=check.path,
        headers=[("Host", check.host.encode())],
    )
    began = time.monotonic()
    try:
        response = origins.send(target, request)
    except SendFailure as failure:
        return failure.message
    response.body.close()
    if response.status != check.expected_status:
        return f"the status is {response.status}, not {check.expected_status}"
    if (time.monotonic() - began) * 1000 > limit:
        return f"the response took more than {limit} ms"
    return None
