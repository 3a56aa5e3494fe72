"""Stands in for the C part of `multiprocessing`, which the guest's CPython does not have.

Packages import what `multiprocessing` has for their annotations. Making a semaphore raises an
`OSError`: a sandbox is one process.
"""

import errno
from typing import NoReturn


class SemLock:
    """A semaphore that several processes share, which a sandbox cannot have."""

    SEM_VALUE_MAX = 0x7FFFFFFF

    def __new__(cls, *_: object, **__: object) -> NoReturn:
        raise OSError(errno.ENOTSUP, "a sandbox is one process, and needs no locks between several")


def sem_unlink(name: str, /) -> NoReturn:
    """Remove a semaphore, which does not exist.

    Raises:
        FileNotFoundError: Always.
    """
    raise FileNotFoundError(errno.ENOENT, "there is no such semaphore", name)
