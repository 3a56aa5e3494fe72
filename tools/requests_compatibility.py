"""Write docs/requests-compatibility.md from the differences that tests/differential lists.

With --check it only reports whether the page is up to date.
"""

import sys
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from fastly_compute.requests.refused import REFUSED as NAMES

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests/differential/differences.toml"
REAL = ROOT / "tests/differential/real_differences.toml"
PAGE = ROOT / "docs/requests-compatibility.md"

HEAD = """\
# requests, and what is different here

<!-- Written by `hatch run docs:compatibility` from tests/differential/differences.toml. -->

`from fastly_compute import requests` is the API of [requests](https://requests.readthedocs.io)
2.34 on Fastly backends. tests/differential/cases.py runs the same code with both, against the same
origins: the requests that the origins see, the results and the exceptions are the same, except
for the differences on this page. A test fails for a difference that is not listed, and for a listed
one that does not exist.

## Responses are cached

A `GET` goes through the platform's readthrough cache. A response that says nothing about caching is
kept for two minutes, and a second `GET` of the same URL is answered from the cache, whichever
visitor, session or function sends it. Bypassing the cache are: other methods, and a request with an
`Authorization` or `Cookie` header, so with `auth=`, `cookies=` or a session that has them, unless
`cache=CacheOptions(...)` is given. (A response that would allow it, with `public`, `s-maxage` or
`must-revalidate`, does not change that: the decision is made before there is one.) For the data
of one visitor that is identified in another way, for example by a custom header, pass
`cache=CacheOptions(pass_through=True)`.

## Different

"""

REFUSED = """
## Refused

"""

NAMED = """
## Names that are not there

Asking for one of these raises an `AttributeError`, or an `ImportError`, with the reason. All other
public names of `requests` 2.34 are there, also those that its modules import from one another.

"""

ON_BACKENDS = """
## The real `requests` on backends

`requests` itself runs here too, [on urllib3](guides/libraries.md). The same cases compare it with
itself on sockets, on the native host; a sample of them runs on the other hosts. What differs:

"""

UPSTREAM = """
## Differences from upstream's `fastly_compute.requests`

Its names and arguments, with their order and defaults, work unchanged. If it differs from
`requests`, this package follows `requests`:

"""


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Format a table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def names_by_reason() -> list[tuple[str, ...]]:
    """List the names that are refused, those with one reason together."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, reason in NAMES.items():
        found[reason].append(f"`{name}`")
    return [(", ".join(names), reason) for reason, names in found.items()]


def page() -> str:
    """Generate the page."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    different = [(entry["what"], entry["reason"]) for entry in data["difference"]]
    different += [(entry["what"], entry["reason"]) for entry in data["apart"]]
    refused = [(entry["what"], entry["how"], entry["instead"]) for entry in data["refused"]]
    upstream = [(entry["what"], entry["before"]) for entry in data["upstream"]]
    real = tomllib.loads(REAL.read_text(encoding="utf-8"))["difference"]
    return (
        HEAD
        + table(("here", "because"), different)
        + REFUSED
        + table(("what", "how", "instead"), refused)
        + NAMED
        + table(("name", "because"), names_by_reason())
        + ON_BACKENDS
        + table(("here", "because"), [(entry["what"], entry["reason"]) for entry in real])
        + UPSTREAM
        + table(("here", "upstream"), upstream)
    )


def main() -> int:
    """Write or check the page."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.name} is out of date: run `hatch run docs:compatibility`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
