"""Asking an origin for a whole response, or whether a stored one is still valid."""

from dataclasses import replace

from fastly_compute.local.readthrough.conditional import CONDITIONS, validators
from fastly_compute.local.readthrough.freshness import storable_headers
from fastly_compute.local.server.downstream import RawHeaders
from fastly_compute.local.state import ResponseHead

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
