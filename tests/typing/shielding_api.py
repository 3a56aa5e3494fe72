"""Shielding as a type checker sees it: checked against the installed wheels, never run."""

from datetime import timedelta
from typing import assert_type

from fastly_compute.backend import Backend
from fastly_compute.local import ShieldingSite
from fastly_compute.shielding import Shield
from fastly_compute.testing import ComputeHost


def next_hop() -> Backend | None:
    shield = Shield.find("pdx-or-us")
    assert_type(shield, Shield)
    assert_type(shield.name, str)
    assert_type(shield.running_on, bool)
    assert_type(shield.encrypted_backend(first_byte_timeout=timedelta(seconds=1)), Backend)
    assert_type(shield.unencrypted_backend(between_bytes_timeout=1.5, cache_key="key"), Backend)
    shield.encrypted_backend(5)  # type: ignore[call-arg]
    Shield.find(b"pdx-or-us")  # type: ignore[arg-type]
    return None if shield.running_on else shield.encrypted_backend()


def sets(compute_host: ComputeHost) -> None:
    site = ShieldingSite(unencrypted="http://shield.example", encrypted="https://shield.example")
    compute_host.shielding_sites = {"here": None, "there": site}
