"""The real `requests` does the same on sockets and on backends: see tests/differential.

What may differ is listed, with the reason, in tests/differential/real_differences.toml. A sample of
the cases runs on the other hosts, in test_libraries.
"""

import shutil
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent

sys.path.insert(0, str(HERE / "support"))
try:
    from differences import Differences
    from differential_runs import APP, NAMES, running
finally:
    sys.path.remove(str(HERE / "support"))

pytestmark = pytest.mark.xdist_group("urllib3-differential")

LISTED = tomllib.loads((APP / "real_differences.toml").read_text())
DIFFERENCES = Differences(LISTED["difference"])


@pytest.fixture(scope="module")
def runs(servers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real-requests") / "app"
    shutil.copytree(APP, folder)
    shutil.copy(HERE / "real_requests_app/real_requests_app.py", folder)
    with running(lambda host: servers.get(host, folder, "real_requests_app")) as runs:
        yield runs


@pytest.mark.parametrize("name", NAMES)
def test_requests_does_on_backends_what_it_does_on_sockets(runs, name):
    assert not DIFFERENCES.unexplained(runs, "native", name)


def test_every_difference_that_is_listed_is_there(runs):
    assert not DIFFERENCES.unused(runs, "native")
