"""The error and the warning for what a native app does and no sandbox can."""

from typing import Literal, TypeAlias

Unavailable: TypeAlias = Literal["error", "warn", "allow"]
"""What happens then: `UnavailableInSandbox`, `UnavailableInSandboxWarning`, or nothing."""

UNAVAILABLE: tuple[Unavailable, ...] = ("error", "warn", "allow")


def check_unavailable(value: str, name: str = "unavailable") -> Unavailable:
    """Return a value of `Unavailable`.

    Args:
        value: The value.
        name: What it is the value of, for the message.

    Raises:
        ValueError: It is another.
    """
    for known in UNAVAILABLE:
        if value == known:
            return known
    raise ValueError(f"{name} = {value!r}: must be one of {', '.join(UNAVAILABLE)}")


class UnavailableInSandbox(Exception):
    """An app did, while it handled a request, what it cannot do in a sandbox.

    It is raised where the app does it, on the native runtime. It is also the error that the same
    line raises in a sandbox, so that an app that handles the error in production handles it here:
    a `RuntimeError` for a thread, a `ModuleNotFoundError` for a native extension, a
    `sqlite3.OperationalError` for a database, an `OSError` for anything else. Only what a sandbox
    does not have at all, such as `os.fork`, is an `AttributeError` there. The message names the
    module and line, and says what to use instead.

    Example:
        >>> import threading
        >>> from fastly_compute.local import Host, NativeApp, UnavailableInSandbox
        >>> class HttpIncoming:
        ...     def handle(self, request, body):
        ...         try:
        ...             threading.Thread(target=print).start()
        ...         except UnavailableInSandbox:
        ...             print("no threads")
        >>> with Host(unavailable="error") as host:
        ...     host.request(NativeApp(HttpIncoming)).status
        no threads
        200
    """


class UnavailableInSandboxWarning(UserWarning):
    """An app did, while it handled a request, what it cannot do in a sandbox.

    The native runtime shows it once for each place. The message names the module and line, and
    says what to use instead.

    Example:
        >>> import warnings
        >>> from fastly_compute.local import UnavailableInSandboxWarning
        >>> warnings.filterwarnings("error", category=UnavailableInSandboxWarning)
    """


def also(error: type[Exception]) -> type[UnavailableInSandbox]:
    """Make a class of the same name that is also the error of a sandbox."""
    return type(
        UnavailableInSandbox.__name__, (UnavailableInSandbox, error), {"__module__": __name__}
    )
