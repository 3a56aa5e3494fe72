"""The exceptions of KV stores, and which WIT error maps to which.

::

    KVStoreError
      ├ InvalidKey (ValueError)               refused before the host is called
      ├ InvalidKVOption (ValueError)          refused before the host is called
      ├ InvalidListing (ValueError)           the host's list of keys cannot be read
      └ KVCallFailed (HostError)              the host refused a call
          ├ KVBadRequest (ValueError)
          ├ KVInternalError
          ├ KVPreconditionFailed
          ├ KVStoreNameRefused (ValueError)
          ├ KVStoreNotFound (NotFound)
          ├ KVTooManyRequests
          ├ KVUnsupported (Unsupported)
          └ KVValueTooLarge
"""

from collections.abc import Mapping
from typing import ClassVar

from fastly_compute.core import (
    FastlyComputeError,
    HostError,
    NotFound,
    Unsupported,
    errors,
)


class KVStoreError(FastlyComputeError):
    """Base class of this package's exceptions.

    `HostUnavailable` and `HandleClosed` belong to `fastly_compute.core`, and the errors of reading
    and writing bodies to `fastly_compute.http`: they do not derive from this class.

    Example:
        >>> from fastly_compute.kv_store import InvalidKey, KVStoreError
        >>> issubclass(InvalidKey, KVStoreError)
        True
    """


class InvalidKey(KVStoreError, ValueError):
    """A key violates a rule of the platform; the host was not called.

    Attributes:
        key: The key.
        rule: The rule.
    """

    def __init__(self, key: str, rule: str) -> None:
        super().__init__(key, rule)
        self.key = key
        self.rule = rule

    def __str__(self) -> str:
        shown = repr(self.key) if len(self.key) <= 100 else f"one of {len(self.key)} characters"
        return f"a key {self.rule}: got {shown}"


class InvalidKVOption(KVStoreError, ValueError):
    """An option is invalid; the host was not called.

    Attributes:
        option: The option's name.
    """

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(option, rule)
        self.option = option

    def __str__(self) -> str:
        return f"{self.args[0]} {self.args[1]}"


class InvalidListing(KVStoreError, ValueError):
    """The host returned a list of keys that cannot be read."""


class KVCallFailed(KVStoreError, HostError):
    """The host refused a call."""


class KVBadRequest(KVCallFailed, ValueError):
    """The host rejects the key or an option, such as the cursor of a listing."""

    explanation: ClassVar[str] = "the host rejects the key or an option"


class KVInternalError(KVCallFailed):
    """The platform failed. It is not known whether the call had an effect."""

    explanation: ClassVar[str] = "the platform failed; the call may have had an effect"


class KVPreconditionFailed(KVCallFailed):
    """Nothing was stored: the key exists already, or has another generation."""

    explanation: ClassVar[str] = (
        "nothing was stored: the key exists already (mode 'add'), or its generation is not "
        "if_generation"
    )


class KVStoreNameRefused(KVCallFailed, ValueError):
    """The host rejects the store's name as malformed, too long or reserved."""


class KVStoreNotFound(KVCallFailed, NotFound):
    """The store does not exist, or it is not linked to this version of the service."""

    explanation: ClassVar[str] = (
        "the KV store does not exist, or is not linked to this version of the service"
    )


class KVTooManyRequests(KVCallFailed):
    """The platform's rate limit was reached; for one key, that is about one write per second."""

    explanation: ClassVar[str] = "the rate limit was reached: try again later"


class KVUnsupported(KVCallFailed, Unsupported):
    """This host, or this service, has no KV stores."""


class KVValueTooLarge(KVCallFailed):
    """The value is larger than the store allows: 25 MB unless Fastly raised it."""

    explanation: ClassVar[str] = "the value is larger than the store allows"


CLASSES: Mapping[str, type[KVCallFailed]] = {
    **dict.fromkeys(errors.CLASSES, KVCallFailed),
    "bad-request": KVBadRequest,
    "precondition-failed": KVPreconditionFailed,
    "payload-too-large": KVValueTooLarge,
    "internal-error": KVInternalError,
    "too-many-requests": KVTooManyRequests,
    "extra": KVCallFailed,
    "invalid-syntax": KVStoreNameRefused,
    "name-too-long": KVStoreNameRefused,
    "reserved": KVStoreNameRefused,
    "not-found": KVStoreNotFound,
    "unsupported": KVUnsupported,
}
"""The exception for each case of ``kv-error``, ``types.error`` and ``types.open-error``."""
