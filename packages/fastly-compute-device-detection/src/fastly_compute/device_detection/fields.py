"""The fields of the host's answer."""

from collections.abc import Mapping
from typing import Self, cast

from fastly_compute.core.answers import json_object
from fastly_compute.device_detection.errors import InvalidDeviceData


class Fields:
    """The fields of an answer by name; a method for each kind of value, which is None if absent.

    Args:
        values: The fields as JSON has them.
        path: The group that they are in, for errors.
    """

    def __init__(self, values: Mapping[str, object], path: str = "") -> None:
        self._values = values
        self._path = path

    @classmethod
    def from_json(cls, answer: str) -> Self:
        """Read an answer.

        Raises:
            InvalidDeviceData: It is not a JSON object.
        """
        try:
            return cls(json_object(answer))
        except ValueError as error:
            raise InvalidDeviceData(None, str(error)) from None

    def group(self, name: str) -> "Fields":
        """Read a group of fields."""
        value = self._values.get(name)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self._error(name, value, "a JSON object")
        return Fields(cast("Mapping[str, object]", value), f"{name}.")

    def text(self, name: str) -> str | None:
        """Read text; an empty one means that it is absent."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self._error(name, value, "text")
        return value

    def flag(self, name: str) -> bool | None:
        """Read a boolean."""
        value = self._values.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._error(name, value, "true or false")

    def _error(self, name: str, value: object, kind: str) -> InvalidDeviceData:
        return InvalidDeviceData(f"{self._path}{name}", f"{value!r:.100} is not {kind}")
