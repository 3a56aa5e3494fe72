"""What the README and the docstrings show is what happens."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import requests
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


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(requests.__path__)])
def test_the_examples_of_a_module_do_what_they_say(name):
    result = doctest.testmod(importlib.import_module(f"fastly_compute.requests.{name}"))

    assert result.failed == 0


@pytest.mark.parametrize(
    "name", [n for n in requests.__all__ if isinstance(getattr(requests, n), type)]
)
def test_every_class_has_an_example_or_is_an_exception(name):
    kind = getattr(requests, name)
    has_none = (requests.RequestException, Warning, dict)

    assert ">>>" in kind.__doc__ or issubclass(kind, has_none)
