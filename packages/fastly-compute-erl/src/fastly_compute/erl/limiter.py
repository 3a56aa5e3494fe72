"""Edge rate limiters."""

from dataclasses import dataclass
from datetime import timedelta

from fastly_compute.erl import _wit
from fastly_compute.erl.options import (
    LONGEST_ENTRY,
    LONGEST_NAME,
    MOST_CHECKED,
    RateWindow,
    checked_limit,
    checked_number,
    checked_text,
    checked_window,
    whole_minutes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRateLimiter:
    """A rule: who exceeds a rate is penalized for a time.

    It is a value: create it while the app is imported. The counter and the box are opened for each
    check, and are created on first use.

    Attributes:
        counter: The name of the rate counter: 1 to 1024 bytes of UTF-8.
        penalty_box: The name of the penalty box, likewise.
        window: The seconds over which the rate is estimated: 1, 10 or 60.
        limit: The events per second that are allowed on average, 10 to 70,000,000.
        ttl: How long an entry is penalized: whole minutes, from 1 minute to 1 hour. The platform
            may do so up to a minute longer.

    Raises:
        TypeError: A value has another type.
        InvalidErlOption: A value is invalid.

    Example:
        >>> from datetime import timedelta
        >>> from fastly_compute.erl import EdgeRateLimiter
        >>> limiter = EdgeRateLimiter(
        ...     counter="requests",
        ...     penalty_box="offenders",
        ...     window=10,
        ...     limit=100,
        ...     ttl=timedelta(minutes=5),
        ... )
        >>> def is_limited(client: str) -> bool:
        ...     return limiter.check_rate(client)
    """

    counter: str
    penalty_box: str
    window: RateWindow
    limit: int
    ttl: timedelta

    def __post_init__(self) -> None:
        checked_text(self.counter, "counter", LONGEST_NAME)
        checked_text(self.penalty_box, "penalty_box", LONGEST_NAME)
        checked_window(self.window)
        checked_limit(self.limit)
        whole_minutes(self.ttl)

    def check_rate(self, entry: str, delta: int = 1) -> bool:
        """Count events of an entry, and return whether it is penalized (``check-rate``).

        If the entry exceeds the limit, it is put into the penalty box, and stays there for the
        whole time, however few events follow.

        Args:
            entry: Who is counted, such as the client's address: 1 to 256 bytes of UTF-8.
            delta: How many events, 0 to 100,000.

        Returns:
            Whether the entry is in the penalty box. If so, answer 429, with ``ttl`` as
            ``Retry-After``.

        Raises:
            TypeError: A value has another type.
            InvalidErlOption: A value is invalid.
            ErlUnsupported: This host or service has no edge rate limiting.
            ErlCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        checked_text(entry, "entry", LONGEST_ENTRY)
        checked_number(delta, "delta", 0, MOST_CHECKED)
        return _wit.check_rate(
            (self.counter, self.penalty_box),
            entry,
            delta=delta,
            window=self.window,
            limit=self.limit,
            ttl=whole_minutes(self.ttl),
        )
