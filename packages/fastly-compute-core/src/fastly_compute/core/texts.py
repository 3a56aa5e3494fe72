"""Text that goes to the host, checked before it does."""


def utf8_size(text: str, *, field: str) -> int:
    """Return the number of bytes of a text in UTF-8, which is how the host takes it.

    Args:
        text: The text.
        field: What it is, for the error. The error does not show the text.

    Returns:
        The number of bytes.

    Raises:
        TypeError: It is not a ``str``.
        ValueError: It has a lone surrogate, which UTF-8 cannot hold.
    """
    if not isinstance(text, str):
        raise TypeError(f"{field} must be a str, not {type(text).__name__}")
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise ValueError(f"{field} must not have a lone surrogate") from None
