"""Waiting for a lookup that may be waiting for another one."""

from concurrent.futures import Future

from fastly_compute.local.interfaces.async_io import Pollable, wait_for
from fastly_compute.local.runtime.sandbox import running
from fastly_compute.local.runtime.trap import Trap
from fastly_compute.local.state import CacheOutcome, Outcome, Transaction


def count_lookup(outcome: CacheOutcome | Outcome) -> None:
    """Count a lookup of the guest in the record of its request, if there is one."""
    sandbox = running()
    record = sandbox.exchange.record
    if record is not None:
        label = outcome.label(sandbox.host.cache.now()) if isinstance(outcome, Outcome) else outcome
        record.looked_up(label)


class Step(Pollable):
    """Becomes ready when a lookup or a replacement can proceed."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def waiting(self) -> "Future[object] | None":
        """Return the future to wait for."""
        return self._transaction.waiting()


def await_outcome(transaction: Transaction, called: str) -> Outcome:
    """Wait for the outcome of a transaction.

    Args:
        transaction: The transaction.
        called: The function of the WIT that waits.

    Raises:
        Trap: It would wait forever.
    """
    pending = transaction.waiting()
    if pending is not None:
        if running().host.cache.blocked(transaction):
            raise Trap(
                f"{called} would wait forever: this sandbox itself has to insert or cancel first"
            )
        wait_for([pending], None)
    return transaction.result()
