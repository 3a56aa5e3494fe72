"""Settings: a request's go before those of its session."""

from collections.abc import Callable, Mapping
from typing import Any

from fastly_compute.requests.hooks import Hooks


def merge_setting(
    request_setting: Any, session_setting: Any, dict_class: Callable[[Any], Any] = dict
) -> Any:
    """Merge a setting of a request with that of its session.

    Args:
        request_setting: The request's. It wins; of a mapping, each key, and None takes a key away.
        session_setting: The session's.
        dict_class: What two mappings become.

    Returns:
        The setting.
    """
    if session_setting is None:
        return request_setting
    if request_setting is None:
        return session_setting
    # A dict is recognized without asking the abstract class, which is a call in Python.
    if not isinstance(session_setting, dict | Mapping):
        return request_setting
    if not isinstance(request_setting, dict | Mapping):
        return request_setting
    merged = dict_class(session_setting)
    if request_setting:
        merged.update(request_setting)
    for key in [key for key, value in merged.items() if value is None]:
        del merged[key]
    return merged


def merge_hooks(request_hooks: Hooks, session_hooks: Hooks) -> Hooks:
    """Return the request's hooks, or the session's if it has none."""
    if not (session_hooks or {}).get("response"):
        return request_hooks
    if not (request_hooks or {}).get("response"):
        return session_hooks
    merged: Hooks = merge_setting(request_hooks, session_hooks)
    return merged
