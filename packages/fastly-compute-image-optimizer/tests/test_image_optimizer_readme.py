"""The README does what it says."""

import re
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.image_optimizer import ImageOptimizerOptions
from fastly_compute.local import NativeApp
from fastly_compute.testing import ComputeClient, Reply, inject_faults

README = (Path(__file__).parent.parent / "README.md").read_text()
APP, TEST = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def module_of(code: str) -> ModuleType:
    module = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(module))
    return module


@pytest.fixture
def client(compute_host) -> ComputeClient:
    return ComputeClient(compute_host.host, NativeApp(module_of(APP).HttpIncoming))


def test_a_thumbnail_is_made(compute_host, client) -> None:
    seen = []

    def transform(call):
        seen.append(call)
        return Reply.of(headers={"Content-Type": "image/avif"}, body=b"small")

    compute_host.backend("images")
    compute_host.image_optimizer = transform
    response = client.get("/lamp.jpg?width=8000", headers={"Accept": "image/avif"})

    assert (response.status, response.headers["Content-Type"]) == (200, "image/avif")
    assert response.body == b"small"
    (call,) = seen
    assert (call.origin.path, call.origin.query) == ("/lamp.jpg", "")
    assert call.origin.headers["accept"] == "image/avif"
    assert call.query_string in README


def test_without_an_image_optimizer_the_original_is_sent(compute_host, client) -> None:
    compute_host.backend("images").get("/lamp.jpg", body=b"large")

    assert client.get("/lamp.jpg").body == b"large"


def test_the_test_passes(compute_host, client) -> None:
    module_of(TEST).test_a_thumbnail(compute_host, client)


def test_every_fault_of_the_host_is_handled() -> None:
    def scenario(compute_host, client):
        compute_host.backend("images").get("/lamp.jpg", body=b"large")
        compute_host.image_optimizer = lambda call: Reply(body=b"small")
        client.get("/lamp.jpg")

    report = inject_faults(module_of(APP).HttpIncoming, scenario)
    sent = [call for call in report.calls if call.name.startswith("image-optimizer.")]

    assert not report.problems
    assert [call.answers for call in sent] == ["200"]


def test_every_option_is_in_the_readme() -> None:
    for option in fields(ImageOptimizerOptions):
        assert f"`{option.name}`" in README
