"""The README does what it says."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.local import NativeApp, WafVerdict
from fastly_compute.testing import ComputeClient

README = (Path(__file__).parent.parent / "README.md").read_text()
APP, TEST = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def module_of(code: str) -> ModuleType:
    module = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(module))
    return module


@pytest.fixture
def client(compute_host) -> ComputeClient:
    return ComputeClient(compute_host.host, NativeApp(module_of(APP).HttpIncoming))


def test_what_the_waf_allows_reaches_the_origin(compute_host, client) -> None:
    compute_host.backend("origin").add("POST", "/orders", text="thanks")

    assert client.post("/orders", body=b"lamp=1").text == "thanks"
    assert compute_host.calls[0].body == b"lamp=1"


def test_the_test_passes(compute_host, client) -> None:
    module_of(TEST).test_an_attack_is_refused(compute_host, client)


@pytest.mark.parametrize("verdict", ["unauthorized", "challenge"])
def test_what_is_not_allowed_is_refused(compute_host, client, verdict) -> None:
    compute_host.waf_verdict = WafVerdict(verdict=verdict)

    assert client.get("/").status == 403


def test_a_redirect_is_followed_by_the_client(compute_host, client) -> None:
    compute_host.waf_verdict = WafVerdict(
        verdict="block", status=302, redirect_url="https://www.example.com/blocked"
    )
    response = client.get("/")

    assert (response.status, response.headers["Location"]) == (
        302,
        "https://www.example.com/blocked",
    )


def test_without_a_verdict_the_client_is_asked_to_return(compute_host, client) -> None:
    compute_host.fail("security", "inspect", "unsupported")

    assert client.get("/").status == 503
