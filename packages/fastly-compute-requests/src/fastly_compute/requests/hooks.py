"""Hooks: functions that get each response, and may replace it."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from fastly_compute.requests.response import Response

Hook: TypeAlias = Callable[..., Any]
"""Gets the response, and the keywords that it was sent with; returns another response, or None."""

Hooks: TypeAlias = Mapping[str, Hook | Iterable[Hook]]
"""The types accepted as ``hooks``; the only event is ``response``."""

HOOKS = ["response"]


NO_HOOKS: Hooks = {event: [] for event in HOOKS}
"""What `default_hooks` returns, to compare with: most requests have no hooks."""


def default_hooks() -> dict[str, list[Hook]]:
    """Return the hooks of a new session: none for each event."""
    return {event: [] for event in HOOKS}


def dispatch_hook(
    key: str, hooks: Hooks | None, hook_data: "Response", **kwargs: Any
) -> "Response":
    """Give a response to the hooks of an event.

    Args:
        key: The event.
        hooks: All hooks.
        hook_data: The response.
        **kwargs: What each hook gets besides.

    Returns:
        The response, or what a hook returned instead.
    """
    found = (hooks or {}).get(key) or ()
    for hook in [found] if callable(found) else found:
        replaced = hook(hook_data, **kwargs)
        if replaced is not None:
            hook_data = replaced
    return hook_data


class HookMixin:
    """What requests and prepared requests have in common."""

    hooks: dict[str, list[Hook]]

    def register_hook(self, event: str, hook: Hook | Iterable[Hook]) -> None:
        """Add one or more hooks.

        Args:
            event: ``response``.
            hook: The hooks; what cannot be called is left out.

        Raises:
            ValueError: The event is unknown.
        """
        if event not in self.hooks:
            raise ValueError(f'Unsupported event specified, with event name "{event}"')
        several = [hook] if callable(hook) else hook
        self.hooks[event].extend(one for one in several if callable(one))

    def deregister_hook(self, event: str, hook: Hook) -> bool:
        """Take a hook away, and tell whether it was there."""
        if hook not in self.hooks[event]:
            return False
        self.hooks[event].remove(hook)
        return True
