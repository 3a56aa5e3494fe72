"""The README does what it says."""

import re
from pathlib import Path
from types import ModuleType

import pytest
import requests

from fastly_compute import urllib3
from fastly_compute.local import NativeApp
from fastly_compute.testing import ComputeClient
from fastly_compute.urllib3 import extract_from_http_client, extract_from_urllib3

README = (Path(__file__).parent.parent / "README.md").read_text()
INJECTED, POOL, ADAPTER, URLOPEN = re.findall(
    r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE
)


@pytest.fixture(autouse=True)
def _extracted():
    yield
    extract_from_urllib3()
    extract_from_http_client()


def module_of(code: str) -> ModuleType:
    module = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(module))
    return module


@pytest.mark.parametrize("code", [INJECTED, URLOPEN], ids=["requests", "urlopen"])
def test_the_apps_pass_on_the_answer_of_the_api(compute_host, code) -> None:
    compute_host.target("api.example").get("/lamp", text="a lamp")
    client = ComputeClient(compute_host.host, NativeApp(module_of(code).HttpIncoming))

    assert client.get("/lamp").text == "a lamp"
    (call,) = compute_host.calls
    assert call.config.use_tls
    assert call.config.connect_timeout_ms == call.config.first_byte_timeout_ms == 5000


def test_a_pool_manager_has_a_backend(compute_host) -> None:
    compute_host.backend("origin").get("/lamp", text="a lamp")
    client = ComputeClient(compute_host.host, NativeApp(module_of(POOL).HttpIncoming))

    assert client.get("/lamp").text == "a lamp"
    assert compute_host.calls[0].headers["Host"] == "www.example"


def test_an_adapter_has_a_backend(compute_host) -> None:
    compute_host.backend("origin").get("/lamp", text="a lamp")
    with requests.Session() as session, compute_host.host.guest_context():
        session.mount("https://", module_of(ADAPTER).BackendAdapter())
        assert session.get("https://www.example/lamp").text == "a lamp"


def test_every_public_name_is_in_the_readme() -> None:
    for name in urllib3.__all__:
        assert f"`{name}`" in README
