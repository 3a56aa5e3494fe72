"""The module that componentize-py imports for an app."""

from typing import Any

from fastly_compute_entry import import_app

_app = import_app()


def HttpIncoming() -> Any:  # noqa: N802 - componentize-py looks for it under this name
    """Give componentize-py what answers the requests."""
    return _app
