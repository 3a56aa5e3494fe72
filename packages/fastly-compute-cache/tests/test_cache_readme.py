"""The examples in the README do what it says."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import cache
from fastly_compute.local import Incoming, NativeApp

README = (Path(__file__).parent.parent / "README.md").read_text()
WEATHER, NEWS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def ask(compute_host):
    def ask(code: str, url: str = "http://localhost/", headers=()):
        module = ModuleType("readme_app")
        exec(compile(code, "README.md", "exec"), vars(module))
        incoming = Incoming(uri=url, headers=headers)
        return compute_host.host.request(NativeApp(module.HttpIncoming), incoming)

    return ask


def test_the_weather_is_requested_once_and_again_after_a_purge(compute_host, ask) -> None:
    compute_host.backend("weather").get("/oslo", json={"degrees": -3})
    answers = [ask(WEATHER) for _ in range(2)]
    before = len(compute_host.calls)
    compute_host.fastly_keys = ["a key"]
    ask(WEATHER, "http://localhost/forget")
    of_a_stranger = len(compute_host.calls)
    ask(WEATHER, "http://localhost/forget", [("Fastly-Key", b"a key")])

    assert [bytes(answer.body) for answer in answers] == [b'{"degrees":-3}'] * 2
    assert (before, of_a_stranger, len(compute_host.calls)) == (1, 1, 2)


def test_the_news_are_cached_and_stale_while_they_are_revalidated(compute_host, ask) -> None:
    compute_host.backend("news").get("/", text="old news")
    compute_host.backend("news").get("/", text="new news")
    first, second = ask(NEWS), ask(NEWS)
    compute_host.host.clock.advance(31)
    third, fourth = ask(NEWS), ask(NEWS)

    assert [bytes(answer.body) for answer in (first, second)] == [b"old news"] * 2
    assert [bytes(answer.body) for answer in (third, fourth)] == [b"new news"] * 2
    assert len(compute_host.calls) == 2
    assert dict(second.headers)["Age"] == b"0"


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(cache.__path__)])
def test_the_examples_of_a_module_run(name) -> None:
    result = doctest.testmod(importlib.import_module(f"fastly_compute.cache.{name}"))

    assert result.failed == 0
