"""Write docs/httpx-compatibility.md from the differences and results in tests/differential.

With --check it only reports whether the page is up to date.
"""

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests/differential"
PAGE = ROOT / "docs/httpx-compatibility.md"

HEAD = """\
# httpx, and what is different here

<!-- Written by `hatch run httpx:page` from tests/differential/httpx_*. -->

[`fastly-compute-httpx`](reference/httpx.md) replaces the transport of httpx, and nothing else. Two
comparisons show what follows from that.

## The same requests with both

tests/test_httpx_differential.py sends the same requests with the clients of httpx, over sockets,
and with those of this package on the native host, to the same origins: methods, bodies, streams,
headers, redirects, cookies, encodings, authentication and failures, listed and generated. What the
origins see, the responses and the classes of the exceptions are the same, except for these
differences. A test fails for a difference that is not listed, and for a listed one that does not
exist.

"""

OWN = """
## httpx's own tests

`hatch run httpx:own-tests` runs the tests of httpx {version} on the native host, with
`httpx.Client` and `httpx.AsyncClient` replaced by those of this package: {passed} of {total} pass.
Three kinds are left out: tests of its models and of its command line, which send nothing; tests
that run on trio; and tests that fail with httpx's own clients as well. Many of the rest bring a
transport that responds without a network, so they test the clients alone; the others also test the
transports.

"""

DEVIATIONS = """
The others fail for these reasons:

"""


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Format a table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def read(name: str) -> Any:
    """Read a file of data."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else tomllib.loads(text)


def page() -> str:
    """Generate the page."""
    results = read("httpx_own_results.json")
    modules: dict[str, list[int]] = results["modules"]
    counts: dict[str, int] = results["deviations"]
    differences = read("httpx_differences.toml")["difference"]
    deviations = read("httpx_own_tests.toml")["deviation"]
    return (
        HEAD
        + table(("here", "because"), [(entry["what"], entry["reason"]) for entry in differences])
        + OWN.format(
            version=results["version"],
            passed=sum(passed for passed, _ in modules.values()),
            total=sum(total for _, total in modules.values()),
        )
        + table(
            ("module", "passed", "of"),
            [(f"`{name}`", str(passed), str(total)) for name, (passed, total) in modules.items()],
        )
        + DEVIATIONS
        + table(
            ("here", "because", "tests"),
            [(d["what"], d["reason"], str(counts.get(d["id"], 0))) for d in deviations],
        )
    )


def main() -> int:
    """Write or check the page."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.name} is out of date: run `hatch run httpx:page`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
