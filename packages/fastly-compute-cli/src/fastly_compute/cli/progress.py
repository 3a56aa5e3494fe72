"""Telling the user what is being done, and for how long."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

_FRAMES = "|/-\\"


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show what is being done, while it is being done, on the standard error.

    On a terminal the line keeps moving, and ends with the time it took; elsewhere it is a plain
    line.

    Args:
        text: What is being done.
    """
    if not sys.stderr.isatty():
        click.echo(text, err=True)
        yield
        return
    started = time.monotonic()
    done = threading.Event()

    def turn() -> None:
        frame = 0
        while not done.wait(0.1):
            frame = (frame + 1) % len(_FRAMES)
            elapsed = time.monotonic() - started
            click.echo(f"\r{_FRAMES[frame]} {text} {elapsed:.0f} s", err=True, nl=False)

    thread = threading.Thread(target=turn, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        click.echo(f"\r  {text} {time.monotonic() - started:.1f} s", err=True)


def megabytes(size: int) -> str:
    """Write a size in bytes as megabytes: ``18.6 MB``."""
    return f"{size / 1e6:.1f} MB"
