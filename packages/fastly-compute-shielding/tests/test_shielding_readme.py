"""The README does what it says."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.local import NativeApp, parse
from fastly_compute.testing import ComputeClient

README = (Path(__file__).parent.parent / "README.md").read_text()
APP, TEST = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
(TOML,) = re.findall(r"^```toml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def module_of(code: str) -> ModuleType:
    module = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(module))
    return module


@pytest.fixture
def client(compute_host) -> ComputeClient:
    return ComputeClient(compute_host.host, NativeApp(module_of(APP).HttpIncoming))


def test_the_test_passes(compute_host, client) -> None:
    module_of(TEST).test_the_edge_asks_the_shield(compute_host, client)

    (call,) = compute_host.calls
    assert call.headers["Host"] == "www.example.com"
    assert call.config.use_tls
    assert call.config.first_byte_timeout_ms == 5000


def test_the_shield_asks_the_origin(compute_host, client) -> None:
    compute_host.shielding_sites = {"pdx-or-us": None}
    compute_host.backend("origin").get("/lamp", text="from the origin")

    assert client.get("/lamp").text == "from the origin"


def test_the_configuration_is_one() -> None:
    sites = parse(TOML, base=Path(), source="README.md").shielding_sites

    assert sites["london-uk"] is None
    assert sites["pdx-or-us"].encrypted == "https://127.0.0.1:8443/"
