"""`kv_stores` of `[local_server]`, and the rules for their contents."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastly_compute.local.config.table import Table

_LONGEST_KEY = 1024
_LONGEST_STORE_NAME = 255
_FORBIDDEN = re.compile(r"[\r\n#;?^|]")
# A path segment of one or two dots, at the end or before a slash.
_DOTS = re.compile(r"\.\.?|.*\./.*|.*/\.\.?", re.DOTALL)
_SINGLE = re.compile(r"[\0-\x20\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class KvItem:
    """The initial value of a key in a KV store.

    Attributes:
        data: The value, never shown.
        metadata: Text stored with the value; None and "" are the same.

    Example:
        >>> KvItem(data=b"v", metadata="text").metadata
        'text'
    """

    data: bytes = field(repr=False)
    metadata: str | None = None


def kv_key_problem(key: str) -> str | None:
    """Return the platform's rule that a key violates, or None."""
    if not 1 <= len(key.encode()) <= _LONGEST_KEY:
        return f"must have 1 to {_LONGEST_KEY} bytes"
    if key.startswith(".well-known/acme-challenge"):
        return "must not start with .well-known/acme-challenge"
    if _DOTS.fullmatch(key):
        return "must not be or contain the path segments . and .."
    if _FORBIDDEN.search(key):
        return "must not contain a line break or any of # ; ? ^ |"
    if _SINGLE.fullmatch(key):
        return "must not be a single space or control character"
    return None


def check_kv_store(name: str, items: Mapping[str, KvItem]) -> None:
    """Refuse a KV store that the platform would not accept.

    Raises:
        ValueError: A name or key is invalid.
    """
    if not 1 <= len(name) <= _LONGEST_STORE_NAME:
        raise ValueError(f"kv_stores: a name must have 1 to {_LONGEST_STORE_NAME} characters")
    for key in items:
        if problem := kv_key_problem(key):
            raise ValueError(f"kv_stores.{name}: the key {json.dumps(key[:40])} {problem}")


def read_kv_store(stores: Table, name: str) -> dict[str, KvItem]:
    """Read one KV store: an array of items, or a JSON file of them."""
    value = stores.values[name]
    items: dict[str, KvItem] = {}
    if isinstance(value, list):
        for entry in value:
            table = stores.inner(name, entry)
            table.only(("key", "data", "file", "path", "metadata"))
            key = table.required_text("key")
            if key in items:
                raise table.error("key", "duplicate key", shown=json.dumps(key))
            items[key] = _item(table, ("data", "file", "path"))
        return items
    table = stores.inner(name, value)
    table.only(("file", "format"))
    if (kind := table.required_text("format")) != "json":
        raise table.error("format", "must be json", shown=json.dumps(kind))
    listed = table.file_object("file")
    for key, entry in listed.values.items():
        if isinstance(entry, str):
            items[key] = KvItem(data=entry.encode())
        else:
            inner = listed.inner(key, entry)
            inner.only(("data", "file", "metadata"))
            items[key] = _item(inner, ("data", "file"))
    return items


def _item(table: Table, ways: tuple[str, ...]) -> KvItem:
    way = table.one_of(*ways)
    data = table.required_text(way).encode() if way == "data" else table.file(way)
    return KvItem(data=data, metadata=table.text("metadata"))
