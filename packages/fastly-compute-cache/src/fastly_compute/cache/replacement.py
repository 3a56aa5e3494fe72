"""Replace objects without a transaction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from fastly_compute.cache import _wit
from fastly_compute.cache.errors import InvalidCacheOption
from fastly_compute.cache.found import Found
from fastly_compute.cache.keys import key_bytes
from fastly_compute.cache.options import WriteOptions
from fastly_compute.http import Headers, StreamingBody

if TYPE_CHECKING:
    from wit_world.imports import cache  # noqa: F401 - in an annotation

Strategy: TypeAlias = Literal["immediate", "immediate_force_miss", "wait"]
"""When a replacement may start (``replace-strategy`` in the WIT)."""


class Replacement(Found["cache.ReplaceEntry"]):
    """An object that is being replaced; it can be read meanwhile. Not available on Viceroy.

    Example:
        >>> from fastly_compute import cache
        >>> def count(key: str) -> None:
        ...     with cache.replace(key) as old:
        ...         number = int(old.body().read()) if old.found else 0
        ...         with old.insert(cache.WriteOptions(max_age=3600)) as body:
        ...             body.write(str(number + 1).encode())
    """

    __slots__ = ()

    _created_by = "cache.replace"

    def insert(self, options: WriteOptions) -> StreamingBody:
        """Store the new object (``replace-insert``), which uses up the replacement.

        Args:
            options: How to store it.

        Returns:
            The body to write and finish.

        Raises:
            CacheCallFailed: The host refused the call.
        """
        return StreamingBody._wrap(_wit.replace_insert(self._detach("was inserted"), options))

    def close(self) -> None:
        """Release the replacement and its obligation (``close-replace-entry``).

        Closing again does nothing.
        """
        if not self.closed:
            _wit.close_replace(self._detach("is closed"))


def replace(
    key: str | bytes,
    *,
    headers: Headers | Mapping[str, str] | None = None,
    strategy: Strategy = "immediate",
    always_use_requested_range: bool = False,
) -> Replacement:
    """Start to replace an object (``replace-entry.replace``). Not available on Viceroy.

    Args:
        key: As for `lookup`.
        headers: As for `lookup`.
        strategy: ``immediate`` does not wait for other replacements of the object,
            ``immediate_force_miss`` also ignores the existing object, and ``wait`` waits for other
            replacements.
        always_use_requested_range: As for `lookup`.

    Returns:
        The replacement. Use it in a `with` statement.

    Raises:
        InvalidKey: The key is invalid.
        InvalidCacheOption: The strategy is unknown.
        CacheUnsupported: This host does not offer replacements.

    Example:
        >>> from fastly_compute import cache
        >>> def overwrite(key: str, value: bytes) -> None:
        ...     with cache.replace(key, strategy="wait") as old:
        ...         with old.insert(cache.WriteOptions(max_age=60)) as body:
        ...             body.write(value)
    """
    known = get_args(Strategy)
    if strategy not in known:
        raise InvalidCacheOption("strategy", f"must be one of {', '.join(known)}")
    ranged = always_use_requested_range
    return Replacement._of(_wit.replace(key_bytes(key), headers, strategy, ranged=ranged))
