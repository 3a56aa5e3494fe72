"""Checks of an app's ``HttpIncoming``, and the messages that say how to write it."""

from types import FunctionType

_WRITE = "from fastly_compute.http import service, then HttpIncoming = service(handle)"


class EntryError(ImportError, TypeError):
    """An app has no callable ``HttpIncoming``; the message says what to write.

    Example:
        >>> from fastly_compute.local import EntryError, NativeApp
        >>> try:
        ...     NativeApp(lambda request: None)
        ... except EntryError as error:
        ...     print(error)
        HttpIncoming is the function '<lambda>'. It must be what service(handle) returns, or a \
class with a method handle(request, body). Write: from fastly_compute.http import service, then \
HttpIncoming = service(handle)
    """


def missing(source: object) -> str:
    """Return the message for a module without ``HttpIncoming``.

    Args:
        source: The module's name or file.
    """
    return f"{source} has no HttpIncoming. Add one: {_WRITE}"


def unusable(found: str, source: object = None) -> str:
    """Return the message for an ``HttpIncoming`` that is not a handler.

    Args:
        found: What it is instead, such as ``the function 'handle'``.
        source: The module's name or file, if known.
    """
    where = "" if source is None else f" in {source}"
    return (
        f"HttpIncoming{where} is {found}. It must be what service(handle) returns, or a class "
        f"with a method handle(request, body). Write: {_WRITE}"
    )


def check_incoming(incoming: object, source: object = None) -> None:
    """Refuse an object that the platform cannot call.

    Args:
        incoming: The object named ``HttpIncoming`` in the app's module.
        source: The module's name or file, if known.

    Raises:
        EntryError: It has no method ``handle``.
    """
    if callable(getattr(incoming, "handle", None)):
        return
    if isinstance(incoming, FunctionType):
        found = f"the function {incoming.__name__!r}"
    elif isinstance(incoming, type):
        found = f"the class {incoming.__name__!r}, which has no such method"
    else:
        found = f"an object of type {type(incoming).__name__!r}"
    raise EntryError(unusable(found, source))
