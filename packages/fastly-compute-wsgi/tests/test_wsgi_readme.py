"""Every snippet of the README, run."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import wsgi
from fastly_compute.local import Host, Incoming, NativeApp, RecordedResponse, ReuseLimits
from fastly_compute.testing import ComputeClient, ComputeHost

README = (Path(__file__).parents[1] / "README.md").read_text()
FLASK, BOTTLE, DJANGO, REUSE, PASSED_ON = (
    re.sub(r"^  ", "", code, flags=re.MULTILINE) if indent else code
    for indent, code in re.findall(
        r"^( *)```python\n(.*?)^ *```$", README, re.DOTALL | re.MULTILINE
    )
)

ASKED = """
from fastly_compute.local import Host, Incoming, NativeApp

with Host() as host:
    answer = host.request(NativeApp(HttpIncoming), Incoming(uri="http://a/hello/Zo%C3%AB"))
print(answer.status, bytes(answer.body).decode())
"""


def module(code: str) -> ModuleType:
    made = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(made))
    return made


@pytest.mark.parametrize("code", [FLASK, BOTTLE, DJANGO], ids=["flask", "bottle", "django"])
def test_the_framework_apps_respond(tmp_path, code) -> None:
    # In a separate process: a framework's settings and imports affect the whole process.
    (tmp_path / "main.py").write_text("import fastly_compute.local\n" + code + ASKED)
    environment = {"PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "error", "main.py"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert (ran.stdout, ran.stderr) == ("200 Hello, Zoë!\n", "")


def test_a_sandbox_is_reused(host: Host) -> None:
    host.reuse = ReuseLimits(requests=100)
    answers: list[RecordedResponse] = host.requests(
        NativeApp(module(REUSE).HttpIncoming), [Incoming()] * 2
    )

    assert [bytes(answer.body) for answer in answers] == [b"again and again"] * 2


@pytest.fixture
def compute_app() -> object:
    return module(PASSED_ON).HttpIncoming


def test_a_body_is_passed_on(compute_host: ComputeHost, compute_client: ComputeClient) -> None:
    origin = compute_host.backend("origin")
    origin.get("/page", status=203, body=b"x" * 100_000, headers={"Content-Type": "x/y"})
    answer = compute_client.get("/page")

    assert (answer.status, answer.body, answer.complete) == (203, b"x" * 100_000, True)
    assert answer.headers["Content-Type"] == "x/y"


def test_every_public_name_is_in_the_table() -> None:
    table = README.partition("## Public names")[2]

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(wsgi.__all__)
