"""The sandbox that an app runs in, and what it has used. Each function is one host call."""

from datetime import timedelta

from fastly_compute.core import timedelta_of
from fastly_compute.runtime import _wit


def sandbox_id() -> str:
    """Return the ID of the sandbox (``compute-runtime.get-sandbox-id``).

    A reused sandbox serves several requests: `IncomingRequest.request_id` identifies one request.

    Returns:
        32 hexadecimal digits.
        ``FASTLY_TRACE_ID`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def trace_headers() -> dict[str, str]:
        ...     return {"X-Trace": runtime.sandbox_id()}
    """
    return _wit.get_text("sandbox_id")


def trace_id() -> str:
    """Return the trace ID, which is the ID of the sandbox (``compute-runtime.get-sandbox-id``).

    Returns:
        32 hexadecimal digits.
        ``FASTLY_TRACE_ID`` in `os.environ` is the same.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def log_line(text: str) -> str:
        ...     return f"{runtime.trace_id()} {text}"
    """
    return sandbox_id()


def vcpu_time() -> timedelta:
    """Return the CPU time that the sandbox has used (``compute-runtime.get-vcpu-ms``).

    It depends on the machine: compare operations of one run, not runs.

    Returns:
        Whole milliseconds, without the time spent waiting.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def cost_of(function) -> float:
        ...     before = runtime.vcpu_time()
        ...     function()
        ...     return (runtime.vcpu_time() - before).total_seconds()
    """
    return timedelta_of(milliseconds=_wit.get_number("vcpu_ms"))


def heap_mib() -> int:
    """Return the memory that the sandbox uses (``compute-runtime.get-heap-mib``).

    The host's own memory for the sandbox counts as well, such as bodies that were received and not
    yet read.

    Returns:
        MiB (2^20 bytes), rounded up. The native and the wasm host do not measure it and return 0.

    Raises:
        HostUnavailable: No host is available, or no request is being handled.

    Example:
        >>> from fastly_compute import runtime
        >>> def is_nearly_full() -> bool:
        ...     return runtime.heap_mib() > 100
    """
    return _wit.get_number("heap_mib")
