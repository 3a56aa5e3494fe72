"""The types of ASGI, as far as all frameworks agree on them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeAlias

# Frameworks type the parameters in ways that exclude each other.
App: TypeAlias = Callable[..., Awaitable[object]]
"""An ASGI 3 app: it is called with a scope, ``receive`` and ``send``."""

Event: TypeAlias = dict[str, object]
"""An event that an app receives."""

SentEvent: TypeAlias = Mapping[str, object]
"""An event that an app sends."""

LifespanMode: TypeAlias = Literal["auto", "on", "off"]
"""Whether the app is sent lifespan events."""
