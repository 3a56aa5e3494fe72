"""The clock of a host."""

import time

import pytest

from fastly_compute.local.clock import Clock


def test_it_starts_from_the_real_time() -> None:
    before = time.time()
    now = Clock().now()

    assert before <= now <= time.time()


def test_it_continues_from_where_it_was_advanced_to() -> None:
    real = [1000.0]
    clock = Clock(lambda: real[0])
    clock.advance(60)
    clock.advance(0.5)
    real[0] += 2

    assert clock.now() == 1062.5


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_it_advances_by_positive_finite_seconds_only(seconds) -> None:
    clock = Clock(lambda: 1000.0)

    with pytest.raises(ValueError, match="cannot advance a clock by"):
        clock.advance(seconds)
    assert clock.now() == 1000.0
