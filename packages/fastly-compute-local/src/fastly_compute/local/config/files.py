"""The `[local_server]` of a `fastly.toml` or `viceroy.toml`: backends and stores for local runs."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.config.backends import read_backend
from fastly_compute.local.config.stores import (
    check_config_store,
    check_secret_store,
    read_config_store,
    read_secret_store,
)
from fastly_compute.local.config.table import ConfigError, Source, Table

# Sections that Viceroy knows and this host has nothing for yet. They are accepted, so that one
# file serves both, and nothing of them is kept.
_LATER = (
    "acls",
    "device_detection",
    "fake_valid_fastly_keys",
    "geolocation",
    "kv_stores",
    "object_store",
    "object_stores",
    "shielding_sites",
)
_SECTIONS = ("backends", "config_stores", "dictionaries", "secret_stores", *_LATER)
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """What an app finds around it when it runs locally.

    Attributes:
        backends: The static backends by name.
        config_stores: The config stores by name; each is a mapping of strings, keys of 1 to 256
            characters, values of up to 8000.
        secret_stores: The secret stores by name, never shown; names of stores and secrets are 1 to
            255 of `A-Z a-z 0-9 _ . -`, secrets have up to 64 KiB.

    Raises:
        ValueError: A name, key, value or secret breaks its rule.

    Example:
        >>> local = LocalServer(
        ...     backends={"origin": BackendConfig(url="http://127.0.0.1:8080")},
        ...     secret_stores={"keys": {"token": b"abc"}},
        ... )
        >>> local.backends["origin"].port
        8080
    """

    backends: Mapping[str, BackendConfig] = field(default_factory=dict)
    config_stores: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    secret_stores: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if "" in self.backends:
            raise ValueError("backends: a name must not be empty")
        for name, items in self.config_stores.items():
            check_config_store(name, items)
        for name, secrets in self.secret_stores.items():
            check_secret_store(name, secrets)
        object.__setattr__(self, "backends", MappingProxyType(dict(self.backends)))
        for attribute in ("config_stores", "secret_stores"):
            stores = getattr(self, attribute)
            copies = {name: MappingProxyType(dict(items)) for name, items in stores.items()}
            object.__setattr__(self, attribute, MappingProxyType(copies))


def load(path: Path) -> LocalServer:
    """Read the `[local_server]` of a TOML file.

    Relative file names in it start from the file's own folder, then from the working directory.

    Args:
        path: The file.

    Returns:
        What it configures; empty where it has no `[local_server]`.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or breaks a rule.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise ConfigError(f"{path}: cannot be read: {err.strerror or err}") from err
    try:
        text = data.decode()
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise ConfigError(f"{path}: line {line}: not UTF-8, which TOML has to be") from None
    return parse(text, base=path.parent, source=str(path))


def parse(text: str, *, base: Path, source: str) -> LocalServer:
    r"""Read `[local_server]` from the text of a TOML file.

    Everything outside that table belongs to others and is ignored. In it and below, an unknown
    section or key is an error.

    Args:
        text: The file's text.
        base: The folder that relative file names in it start from, before the working directory.
        source: The name that errors show.

    Returns:
        What it configures.

    Raises:
        ConfigError: The text is not TOML, or breaks a rule.

    Example:
        >>> text = "[local_server.backends.origin]\nurl = 'http://127.0.0.1:8080'"
        >>> local = parse(text, base=Path(), source="fastly.toml")
        >>> local.backends["origin"].host
        '127.0.0.1'
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ConfigError(_toml_problem(source, text, str(err))) from None
    values = document.get("local_server", {})
    if not isinstance(values, dict):
        raise ConfigError(f"{source}: local_server: must be a table")
    root = Table(source=Source(name=source, base=base), path="local_server", values=values)
    root.only(_SECTIONS)
    backends = root.section("backends")
    config_stores = _config_stores(root)
    secret_stores = root.section("secret_stores")
    try:
        return LocalServer(
            backends={name: read_backend(table) for name, table in backends.tables()},
            config_stores={
                name: read_config_store(table) for name, table in config_stores.tables()
            },
            secret_stores={
                name: read_secret_store(secret_stores, name) for name in secret_stores.values
            },
        )
    except ConfigError:
        raise
    except ValueError as err:
        raise ConfigError(f"{source}: [local_server] {err}") from err


def _config_stores(root: Table) -> Table:
    if "dictionaries" not in root.values:
        return root.section("config_stores")
    if "config_stores" in root.values:
        raise root.error("dictionaries", "is the old name of config_stores; use only one of them")
    return root.section("dictionaries")


def _toml_problem(source: str, text: str, message: str) -> str:
    place = _TOML_PLACE.search(message)
    if place:
        line, column = place.groups()
        message = message[: place.start()]
    else:
        line = str(text.count("\n") + 1)
        column = str(len(text) - text.rfind("\n"))
        message = message.removesuffix(" (at end of document)")
        message = f"{message} at the end"
    return f"{source}: line {line}, column {column}: not valid TOML: {message}"
