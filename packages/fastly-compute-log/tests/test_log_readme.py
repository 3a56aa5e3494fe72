"""The examples in the README and the docstrings do what they say."""

import doctest
import importlib
import json
import logging
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import log
from fastly_compute.local import Incoming, NativeApp

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SERVICE, BY_LEVEL, DIRECT = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
(SHOWN,) = re.findall(r"^```json\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def shop():
    """The logger that the examples configure, as new; docstrings run elsewhere configure it too."""
    logger = logging.getLogger("shop")
    before, logger.handlers, level = logger.handlers, [], logger.level
    logger.setLevel(logging.NOTSET)
    yield logger
    for handler in logger.handlers:
        handler.close()
    logger.handlers = before
    logger.setLevel(level)


def run(code: str) -> ModuleType:
    module = ModuleType("readme")
    exec(compile(code, "README.md", "exec"), vars(module))
    return module


def test_each_request_is_a_line_of_json(compute_host) -> None:
    app = NativeApp(run(SERVICE).HttpIncoming)
    for _ in range(2):
        compute_host.host.request(app, Incoming(uri="http://localhost/tea"))

    first, second = (json.loads(line) for line in compute_host.logs["requests"])
    assert list(first) == list(json.loads(SHOWN))
    assert (first["level"], first["message"]) == ("INFO", "GET /tea")
    assert first["request_id"] != second["request_id"]


def test_errors_go_to_an_endpoint_of_their_own(compute_host, shop) -> None:
    run(BY_LEVEL)
    shop.warning("fine")
    shop.error("broken")

    assert compute_host.logs == {"requests": ["fine"], "errors": ["broken"]}


def test_an_endpoint_is_written_to_directly(compute_host) -> None:
    run(DIRECT).log_visit("/tea")

    assert compute_host.logs == {"visits": ["/tea"]}


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(log.__path__)])
def test_the_examples_of_a_module_run(name) -> None:
    assert doctest.testmod(importlib.import_module(f"fastly_compute.log.{name}")).failed == 0
