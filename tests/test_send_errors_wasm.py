"""Every case of `send-error-detail` reaches a guest in wasm; see tests/parity/parity_app.py."""

import json
import shutil
from pathlib import Path

import pytest

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import Host, Incoming, WasmApp
from fastly_compute.local.interfaces.send_errors import SEND_ERROR_DETAILS
from fastly_compute.local.transport import SendFailure

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("parity")]

APP = Path(__file__).parent / "parity"
TELLING_MORE = {
    "dns-error": "DnsError(value=DnsErrorDetail(rcode=3, info_code=None))",
    "tls-alert-received": "TlsAlertReceived(value=TlsAlertReceivedDetail(id=40))",
    "h2-error": "H2Error(value=H2ErrorDetail(frame_type=3, error_code=2))",
}


class Failing:
    """A way out that fails."""

    def __init__(self, failure):
        self.failure = failure

    def begin(self, name, config, request):
        def fail():
            raise self.failure

        return fail


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> WasmApp:
    copy = tmp_path_factory.mktemp("built") / APP.name
    shutil.copytree(APP, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return WasmApp(build(Project(folder=copy, entry="parity_app")).output)


def refusal(app, failure):
    """The error and the detail that a guest gets where its request fails."""
    lines = []
    with Host(output=lines.append, transport=Failing(failure)) as host:
        answer = host.request(app, Incoming(uri="http://a.example/refused"))
    assert answer.status == 200, lines
    return json.loads(bytes(answer.body))


@pytest.mark.parametrize("detail", sorted(SEND_ERROR_DETAILS))
def test_every_detail_reaches_the_guest(app, detail) -> None:
    failure = SendFailure(detail, "as the test wants it", rcode=3, alert_id=40)
    case = "".join(part.capitalize() for part in detail.split("-"))

    assert refusal(app, failure)[1] == (f"SendErrorDetail_{TELLING_MORE.get(detail, f'{case}()')}")


@pytest.mark.parametrize(
    "error",
    [
        *["generic-error", "http-invalid", "http-user", "http-incomplete"],
        *["http-head-too-large", "http-invalid-status"],
    ],
)
def test_every_error_reaches_the_guest(app, error) -> None:
    failure = SendFailure("http-protocol-error", "as the test wants it", error=error)
    case = "".join(part.capitalize() for part in error.split("-"))

    assert refusal(app, failure)[0] == f"Error_{case}()"
