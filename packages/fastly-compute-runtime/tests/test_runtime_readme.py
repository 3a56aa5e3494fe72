"""The README does what it says."""

import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from fastly_compute.local import NativeApp, ServiceInfo
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


def test_the_app_says_where_it_runs(compute_host, client) -> None:
    compute_host.service = ServiceInfo(pop="OSL", service_version=9)
    response = client.get("/")

    assert response.headers["X-Served-By"] == "OSL v9"
    assert "X-Robots-Tag" not in response.headers


def test_the_test_passes_and_can_fail(compute_host, client) -> None:
    test = module_of(TEST).test_staging_is_not_indexed
    test(compute_host, client)

    compute_host.service = ServiceInfo()
    with pytest.raises(KeyError):
        test(SimpleNamespace(), client)
