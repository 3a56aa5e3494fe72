"""Print what features of Python add to a component: `hatch run benchmarks:features`."""

import os
import statistics
import tempfile
from pathlib import Path

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project

ROUNDS = 3
HELLO = """
from fastly_compute.http import Response, service
{code}
HttpIncoming = service(lambda request: Response.text("hello"))
# {round}
"""
FEATURES = {
    "a handler": "",
    "`import asyncio`": "import asyncio",
    "`import asyncio` in a function": "def later():\n    import asyncio",
    "`import email.message`": "import email.message",
    "`import email.message` in a function": "def later():\n    import email.message",
    "`import importlib.metadata` in a function": "def later():\n    import importlib.metadata",
    "`import logging` in a function": "def later():\n    import logging",
    "`import ssl`": "import ssl",
    "`import zoneinfo`, with the time zones of tzdata": "import zoneinfo",
}


def size(folder: Path, code: str) -> float:
    """Return the bytes of a component, the median of several builds."""
    sizes = []
    for number in range(ROUNDS):
        app = Path(tempfile.mkdtemp(dir=folder))
        (app / "main.py").write_text(HELLO.format(code=code, round=number))
        sizes.append(build(Project(folder=app)).output.stat().st_size)
    return statistics.median(sizes)


def main() -> None:
    """Measure and print."""
    print("| an app with | MB | more than the first |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        os.environ["FASTLY_COMPUTE_CACHE"] = f"{name}/cache"
        base = 0.0
        for feature, code in FEATURES.items():
            found = size(Path(name), code)
            base = base or found
            print(f"| {feature} | {found / 1e6:.2f} | {found / base - 1:.1%} |", flush=True)


if __name__ == "__main__":
    main()
