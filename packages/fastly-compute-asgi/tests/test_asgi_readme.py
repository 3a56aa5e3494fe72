"""Every snippet of the README, run."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import asgi
from fastly_compute.local import Host, Incoming, NativeApp, ReuseLimits

README = (Path(__file__).parents[1] / "README.md").read_text()
STARLETTE, DJANGO, PLAIN, LIFESPAN = re.findall(
    r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE
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


@pytest.mark.parametrize("code", [STARLETTE, DJANGO], ids=["starlette", "django"])
def test_the_framework_apps_respond(tmp_path, code) -> None:
    # In a separate process: a framework's settings and imports affect the whole process.
    (tmp_path / "main.py").write_text("import fastly_compute.local\n" + code + ASKED)
    environment = {"PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "error", "main.py"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert (ran.stdout, ran.stderr) == ("200 Hello, Zoë!\n", "")


def test_an_app_without_a_framework_responds(host: Host) -> None:
    answer = host.request(NativeApp(module(PLAIN).HttpIncoming), Incoming(uri="http://a/b"))

    assert bytes(answer.body) == b"You asked for /b"


def test_the_lifespan_opens_a_store(compute_host) -> None:
    compute_host.config_stores["settings"]["greeting"] = "hello"
    compute_host.host.reuse = ReuseLimits(requests=100)
    app = NativeApp(module(LIFESPAN).HttpIncoming)
    answers = compute_host.host.requests(app, [Incoming()] * 2)

    assert [bytes(answer.body) for answer in answers] == [b"hello"] * 2


def test_every_public_name_is_in_the_table() -> None:
    table = README.partition("## Public names")[2]

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(asgi.__all__)
