"""The ``HttpIncoming`` of an app: what it has to be, and what to write where it is not that."""

from types import FunctionType

_WRITE = "from fastly_compute.http import service, then HttpIncoming = service(handle)"


class EntryError(ImportError, TypeError):
    """An app has no ``HttpIncoming`` that can be called; the message says what to write.

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
    """Say that a module has no ``HttpIncoming``.

    Args:
        source: The module's name or file.
    """
    return f"{source} has no HttpIncoming. Add one: {_WRITE}"


def unusable(found: str, source: object = None) -> str:
    """Say that ``HttpIncoming`` is something else than a handler.

    Args:
        found: What it is, such as ``the function 'handle'``.
        source: The module's name or file, where it is known.
    """
    where = "" if source is None else f" in {source}"
    return (
        f"HttpIncoming{where} is {found}. It must be what service(handle) returns, or a class "
        f"with a method handle(request, body). Write: {_WRITE}"
    )


def check_incoming(incoming: object, source: object = None) -> None:
    """Refuse what the platform cannot call.

    Args:
        incoming: What the app's module calls ``HttpIncoming``.
        source: The module's name or file, where it is known.

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
