"""The `[local_server]` of a `fastly.toml` or `viceroy.toml`: backends and stores for local runs."""

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from fastly_compute.local.config.acl import AclEntry, read_acl
from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.config.backends import read_backend
from fastly_compute.local.config.kv import KvItem, check_kv_store, read_kv_store
from fastly_compute.local.config.lookups import (
    Geolocation,
    check_device_detection,
    read_device_detection,
    read_geolocation,
)
from fastly_compute.local.config.service import ServiceInfo
from fastly_compute.local.config.shielding import ShieldingSite, read_shielding_site
from fastly_compute.local.config.stores import (
    check_config_store,
    check_secret_store,
    read_config_store,
    read_secret_store,
)
from fastly_compute.local.config.table import ConfigError, Source, Table
from fastly_compute.local.config.waf import WafVerdict

_OLD_NAMES = {
    "config_stores": ("dictionaries",),
    "kv_stores": ("object_store", "object_stores"),
}
_SECTIONS = (
    "acls",
    "backends",
    "config_stores",
    "device_detection",
    "fake_valid_fastly_keys",
    "geolocation",
    "kv_stores",
    "secret_stores",
    "shielding_sites",
    *(old for names in _OLD_NAMES.values() for old in names),
)
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfig:
    """The configuration that an app runs with locally.

    Attributes:
        backends: The static backends by name.
        config_stores: The config stores by name; each is a mapping of strings, keys of 1 to 256
            characters, values of up to 8000.
        secret_stores: The secret stores by name, never shown; names of stores and secrets are 1 to
            255 of `A-Z a-z 0-9 _ . -`, secrets have up to 64 KiB.
        kv_stores: The initial contents of the KV stores, by name and key; keys follow the
            platform's rules. What a guest inserts lasts as long as the host.
        acls: The access control lists by name. The longest prefix takes precedence, and among
            equal ones the last.
        geolocation: Data about IP addresses.
        device_detection: Data about user agents, by the whole User-Agent: text, numbers, booleans,
            and mappings of these.
        shielding_sites: The shielding sites by name; None is the one that the app runs on.
        service: What the app can read about its service and where it runs; no file sets it.
        waf_verdict: What the Next-Gen WAF says about each request; no file sets it.
        fake_valid_fastly_keys: The values of a request's Fastly-Key that are valid, never shown.

    Raises:
        ValueError: A name, key, value or secret is invalid.

    Example:
        >>> local = HostConfig(
        ...     backends={"origin": BackendConfig(url="http://127.0.0.1:8080")},
        ...     secret_stores={"keys": {"token": b"abc"}},
        ... )
        >>> local.backends["origin"].port
        8080
    """

    backends: Mapping[str, BackendConfig] = field(default_factory=dict)
    config_stores: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    secret_stores: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    kv_stores: Mapping[str, Mapping[str, KvItem]] = field(default_factory=dict)
    acls: Mapping[str, Sequence[AclEntry]] = field(default_factory=dict)
    geolocation: Geolocation = field(default_factory=Geolocation)
    device_detection: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    shielding_sites: Mapping[str, ShieldingSite | None] = field(default_factory=dict)
    service: ServiceInfo = field(default_factory=ServiceInfo)
    waf_verdict: WafVerdict = field(default_factory=WafVerdict)
    fake_valid_fastly_keys: Collection[str] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        if "" in self.backends:
            raise ValueError("backends: a name must not be empty")
        for name, items in self.config_stores.items():
            check_config_store(name, items)
        for name, secrets in self.secret_stores.items():
            check_secret_store(name, secrets)
        for name, kv_items in self.kv_stores.items():
            check_kv_store(name, kv_items)
        check_device_detection(self.device_detection)
        for attribute in ("backends", "shielding_sites"):
            copy = MappingProxyType(dict(getattr(self, attribute)))
            object.__setattr__(self, attribute, copy)
        acls = {name: tuple(entries) for name, entries in self.acls.items()}
        object.__setattr__(self, "acls", MappingProxyType(acls))
        keys = frozenset(self.fake_valid_fastly_keys)
        object.__setattr__(self, "fake_valid_fastly_keys", keys)
        for attribute in ("config_stores", "secret_stores", "kv_stores", "device_detection"):
            stores = getattr(self, attribute)
            copies = {name: MappingProxyType(dict(items)) for name, items in stores.items()}
            object.__setattr__(self, attribute, MappingProxyType(copies))


def load(path: Path) -> HostConfig:
    """Read the `[local_server]` of a TOML file.

    Relative file names in it are resolved against the file's folder, then the working directory.

    Args:
        path: The file.

    Returns:
        The configuration; empty if the file has no `[local_server]`.

    Raises:
        ConfigError: The file cannot be read, is not TOML, or its content is invalid.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise ConfigError(f"{path}: cannot be read: {err.strerror or err}") from err
    try:
        text = data.decode()
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise ConfigError(f"{path}: line {line}: not UTF-8, which TOML requires") from None
    return parse(text, base=path.parent, source=str(path))


def parse(text: str, *, base: Path, source: str) -> HostConfig:
    r"""Read `[local_server]` from the text of a TOML file.

    Everything outside that table is ignored. Inside it, an unknown section or key is an error.

    Args:
        text: The file's text.
        base: The folder to resolve relative file names against, before the working directory.
        source: The name that error messages show.

    Returns:
        The configuration.

    Raises:
        ConfigError: The text is not TOML, or its content is invalid.

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
    config_stores = _section(root, "config_stores")
    secret_stores = root.section("secret_stores")
    kv_stores = _section(root, "kv_stores")
    acls = root.section("acls")
    sites = root.section("shielding_sites")
    try:
        return HostConfig(
            backends={name: read_backend(table) for name, table in backends.tables()},
            config_stores={
                name: read_config_store(table) for name, table in config_stores.tables()
            },
            secret_stores={
                name: read_secret_store(secret_stores, name) for name in secret_stores.values
            },
            kv_stores={name: read_kv_store(kv_stores, name) for name in kv_stores.values},
            acls={name: read_acl(acls, name) for name in acls.values},
            geolocation=read_geolocation(root.section("geolocation")),
            device_detection=read_device_detection(root.section("device_detection")),
            shielding_sites={name: read_shielding_site(sites, name) for name in sites.values},
            fake_valid_fastly_keys=root.texts("fake_valid_fastly_keys"),
        )
    except ConfigError:
        raise
    except ValueError as err:
        raise ConfigError(f"{source}: [local_server] {err}") from err


def _section(root: Table, name: str) -> Table:
    given = [known for known in (name, *_OLD_NAMES[name]) if known in root.values]
    if len(given) > 1:
        old = given[1]
        if given[0] != name:
            raise root.error(old, f"and {given[0]} are old names of {name}; use only one of them")
        raise root.error(old, f"is the old name of {name}; use only one of them")
    return root.section(given[0] if given else name)


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
