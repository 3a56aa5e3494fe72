"""The entry of a list that matches an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from fastly_compute.acl.errors import InvalidMatch
from fastly_compute.core import OpenEnum
from fastly_compute.core.answers import json_object


class Action(OpenEnum):
    """What to do with a matching address.

    An action that the class does not list is kept, and its ``is_known`` is false. Treat it as
    ``BLOCK`` if an address that should be blocked must never get through.

    Example:
        >>> from fastly_compute.acl import Action
        >>> Action("BLOCK") is Action.BLOCK
        True
        >>> Action("CHALLENGE").is_known
        False
    """

    ALLOW = "ALLOW"
    BLOCK = "BLOCK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The entry of a list that matches an address.

    Attributes:
        prefix: The entry's prefix, such as ``192.0.2.0/24``.
        action: What to do with the address.

    Example:
        >>> from fastly_compute.acl import Action, Match
        >>> Match(prefix="192.0.2.0/24", action=Action.BLOCK).action
        <Action.BLOCK: 'BLOCK'>
    """

    prefix: str
    action: Action

    @classmethod
    def _from_json(cls, answer: bytes) -> Self:
        try:
            values = json_object(answer)
        except ValueError as error:
            raise InvalidMatch(str(error)) from None
        return cls(prefix=_text(values, "prefix"), action=Action(_text(values, "action")))


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidMatch(f"{name} is {value!r:.100}, not text")
    return value
