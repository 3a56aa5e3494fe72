"""Whole numbers in headers, which have any length: Python refuses to read very long ones."""


def whole_number(text: str, most: int) -> int | None:
    """Read a number.

    Args:
        text: The number in decimal digits, with any space around it.
        most: What is returned for any number above.

    Returns:
        The number; None if the text is not one.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    digits = digits.lstrip("0")
    return most if len(digits) > len(str(most)) else min(int(digits or "0"), most)
