"""Answers of the host that are JSON."""

import json
from collections.abc import Mapping
from typing import cast


def json_object(answer: str | bytes) -> Mapping[str, object]:
    """Read an answer that must be a JSON object.

    Args:
        answer: The answer.

    Returns:
        The object's values by name.

    Raises:
        ValueError: It is not JSON, or not an object; the message says which.
    """
    try:
        values: object = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(values, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - a value of the host
    return cast("Mapping[str, object]", values)
