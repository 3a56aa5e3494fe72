"""Asking an origin for a whole response, or whether a stored one is still valid."""

from dataclasses import replace

from fastly_compute.local.readthrough.conditional import CONDITIONS, validators
from fastly_compute.local.readthrough.freshness import storable_headers
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state import ResponseHead
from fastly_compute.local.transport import OriginRequest

_FRAMING = frozenset({"content-length", "transfer-encoding"})

NOT_MODIFIED = 304
"""The status of a response that renews the stored one (RFC 9110, section 15.4.5)."""


def backend_headers(headers: RawHeaders, stale: ResponseHead | None) -> list[tuple[str, bytes]]:
    """Return the headers of a request for a whole response.

    Args:
        headers: The headers of the request to answer.
        stale: The stored response, if there is one: the request is then conditional on it.
    """
    kept = [item for item in headers if item[0].lower() not in CONDITIONS]
    return kept if stale is None else kept + validators(stale)


def whole_request(
    request: OriginRequest, stale: ResponseHead | None, *, alone: bool
) -> OriginRequest:
    """Return the request for a whole response.

    Args:
        request: The request to answer.
        stale: The stored response, if there is one: the request is then conditional on it.
        alone: Whether it is sent while the guest goes on, and so without a body.
    """
    headers = backend_headers(request.headers, stale)
    if alone:
        headers = [item for item in headers if item[0].lower() not in _FRAMING]
    asked = replace(request, method="GET", headers=headers)
    # The body belongs to the guest, which continues meanwhile.
    return replace(asked, body=b"") if alone else asked


def renewed(stale: ResponseHead, headers: RawHeaders) -> ResponseHead:
    """Return a stored head with the headers of a 304 (RFC 9111, section 4.3.4).

    Args:
        stale: The stored head.
        headers: The headers of the 304.
    """
    fields = [item for item in headers if item[0].lower() != "content-length"]
    replaced = {name.lower() for name, _ in fields} | {"age"}
    kept = [item for item in stale.headers if item[0].lower() not in replaced]
    return replace(stale, headers=storable_headers([*kept, *fields]))
