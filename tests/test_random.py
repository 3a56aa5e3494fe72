"""Chance is not baked into a component: each sandbox has its own."""

import json
import random
from pathlib import Path
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.xdist_group("chance")

APP = Path(__file__).parent / "chance"


@pytest.mark.parametrize("host", ["wasm", "viceroy"], indirect=True)
def test_every_sandbox_has_numbers_of_its_own(servers, host) -> None:
    url = servers.get(host, APP, "main").url
    found = []
    for _ in range(3):
        with urlopen(url) as answer:
            found.append(json.load(answer))

    expected = random.Random(42).random()
    for source in found[0]:
        numbers = {sandbox[source] for sandbox in found}
        if source.startswith("seeded"):
            assert numbers == {expected}, source
        else:
            assert len(numbers) == 3, source
