"""What examples say of the whole app holds for their own test alone."""

import importlib

import pytest


@pytest.fixture(autouse=True)
def policy_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back the policy on dynamic backends, and their defaults."""
    for name in ("policy", "defaults"):
        module = importlib.import_module(f"fastly_compute.backend.{name}")
        for variable, value in vars(module).items():
            if variable.startswith("_") and variable[1] != "_" and not callable(value):
                monkeypatch.setattr(module, variable, value)
