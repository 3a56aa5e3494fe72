"""The examples of the README and the docstrings behave as shown."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import httpx
import pytest

import fastly_compute.httpx as package
from fastly_compute import backend, http
from fastly_compute.httpx import Client
from fastly_compute.httpx.errors import READING, SENDING
from fastly_compute.local import NativeApp
from fastly_compute.testing import ComputeClient, ComputeHost

README = (Path(__file__).parents[1] / "README.md").read_text()
FIRST, SEVERAL, COOKIES = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
MODULES = [name for _, name, _ in pkgutil.iter_modules(package.__path__)]
ERRORS = README.partition("## Errors")[2].partition("\n## ")[0]


def module(code: str) -> ModuleType:
    made = ModuleType("readme_app")
    exec(compile(code, "README.md", "exec"), vars(made))
    return made


def client(host: ComputeHost, code: str) -> ComputeClient:
    return ComputeClient(host.host, NativeApp(module(code).HttpIncoming))


def test_the_app_answers_also_without_its_origin(compute_host):
    weather = compute_host.target("weather.example")
    weather.error("connection-refused")
    weather.get("/now", json={"celsius": 3}, query={"city": "Oslo"})
    first, second = (client(compute_host, FIRST).get("/") for _ in range(2))

    assert (first.status, first.text) == (502, "No forecast available.")
    assert (second.status, second.json()) == (200, {"celsius": 3})


def test_several_requests_are_awaited(compute_host):
    compute_host.target("news.example").get("/", text="news")
    compute_host.target("stocks.example").get("/", text="stocks")

    assert client(compute_host, SEVERAL).get("/").json() == ["news", "stocks"]


def test_the_clients_have_their_cookies():
    made = module(COOKIES)

    assert isinstance(made.client, Client)
    assert dict(made.client.cookies) == {"app": "1"}
    assert (made.client.keep_cookies, made.service_account.keep_cookies) == (False, True)


def test_the_table_of_errors_is_that_of_the_package():
    for table in (SENDING, READING):
        for cause, kind in table.items():
            if cause not in (http.HttpError, http.SendError, backend.BackendError):
                (row,) = [
                    line
                    for line in ERRORS.splitlines()
                    if line.startswith(f"| `{kind.__name__}` |") and f"`{cause.__name__}`" in line
                ]
                assert row
    rows = re.findall(r"^\| `(\w+)`", ERRORS, re.MULTILINE)
    kinds = {kind.__name__ for table in (SENDING, READING) for kind in table.values()}
    assert {*rows} == (kinds - {"TransportError"}) | {"UnsupportedProtocol"}
    assert all(issubclass(getattr(httpx, row), httpx.TransportError) for row in rows)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_work(name):
    found = doctest.testmod(importlib.import_module(f"fastly_compute.httpx.{name}"))

    assert found.failed == 0
