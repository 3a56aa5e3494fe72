"""The arguments of a guest become the types of the bindings."""

from typing import Optional

import pytest
from wit_world.imports import types

from fastly_compute.local.runtime.wasm.lift import converter


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        (None, None),
        (("ipv4", (192, 0, 2, 1)), types.IpAddress_Ipv4((192, 0, 2, 1))),
        (("ipv6", (1, 2, 3, 4, 5, 6, 7, 8)), types.IpAddress_Ipv6((1, 2, 3, 4, 5, 6, 7, 8))),
    ],
)
def test_an_option_of_a_variant_is_the_variant_or_none(plain, expected) -> None:
    # The two flatten into one union.
    assert converter(Optional[types.IpAddress])(plain) == expected  # noqa: UP045 - the bindings' way
