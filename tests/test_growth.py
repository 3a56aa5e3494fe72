"""Nothing costs more than in proportion to the number of items: see benchmarks/growth.py."""

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute import requests

ROOT = Path(__file__).parent.parent
SMALL = 30
BYTES = 30_000


def _growth() -> ModuleType:
    spec = importlib.util.spec_from_file_location("growth", ROOT / "benchmarks/growth.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["growth"] = module  # for its dataclass
    spec.loader.exec_module(module)
    return module


growth = _growth()


@pytest.mark.parametrize(
    ("kind", "what"), [(kind, what) for kind, table in growth.TABLES.items() for what in table]
)
def test_the_cost_of_an_item_does_not_grow(kind: str, what: str) -> None:
    work = growth.TABLES[kind][what]
    size = BYTES if kind == "bytes" else SMALL

    one, two, four = (growth.measured(work, size * factor) for factor in (1, 2, 4))

    assert four - two <= 2.2 * (two - one) + size / 10, (one, two, four)


def test_a_long_line_is_joined_only_at_its_end() -> None:
    response = requests.Response()
    response.raw = io.BytesIO(b"x" * 100_000 + b"\n")
    handled = 0

    def profile(_: object, event: str, function: object) -> None:
        nonlocal handled
        text = getattr(function, "__self__", None)
        if event == "c_call" and isinstance(text, bytes):
            handled += len(text)

    sys.setprofile(profile)
    try:
        lines = list(response.iter_lines(100))
    finally:
        sys.setprofile(None)

    assert lines == [b"x" * 100_000]
    assert handled < 1_000_000
