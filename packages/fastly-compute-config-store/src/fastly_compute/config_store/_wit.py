"""The bindings of config stores; their errors become this package's exceptions."""

from typing import TYPE_CHECKING, TypeAlias

from fastly_compute.config_store.errors import (
    LOOKUP,
    OPENING,
    ConfigStoreNotFound,
    config_store_error,
)
from fastly_compute.core import bindings, read_sized
from fastly_compute.core.errors import case_of

if TYPE_CHECKING:
    from wit_world.imports import config_store, dictionary

    Store: TypeAlias = config_store.Store | dictionary.Dictionary
else:
    config_store = bindings.interface("config_store")
    dictionary = bindings.interface("dictionary")

# A value has up to 8,000 characters of up to 4 bytes each: it fits the first buffer.
FIRST = 32_000


def open_store(name: str) -> "Store":
    """Open a config store, or the dictionary with that name if no config store has it."""
    try:
        return config_store.Store.open(name)
    except bindings.Err as err:
        error = config_store_error(
            err.value, "config-store.store.open", subject=name, classes=OPENING
        )
    if not isinstance(error, ConfigStoreNotFound):
        raise error
    try:
        return dictionary.Dictionary.open(name)
    except bindings.Err as err:
        if case_of(err.value) in {"not-found", "unsupported"}:
            raise error from None
        raise config_store_error(
            err.value, "dictionary.dictionary.open", subject=name, classes=OPENING
        ) from None


def lookup(store: "Store", key: str, *, subject: str) -> str | None:
    """Return the value of a key, or None."""
    if isinstance(store, dictionary.Dictionary):
        operation, call = "dictionary.dictionary.lookup", store.lookup
    else:
        operation, call = "config-store.store.get", store.get
    try:
        return read_sized(lambda size: call(key, size), first=FIRST)
    except bindings.Err as err:
        raise config_store_error(err.value, operation, subject=subject, classes=LOOKUP) from None
