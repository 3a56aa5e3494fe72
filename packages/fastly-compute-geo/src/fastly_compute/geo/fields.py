"""The fields of the host's answer, and the values that stand for absent data.

See https://www.fastly.com/documentation/reference/vcl/variables/geolocation/.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Self, TypeVar

from fastly_compute.core import OpenEnum
from fastly_compute.core.answers import json_object
from fastly_compute.geo.errors import InvalidGeoData

E = TypeVar("E", bound=OpenEnum)

_NO_OFFSET = 9999
_NO_DEGREES = 999.9


class Fields:
    """The fields of an answer by name; a method for each kind of value, which is None if absent.

    Args:
        values: The fields as JSON has them.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    @classmethod
    def from_json(cls, answer: str) -> Self:
        """Read an answer.

        Raises:
            InvalidGeoData: It is not a JSON object.
        """
        try:
            return cls(json_object(answer))
        except ValueError as error:
            raise InvalidGeoData(None, str(error)) from None

    def text(self, name: str) -> str | None:
        """Read text; ``?`` and the empty text mean that it is absent."""
        value = self._values.get(name)
        if value is None or value in ("", "?"):
            return None
        if not isinstance(value, str):
            raise InvalidGeoData(name, f"{value!r:.100} is not text")
        return value

    def member(self, name: str, kind: type[E]) -> E | None:
        """Read a member of an enum."""
        value = self.text(name)
        return None if value is None else kind(value)

    def number(self, name: str) -> int | None:
        """Read a positive integer; 0 and -1 mean that it is absent."""
        value = self._integer(name)
        return None if value in (None, 0, -1) else value

    def degrees(self, name: str, most: int) -> float | None:
        """Read degrees, from minus *most* to *most*; 999.9 means that they are absent."""
        value = self._values.get(name)
        if value is None or value == _NO_DEGREES:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidGeoData(name, f"{value!r:.100} is not a number")
        if not -most <= value <= most:
            raise InvalidGeoData(name, f"{value!r:.100} is not from -{most} to {most}")
        return float(value)

    def offset(self, name: str) -> timedelta | None:
        """Read an offset: hours and minutes as in -730; 9999 means that it is absent."""
        value = self._integer(name)
        if value is None or value == _NO_OFFSET:
            return None
        hours, minutes = divmod(abs(value), 100)
        if hours > 23 or minutes > 59:
            raise InvalidGeoData(name, f"{value!r:.100} is not hours and minutes")
        offset = timedelta(hours=hours, minutes=minutes)
        return -offset if value < 0 else offset

    def _integer(self, name: str) -> int | None:
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidGeoData(name, f"{value!r:.100} is not an integer")
        return value
