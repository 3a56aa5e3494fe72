"""Edge rate limiting as a type checker sees it: checked against the installed wheels, never run."""

from datetime import timedelta
from typing import assert_type

from fastly_compute.erl import EdgeRateLimiter, PenaltyBox, RateCounter, RateWindow

window: RateWindow = 60
limiter = EdgeRateLimiter(
    counter="requests", penalty_box="box", window=window, limit=10, ttl=timedelta(minutes=1)
)
EdgeRateLimiter(
    counter="requests",
    penalty_box="box",
    window=5,  # type: ignore[arg-type]
    limit=10,
    ttl=60,  # type: ignore[arg-type]
)


def use() -> None:
    assert_type(limiter.check_rate("client"), bool)
    with RateCounter.open("requests") as counter:
        assert_type(counter.lookup_rate("client", window=1), int)
        assert_type(counter.lookup_count("client", duration=20), int)
        counter.lookup_count("client", duration=1)  # type: ignore[arg-type]
        counter.lookup_rate("client", 1)  # type: ignore[call-arg]
    with PenaltyBox.open("box") as box:
        box.add("client", timedelta(minutes=1))
        assert_type(box.has("client"), bool)
