"""`shielding_sites` of `[local_server]`: the local site, and the URLs of the others."""

import json
from dataclasses import dataclass

from fastly_compute.local.config.backend import BackendConfig
from fastly_compute.local.config.backend_error import BackendConfigError
from fastly_compute.local.config.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ShieldingSite:
    """The URLs of another site.

    Attributes:
        unencrypted: Usually `http://`.
        encrypted: Usually `https://`.

    Raises:
        BackendConfigError: A URL is not valid for a backend.

    Example:
        >>> site = ShieldingSite(unencrypted="http://127.0.0.1:1/", encrypted="http://127.0.0.1:2/")
        >>> site.encrypted
        'http://127.0.0.1:2/'
    """

    unencrypted: str
    encrypted: str

    def __post_init__(self) -> None:
        for name in ("unencrypted", "encrypted"):
            try:
                BackendConfig(url=getattr(self, name))
            except BackendConfigError as err:
                raise BackendConfigError(name, err.shown, err.rule) from None


def read_shielding_site(sites: Table, name: str) -> ShieldingSite | None:
    """Read one site; None means the local one."""
    value = sites.values[name]
    if isinstance(value, str):
        if value.lower() == "local":
            return None
        rule = "must be Local, or a table with the URLs encrypted and unencrypted"
        raise sites.error(name, rule, shown=json.dumps(value))
    table = sites.inner(name, value)
    table.only(("encrypted", "unencrypted"))
    unencrypted, encrypted = table.required_text("unencrypted"), table.required_text("encrypted")
    try:
        return ShieldingSite(unencrypted=unencrypted, encrypted=encrypted)
    except BackendConfigError as err:
        raise table.error(err.field, err.rule, shown=err.shown) from None
