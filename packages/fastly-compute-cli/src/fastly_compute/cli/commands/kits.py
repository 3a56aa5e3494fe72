"""The starter kits that ``new`` copies: examples of this project, which have tests of their own.

The build of the distribution reads this file as well, to ship the files of the kits.
"""

from dataclasses import dataclass
from pathlib import Path

_FILES = ("README.md", "fastly.toml", "main.py", "pyproject.toml", "test_main.py")
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A starter kit.

    Attributes:
        example: The name of its folder in examples/.
        summary: What it is, in a few words.
        more: Its files besides those that every kit has.
    """

    example: str
    summary: str
    more: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Its files, relative to its folder."""
        return _FILES + self.more


KITS = {
    "handler": Kit(example="hello", summary="a function of a request (the default)"),
    "flask": Kit(
        example="flask-app",
        summary="a Flask app: pages, forms, uploads, downloads",
        more=(
            "static/style.css",
            "templates/base.html",
            "templates/error.html",
            "templates/index.html",
        ),
    ),
    "starlette": Kit(
        example="starlette-app",
        summary="a Starlette app: async backends, streams",
    ),
    "requests-proxy": Kit(example="edge-proxy", summary="a proxy with the API of requests"),
    "fanout": Kit(
        example="fanout-starter-kit",
        summary="streams, events and WebSockets that stay open",
        more=("run.py",),
    ),
    "cache": Kit(example="cache-starter-kit", summary="the three caches, and purging"),
    "kv-api": Kit(example="url-shortener", summary="a URL shortener: KV store, rate limit, log"),
}
"""The kits by the names that ``--template`` takes."""


def folder_of(kit: Kit) -> Path:
    """Return the folder with a kit's files."""
    shipped = _HERE / "templates"
    # An editable install, which has no copies, finds the examples in its repository.
    return (shipped if shipped.is_dir() else _HERE.parents[5] / "examples") / kit.example
