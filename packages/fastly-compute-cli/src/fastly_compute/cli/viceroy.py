"""Finding Viceroy, Fastly's own local host."""

import os
import shutil

INSTALL = "cargo install viceroy --version 0.22.0 --locked"


def find_viceroy() -> str | None:
    """Return the path of ``$VICEROY``, or of ``viceroy`` on PATH, or None."""
    return shutil.which(os.environ.get("VICEROY") or "viceroy")
