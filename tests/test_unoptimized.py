"""A component that no pass has changed works wherever an optimized one does."""

from pathlib import Path
from urllib.request import urlopen

import pytest

MAIN = """
from fastly_compute.http import IncomingRequest, Response, service


@service
def HttpIncoming(request: IncomingRequest) -> Response:
    return Response.text(f"hello {request.path}")
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app whose settings switch every pass off."""
    folder = tmp_path_factory.mktemp("apps") / "unoptimized"
    folder.mkdir()
    (folder / "main.py").write_text(MAIN)
    (folder / "pyproject.toml").write_text('[tool.fastly-compute]\noptimize = "none"\n')
    return folder


@pytest.mark.xdist_group("unoptimized")
@pytest.mark.parametrize("host", ["wasm", "viceroy"], indirect=True)
def test_a_component_without_passes_is_served(host: str, servers, app: Path) -> None:
    served = servers.get(host, app, "main")

    with urlopen(f"{served.url}/there") as response:
        assert response.read() == b"hello /there"
