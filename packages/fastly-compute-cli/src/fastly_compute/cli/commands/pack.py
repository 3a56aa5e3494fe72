"""The package: what is uploaded to Fastly."""

import gzip
import io
import tarfile
from pathlib import Path

from fastly_compute.cli.component.edit_mark import is_marked
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.cache import write_whole
from fastly_compute.cli.project.settings import Project, service_name

_COMPONENT = b"\0asm\x0d\0\1\0"


def pack(project: Project) -> Path:
    """Write ``pkg/NAME.tar.gz`` with the component and fastly.toml.

    Args:
        project: The app; its component must have been built.

    Returns:
        The path of the package.

    Raises:
        CliError: The component or fastly.toml is missing, the component was built for an edit, or
            fastly.toml has no name.
    """
    name = service_name(project.folder)
    if not project.output.is_file():
        raise CliError(f"{project.output} does not exist; run fastly-compute build first")
    component = project.output.read_bytes()
    if not component.startswith(_COMPONENT):
        raise CliError(
            f"{project.output} is not a WebAssembly component; run fastly-compute build first"
        )
    if is_marked(component):
        raise CliError(
            f"{project.output} was built by serve --watch for an edit, without the passes that "
            "make new sandboxes start faster; run fastly-compute build first"
        )
    manifest = (project.folder / "fastly.toml").read_bytes()
    package = project.folder / "pkg" / f"{name}.tar.gz"
    data = package_bytes(component, manifest, name)
    try:
        package.parent.mkdir(exist_ok=True)
        write_whole(package, data)
    except OSError as error:
        raise CliError(f"cannot write {package}: {error.strerror}") from error
    return package


def package_bytes(component: bytes, manifest: bytes = b"", name: str = "app") -> bytes:
    """Make a package; equal inputs give equal bytes.

    Args:
        component: The content of ``NAME/bin/main.wasm``.
        manifest: The content of ``NAME/fastly.toml``.
        name: The folder in the package.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, data in (("bin/main.wasm", component), ("fastly.toml", manifest)):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(archive.getvalue(), compresslevel=6, mtime=0)
