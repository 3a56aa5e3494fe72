"""The examples in the README do what it says."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import FunctionType, ModuleType

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


def test_every_public_name_is_in_the_readme() -> None:
    named = set(re.findall(r"`(\w+)`", README.partition("## Public names")[2]))

    assert set(cache.__all__) <= named


def test_public_names_are_sorted() -> None:
    names = cache.__all__

    assert names == sorted(names, key=lambda name: (name[0].islower(), name))


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(cache.__path__)])
def test_the_examples_of_a_module_run(name) -> None:
    result = doctest.testmod(importlib.import_module(f"fastly_compute.cache.{name}"))

    assert result.failed == 0


def test_every_public_class_and_function_has_an_example() -> None:
    public = [getattr(cache, name) for name in cache.__all__]
    told = [item for item in public if isinstance(item, type | FunctionType)]
    told = [item for item in told if not (isinstance(item, type) and issubclass(item, Exception))]
    bare = [item.__name__ for item in told if ">>> " not in (item.__doc__ or "")]

    assert len(told) > 7
    assert bare == []
