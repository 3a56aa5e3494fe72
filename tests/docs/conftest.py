"""What examples say of the whole app holds for their own test alone."""

import importlib
from collections.abc import Iterator

import pytest

from fastly_compute.urllib3 import extract_from_http_client, extract_from_urllib3


@pytest.fixture(autouse=True)
def policy_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back the policy on dynamic backends, and their defaults."""
    for name in ("policy", "defaults"):
        module = importlib.import_module(f"fastly_compute.backend.{name}")
        for variable, value in vars(module).items():
            if variable.startswith("_") and variable[1] != "_" and not callable(value):
                monkeypatch.setattr(module, variable, value)


@pytest.fixture(autouse=True)
def connections_of_the_example() -> Iterator[None]:
    """Take back what an example injects: a browser's driver needs real connections."""
    yield
    extract_from_http_client()
    extract_from_urllib3()
