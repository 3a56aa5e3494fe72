"""The verdicts that the WAF has on a request."""

from enum import StrEnum


class Verdict(StrEnum):
    """The WAF's recommendation for a request.

    The WAF may have verdicts that are not listed here: allow what is `ALLOW`, and nothing else.

    Example:
        >>> from fastly_compute.security import Verdict
        >>> Verdict("block")
        <Verdict.BLOCK: 'block'>
    """

    ALLOW = "allow"
    """The request is allowed."""

    BLOCK = "block"
    """The request should be blocked."""

    UNAUTHORIZED = "unauthorized"
    """This service may not inspect requests: the corp or workspace is wrong, or not linked."""


def verdict_of(text: str) -> Verdict | str:
    """Return the verdict; one that is not known stays text."""
    try:
        return Verdict(text)
    except ValueError:
        return text
