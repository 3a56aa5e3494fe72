"""What the README shows is what happens."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.local import Host, Incoming, NativeApp

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def module(code):
    made = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(made))
    return made


def test_the_app_answers_also_without_its_origin():
    app = module(BLOCKS[0].replace("weather.example", "weather.invalid"))
    with Host(output=lambda line: None) as host:
        answer = host.request(NativeApp(app.HttpIncoming), Incoming(uri="http://shop.example/"))

    assert (answer.status, bytes(answer.body)) == (502, b"There is no forecast.")


def test_both_kinds_of_session_can_be_made_without_a_host():
    made = module(BLOCKS[1])

    assert made.session.cookies.get_dict() == {"app": "1"}
    assert made.service_account.keep_cookies


@pytest.mark.usefixtures("guest")
def test_several_are_gathered(echo):
    found = module(BLOCKS[2]).prices([f"{echo.url}/a", "http://127.0.0.1:1/"])

    assert found[0]["path"] == "/a"
    assert "failed" in found[1]
