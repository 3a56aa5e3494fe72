"""Parsing of whole numbers in headers, of any length: Python refuses very long ones."""


def whole_number(text: str, most: int) -> int | None:
    """Parse a number.

    Args:
        text: The number in decimal digits, optionally surrounded by whitespace.
        most: The result for any greater number.

    Returns:
        The number; None if the text is not one.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    digits = digits.lstrip("0")
    return most if len(digits) > len(str(most)) else min(int(digits or "0"), most)
