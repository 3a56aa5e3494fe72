"""The app's own modules in this process, as the native runtime imports them."""

import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from fastly_compute.cli.project.app_files import folders_between, is_environment

_SDK = "fastly_compute"


def forget_modules(roots: Iterable[Path]) -> None:
    """Forget the app's modules, so that the next import reads them again.

    Kept are the modules of an environment that lies in the app's folder, as ``.venv`` does, those
    of the interpreter, and the SDK's: the running host is made of them.

    Args:
        roots: The app's own import roots.
    """
    folders = [folder for root in roots for folder in {root, root.resolve()}]
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and name.partition(".")[0] != _SDK and _is_own(Path(path), folders):
            del sys.modules[name]


def _is_own(file: Path, roots: Iterable[Path]) -> bool:
    return not file.is_relative_to(sysconfig.get_path("stdlib")) and any(
        file.is_relative_to(root) and not any(map(is_environment, folders_between(file, root)))
        for root in roots
    )
