"""The bindings of ``fastly:compute/erl``; their errors become this package's exceptions."""

from typing import TYPE_CHECKING

from fastly_compute.core import bindings
from fastly_compute.erl.errors import CLASSES

if TYPE_CHECKING:
    from wit_world.imports import erl
else:
    erl = bindings.interface("erl")

__all__ = ["erl"]

_call = bindings.caller(CLASSES, prefix="erl.")


def open_counter(name: str) -> "erl.RateCounter":
    """Open a rate counter."""
    return _call("rate-counter.open", lambda: erl.RateCounter.open(name), name)


def open_box(name: str) -> "erl.PenaltyBox":
    """Open a penalty box."""
    return _call("penalty-box.open", lambda: erl.PenaltyBox.open(name), name)


def increment(counter: "erl.RateCounter", name: str, entry: str, delta: int) -> None:
    """Count an entry."""
    _call("rate-counter.increment", lambda: counter.increment(entry, delta), name)


def lookup_rate(counter: "erl.RateCounter", name: str, entry: str, window: int) -> int:
    """Return an entry's rate per second."""
    return _call("rate-counter.lookup-rate", lambda: counter.lookup_rate(entry, window), name)


def lookup_count(counter: "erl.RateCounter", name: str, entry: str, duration: int) -> int:
    """Return an entry's count."""
    return _call("rate-counter.lookup-count", lambda: counter.lookup_count(entry, duration), name)


def add(box: "erl.PenaltyBox", name: str, entry: str, ttl: int) -> None:
    """Put an entry into a penalty box."""
    _call("penalty-box.add", lambda: box.add(entry, ttl), name)


def has(box: "erl.PenaltyBox", name: str, entry: str) -> bool:
    """Return whether an entry is in a penalty box."""
    return _call("penalty-box.has", lambda: box.has(entry), name)


def check_rate(
    names: tuple[str, str], entry: str, *, delta: int, window: int, limit: int, ttl: int
) -> bool:
    """Count an entry, penalize it if it exceeds the limit, and return whether it is penalized.

    The counter and the box, which *names* are those of, are open for the call only.
    """
    with open_counter(names[0]) as counter, open_box(names[1]) as box:
        return _call(
            "rate-counter.check-rate",
            lambda: counter.check_rate(entry, delta, window, limit, box, ttl),
            names[0],
        )
