"""The WIT's types in Python: the generated modules, under the names that guest code imports.

They are loaded from this package's own folder: a distribution that put `wit_world` on everyone's
import path would collide with the next one that does. Once loaded, they stay: without a running
sandbox they do nothing.
"""

import importlib.util
import sys
from pathlib import Path

_BINDINGS = Path(__file__).parent / "bindings"


def _load(name: str, path: Path, folder: Path | None) -> None:
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=None if folder is None else [str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load the generated module {name} from {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def load() -> None:
    """Make `wit_world` and `componentize_py_types` importable in this process."""
    if "componentize_py_types" not in sys.modules:
        _load("componentize_py_types", _BINDINGS / "componentize_py_types.py", None)
    if "wit_world" not in sys.modules:
        folder = _BINDINGS / "wit_world"
        _load("wit_world", folder / "__init__.py", folder)


load()
