"""Enums of text that the platform can extend."""

from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
    """An enum of text whose values may grow: one that is not listed is kept as it is.

    Each member is a ``str`` and compares equal to its value. A value that the class does not list
    becomes a member named ``OTHER``, which compares equal to that value and to nothing else.

    Example:
        >>> from fastly_compute.core import OpenEnum
        >>> class Speed(OpenEnum):
        ...     CABLE = "cable"
        >>> Speed("cable") is Speed.CABLE
        True
        >>> Speed("warp") == "warp"
        True
        >>> Speed("warp").is_known
        False
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        other = str.__new__(cls, value)
        other._name_ = "OTHER"
        other._value_ = value
        return other

    @property
    def is_known(self) -> bool:
        """Whether the class lists the value."""
        return self.value in type(self)._value2member_map_
