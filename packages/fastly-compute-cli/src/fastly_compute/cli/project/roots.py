"""The import roots: the folders in which the guest finds an app's modules."""

import site
from collections.abc import Iterable
from pathlib import Path

from fastly_compute.cli.project.settings import Project


def app_roots(project: Project) -> list[Path]:
    """List the roots that are the app's own: its folder, and ``src`` if there is one."""
    return [path for path in (project.folder, project.folder / "src") if path.is_dir()]


def import_roots(project: Project, environment: Iterable[Path] | None = None) -> list[Path]:
    """List the folders to import from, in the order of the search.

    componentize-py does not read ``.pth`` files, so the folders that they name, which is how
    editable installs work, are listed here.

    Args:
        project: The app.
        environment: The environment's site-packages folders; by default those of the interpreter
            that runs the command.

    Returns:
        The app's own roots, the given ones, then the environment's, each once.
    """
    found = [*app_roots(project), *project.python_path]
    for folder in site_packages() if environment is None else environment:
        found += [folder, *_pth_lines(folder)]
    return list(dict.fromkeys(path.resolve() for path in found if path.is_dir()))


def site_packages() -> list[Path]:
    """List the site-packages folders of the interpreter that runs the command."""
    folders = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders.insert(0, site.getusersitepackages())
    return [Path(folder) for folder in folders]


def find_module(name: str, roots: Iterable[Path]) -> Path | None:
    """Find the source of a module, as the guest would.

    Args:
        name: The module's dotted name.
        roots: The import roots, in order.
    """
    parts = name.split(".")
    for root in roots:
        path = root.joinpath(*parts)
        for source in (path / "__init__.py", path.with_name(path.name + ".py")):
            if source.is_file():
                return source
    return None


def pth_roots(pth: Path) -> list[Path]:
    """List the folders that a ``.pth`` file names, whether they are there or not."""
    return [
        pth.parent / line.strip()
        for line in pth.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.strip() and not line.startswith(("#", "import ", "import\t"))
    ]


def _pth_lines(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [root for pth in sorted(folder.glob("*.pth")) for root in pth_roots(pth)]
