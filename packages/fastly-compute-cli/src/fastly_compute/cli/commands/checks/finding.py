"""One line of what `doctor` says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the checklist.

    Attributes:
        mark: ``ok``, ``note`` for what may be as it should be, or ``wrong``.
        text: What was found, and what to do about it.
    """

    mark: str
    text: str
