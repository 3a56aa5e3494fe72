"""`config_stores` and `secret_stores` of `[local_server]`, and the rules for their contents."""

import json
import os
import re
from collections.abc import Mapping

from fastly_compute.local.config.table import Table

_SECRET_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_LONGEST_SECRET = 64 * 1024
_LONGEST_STORE_NAME = 255
_LONGEST_KEY = 256
_LONGEST_VALUE = 8_000


def read_config_store(table: Table) -> dict[str, str]:
    """Read one config store. A JSON file is read now; Viceroy reads it on every open."""
    table.only(("format", "file", "contents"))
    kind = table.required_text("format")
    if kind == "json":
        table.only(("format", "file"))
        return table.file_strings("file")
    if kind == "inline-toml":
        table.only(("format", "contents"))
        contents = table.table("contents")
        if contents is None:
            raise table.error("contents", "is missing; format inline-toml requires it")
        return {key: contents.required_text(key) for key in contents.values}
    raise table.error("format", "must be inline-toml or json", shown=json.dumps(kind))


def read_secret_store(stores: Table, name: str) -> dict[str, bytes]:
    """Read one secret store: an array of secrets, or a JSON file of them."""
    value = stores.values[name]
    if isinstance(value, list):
        return _secrets(stores, name, value)
    table = stores.inner(name, value)
    table.only(("file", "format"))
    if (kind := table.required_text("format")) != "json":
        raise table.error("format", "must be json", shown=json.dumps(kind))
    return {key: secret.encode() for key, secret in table.file_strings("file").items()}


def check_config_store(name: str, items: Mapping[str, str]) -> None:
    """Refuse a config store that the platform would not accept.

    Raises:
        ValueError: A name, key or value is too long, or a name is empty.
    """
    if not 1 <= len(name) <= _LONGEST_STORE_NAME:
        raise ValueError(f"config_stores: a name must have 1 to {_LONGEST_STORE_NAME} characters")
    for key, value in items.items():
        where = f"config_stores.{name}: the key {json.dumps(key[:40])}"
        if not 1 <= len(key) <= _LONGEST_KEY:
            raise ValueError(f"{where} has {len(key)} characters; 1 to {_LONGEST_KEY} are allowed")
        if len(value) > _LONGEST_VALUE:
            raise ValueError(
                f"{where} has a value of {len(value)} characters; {_LONGEST_VALUE} are allowed"
            )


def check_secret_store(name: str, secrets: Mapping[str, bytes]) -> None:
    """Refuse a secret store that the platform would not accept.

    Raises:
        ValueError: A name is invalid or a secret is too long. The message shows no secret.
    """
    rule = "must be 1 to 255 of A-Z a-z 0-9 _ . -"
    if not _SECRET_NAME.fullmatch(name):
        raise ValueError(f"secret_stores: the name {json.dumps(name)} {rule}")
    for key, secret in secrets.items():
        where = f"secret_stores.{name}: the secret's name {json.dumps(key)}"
        if not _SECRET_NAME.fullmatch(key):
            raise ValueError(f"{where} {rule}")
        if len(secret) > _LONGEST_SECRET:
            raise ValueError(
                f"{where} has {len(secret)} bytes of data; {_LONGEST_SECRET} are allowed"
            )


def _secrets(stores: Table, name: str, entries: list[object]) -> dict[str, bytes]:
    secrets: dict[str, bytes] = {}
    for entry in entries:
        table = stores.inner(name, entry)
        table.only(("key", "data", "file", "env"))
        key = table.required_text("key")
        if key in secrets:
            raise table.error("key", "duplicate secret", shown=json.dumps(key))
        match table.one_of("data", "file", "env"):
            case "data":
                secrets[key] = table.required_text("data").encode()
            case "file":
                secrets[key] = table.file("file")
            case _:
                secrets[key] = _environment(table)
    return secrets


def _environment(table: Table) -> bytes:
    variable = table.required_text("env")
    value = os.environ.get(variable)
    if value is None:
        # Viceroy accepts an empty secret, and the app then fails far from the cause.
        rule = "environment variable not set; set it, or give the secret as data or file"
        raise table.error("env", rule, shown=json.dumps(variable))
    return os.fsencode(value)
