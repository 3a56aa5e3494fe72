"""Turns among sandboxes in wasm."""

import queue
import threading
from collections.abc import Callable

import pytest

from fastly_compute.local.runtime.wasm.turns import Turns

LONG = 30


class Runner:
    """A thread that takes a turn and ends it when told to."""

    def __init__(self, turns: Turns, name: str, log: "queue.Queue[str]") -> None:
        self.turns = turns
        self.name = name
        self._log = log
        self._todo: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self.turns.taken():
            self._log.put(self.name)
            while (todo := self._todo.get(timeout=LONG)) is not None:
                todo()

    def rest(self, until: threading.Event, resting: threading.Event) -> None:
        def todo() -> None:
            with self.turns.given_up():
                resting.set()
                assert until.wait(LONG)
            self._log.put(f"{self.name} again")

        self._todo.put(todo)

    def end(self) -> None:
        self._todo.put(None)
        self._thread.join(LONG)


@pytest.fixture
def log() -> "queue.Queue[str]":
    return queue.Queue()


def test_the_next_one_runs_when_one_ends(log: "queue.Queue[str]") -> None:
    turns = Turns(1)
    first = Runner(turns, "first", log)
    assert log.get(timeout=LONG) == "first"
    second = Runner(turns, "second", log)
    first.end()

    assert log.get(timeout=LONG) == "second"
    second.end()


def test_a_resting_thread_lets_another_run_and_is_first_afterwards(log: "queue.Queue[str]") -> None:
    turns = Turns(1)
    first = Runner(turns, "first", log)
    assert log.get(timeout=LONG) == "first"
    over, resting = threading.Event(), threading.Event()
    first.rest(over, resting)
    assert resting.wait(LONG)
    second = Runner(turns, "second", log)
    assert log.get(timeout=LONG) == "second"
    over.set()
    second.end()

    assert log.get(timeout=LONG) == "first again"
    first.end()


def test_a_turn_held_too_long_is_passed_on(log: "queue.Queue[str]") -> None:
    turns = Turns(1)
    first = Runner(turns, "first", log)
    assert log.get(timeout=LONG) == "first"
    second = Runner(turns, "second", log)
    turns.expire()
    turns.expire()
    # Its thread may not have asked before; a turn that has expired stays free.
    assert log.get(timeout=LONG) == "second"
    first.end()
    second.end()


def test_a_new_turn_survives_the_next_expiry(log: "queue.Queue[str]") -> None:
    turns = Turns(1)
    first = Runner(turns, "first", log)
    assert log.get(timeout=LONG) == "first"
    turns.expire()
    second = Runner(turns, "second", log)
    with pytest.raises(queue.Empty):
        log.get_nowait()
    first.end()

    assert log.get(timeout=LONG) == "second"
    second.end()


def test_a_thread_without_a_turn_cannot_give_one_up(log: "queue.Queue[str]") -> None:
    turns = Turns(1)
    with turns.given_up():
        pass
    first = Runner(turns, "first", log)
    assert log.get(timeout=LONG) == "first"
    with turns.given_up():
        second = Runner(turns, "second", log)
    with pytest.raises(queue.Empty):
        log.get_nowait()
    first.end()

    assert log.get(timeout=LONG) == "second"
    second.end()
