"""The `FASTLY_*` environment variables, which each sandbox has its own of.

For a guest in this process, `os.environ` is the process's. Its data are replaced once by a mapping
that answers for these variables with the running sandbox's: sandboxes run side by side on threads,
and each has another trace ID.
"""

import os
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, TypeAlias

from fastly_compute.local.runtime.sandbox import Sandbox, current

if TYPE_CHECKING:
    from fastly_compute.local.config import ServiceInfo

Encoded: TypeAlias = str | bytes
"""A name or value as `os.environ` stores it: bytes, and text on Windows."""

NAMES = (
    "FASTLY_CACHE_GENERATION",
    "FASTLY_CUSTOMER_ID",
    "FASTLY_HOSTNAME",
    "FASTLY_IS_STAGING",
    "FASTLY_POP",
    "FASTLY_REGION",
    "FASTLY_SERVICE_ID",
    "FASTLY_SERVICE_VERSION",
    "FASTLY_TRACE_ID",
)


def variables(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables of a sandbox that begins."""
    service: ServiceInfo = sandbox.host.config.service
    values = (
        str(service.cache_generation),
        service.customer_id,
        service.hostname,
        str(int(service.is_staging)),
        service.pop,
        service.region,
        service.service_id,
        str(service.service_version),
        sandbox.id,
    )
    return dict(zip(NAMES, values, strict=True))


class _Data(MutableMapping[Encoded, Encoded]):
    """The data of `os.environ`: the process's, and the running sandbox's for its variables."""

    def __init__(self, process: MutableMapping[Encoded, Encoded]) -> None:
        self._process = process
        encode = os.environ.encodekey
        self._names: list[Encoded] = [encode(name) for name in NAMES]

    def _of(self, key: Encoded) -> MutableMapping[Encoded, Encoded]:
        sandbox = current()
        if sandbox is None or key not in self._names:
            return self._process
        return sandbox.environment(lambda: self._encoded(sandbox))

    def _encoded(self, sandbox: Sandbox) -> dict[Encoded, Encoded]:
        values = map(os.environ.encodevalue, variables(sandbox).values())
        return dict(zip(self._names, values, strict=True))

    def __getitem__(self, key: Encoded) -> Encoded:
        return self._of(key)[key]

    def __setitem__(self, key: Encoded, value: Encoded) -> None:
        self._of(key)[key] = value

    def __delitem__(self, key: Encoded) -> None:
        del self._of(key)[key]

    def __iter__(self) -> Iterator[Encoded]:
        process = list(self._process)  # at once: other threads may change it
        if current() is None:
            return iter(process)
        others = [key for key in process if key not in self._names]
        return iter([*others, *(key for key in self._names if key in self._of(key))])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def install() -> None:
    """Let `os.environ` answer guests of this process, once."""
    environ = vars(os.environ)
    if isinstance(environ["_data"], _Data):
        return
    data = _Data(environ["_data"])
    environ["_data"] = data
    if os.supports_bytes_environ:
        vars(os.environb)["_data"] = data
