"""`fastly:compute/erl`: rate counters and penalty boxes, by any name."""

from typing import Self

from componentize_py_types import Err
from wit_world.imports.types import Error_InvalidArgument

from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.state import RateRefused
from fastly_compute.local.state.rates import check_ttl


class PenaltyBox(Resource):
    """One penalty box."""

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a penalty box, creating it if necessary."""
        return cls(name)

    def get_name(self) -> str:
        """Return its name."""
        return self._name

    def add(self, entry: str, ttl: int) -> None:
        """Add an entry for some time."""
        try:
            running().host.penalties.add(self._name, entry, ttl)
        except RateRefused as refused:
            raise _invalid("penalty-box.add", refused) from refused

    def has(self, entry: str) -> bool:
        """Return whether it has an entry."""
        return running().host.penalties.has(self._name, entry)


class RateCounter(Resource):
    """One rate counter."""

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    def open(cls, name: str) -> Self:
        """Open a counter, creating it if necessary."""
        return cls(name)

    def get_name(self) -> str:
        """Return its name."""
        return self._name

    def check_rate(
        self, entry: str, delta: int, window: int, limit: int, penalty_box: PenaltyBox, ttl: int
    ) -> bool:
        """Count, penalize the entry if it exceeds the limit, and return whether it is penalized."""
        rates = running().host.rates
        try:
            check_ttl(ttl)
            rates.rate(self._name, entry, window)
        except RateRefused as refused:
            raise _invalid("rate-counter.check-rate", refused) from refused
        rates.increment(self._name, entry, delta)
        if rates.exceeds(self._name, entry, window, limit):
            penalty_box.add(entry, ttl)
        return penalty_box.has(entry)

    def increment(self, entry: str, delta: int) -> None:
        """Add *delta* to the count."""
        running().host.rates.increment(self._name, entry, delta)

    def lookup_rate(self, entry: str, window: int) -> int:
        """Return the rate per second over a window."""
        try:
            return running().host.rates.rate(self._name, entry, window)
        except RateRefused as refused:
            raise _invalid("rate-counter.lookup-rate", refused) from refused

    def lookup_count(self, entry: str, duration: int) -> int:
        """Return the count over a duration."""
        try:
            return running().host.rates.count(self._name, entry, duration)
        except RateRefused as refused:
            raise _invalid("rate-counter.lookup-count", refused) from refused


def _invalid(function: str, refused: RateRefused) -> Err[Error_InvalidArgument]:
    running().host.log(f"{function}: {refused}")
    return Err(Error_InvalidArgument())
