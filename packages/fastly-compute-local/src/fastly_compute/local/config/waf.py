"""The Next-Gen WAF's verdict on the requests that an app has it inspect."""

from collections.abc import Sequence
from dataclasses import dataclass

_LOWEST, _HIGHEST = 100, 999


@dataclass(frozen=True, slots=True, kw_only=True)
class WafVerdict:
    """The verdict on each request; by default all are allowed, as on Viceroy.

    Attributes:
        verdict: `allow`, `block`, `unauthorized`, or what a later WAF may say.
        status: The status that the WAF would answer with, 100 to 999.
        redirect_url: Where a blocked request is redirected; empty for nowhere.
        tags: What the WAF found, such as `SQLI`.
        decision_ms: How long it took to decide, in milliseconds.

    Raises:
        TypeError: The tags are one text.
        ValueError: A value breaks its rule.

    Example:
        >>> from fastly_compute.local import HostConfig, WafVerdict
        >>> blocked = WafVerdict(verdict="block", status=406, tags=["SQLI"])
        >>> HostConfig(waf_verdict=blocked).waf_verdict.tags
        ('SQLI',)
    """

    verdict: str = "allow"
    status: int = 200
    redirect_url: str = ""
    tags: Sequence[str] = ()
    decision_ms: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.tags, str):
            raise TypeError("tags: must be a sequence of tags, not one of them")
        if not self.verdict:
            raise ValueError("verdict: must not be empty")
        if not _LOWEST <= self.status <= _HIGHEST:
            raise ValueError(f"status: must be from {_LOWEST} to {_HIGHEST}, not {self.status}")
        if self.decision_ms < 0:
            raise ValueError(f"decision_ms: must be 0 or more, not {self.decision_ms}")
        object.__setattr__(self, "tags", tuple(self.tags))
